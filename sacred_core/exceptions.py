"""Everything that sacred-core raises on purpose."""

import sys
from collections.abc import Sequence
from typing import Any

from sacred_core.frames import users_traceback


class SacredError(Exception):
    """A mistake that can be reported in a sentence: what happened, the value, what to do.

    On a script's command line it is printed without a traceback.

    Attributes:
        print_traceback: Show the stack if it is raised in a function of the user.
    """

    print_traceback: bool = True

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows: the frames of the user and the sentence.

        https://github.com/ipython/ipython/blob/main/IPython/core/interactiveshell.py
        """
        trace = users_traceback(self.__traceback__)
        shell = sys.modules["IPython"].get_ipython()
        rendered: list[str] = shell.InteractiveTB.structured_traceback(type(self), self, trace)
        return rendered


class SettingError(SacredError, KeyError, AttributeError):
    """An entry of ``SETTINGS`` that does not exist, or a value that it does not take."""

    def __str__(self) -> str:
        return str(self.args[0])


class ObserverSignatureError(SacredError, TypeError):
    """An observer's method requires an argument that its event does not have."""


class NoRunError(SacredError, RuntimeError):
    """An operation that needs a running experiment was called outside of a run."""


class AmbiguousRunError(NoRunError):
    """Several runs are active in this process and it is unknown to which one a thread belongs."""


class ForkedRunError(SacredError, RuntimeError):
    """A forked child tried to record something in its parent's run, where it would be lost."""


class MetricValueError(SacredError, TypeError):
    """What was logged as a metric is not a number."""


class AnnotationError(SacredError, ValueError):
    """A tag or a note is not a string that a run can have."""


class ArtifactNameTakenError(SacredError, ValueError):
    """Another file was already added under the name."""


class RunStartedTwiceError(SacredError, RuntimeError):
    """A run object was called a second time."""


class RunningLoopError(SacredError, RuntimeError):
    """A coroutine cannot be run to its end because the event loop of its thread is running."""


class SacredInterrupt(Exception):
    """Base of reasons to stop a run that are not failures; ``STATUS`` becomes the run's status.

    Example:
        ```python
        class OutOfBudget(SacredInterrupt):
            STATUS = "OUT_OF_BUDGET"
        ```
    """

    STATUS = "INTERRUPTED"


class TimeoutInterrupt(SacredInterrupt):
    """The run exceeded its time limit."""

    STATUS = "TIMEOUT"


class Terminated(SystemExit):
    """A signal asked the process to end, for example SIGTERM; the run is recorded as INTERRUPTED.

    Args:
        code: The exit code: 128 plus the number of the signal.
    """

    def __str__(self) -> str:
        import signal

        try:
            return signal.Signals(int(str(self.code)) - 128).name
        except ValueError:
            return str(self.code)


class ConfigError(SacredError):
    """Something is wrong with a configuration, or with an update of it."""


class ConfigScopeError(ConfigError, SyntaxError):
    """A config scope cannot be used as one; the message has file and line."""

    def __str__(self) -> str:
        return str(self.args[0])


class ConfigArgumentError(ConfigError, ValueError):
    """A function that adds configuration entries was given none, or in two ways."""


class HookSignatureError(ConfigError, ValueError):
    """A config hook has other parameters than ``(config, command_name, logger)``."""


class SourceChangedError(ConfigScopeError):
    """The file of a config scope was edited after it was loaded."""


class ConfigValueError(ConfigError, TypeError):
    """A configuration contains something that is not plain data."""


class ReadOnlyConfigError(SacredError, TypeError):
    """A captured function tried to change the configuration."""


class MissingConfigError(ConfigError, TypeError):
    """A function needs a value that was neither passed nor configured."""


class FunctionKindError(SacredError, TypeError):
    """A generator or a coroutine function was declared as something that it cannot be."""


class CommandNotFoundError(SacredError, KeyError):
    """The experiment has no command of the name."""

    def __str__(self) -> str:
        return str(self.args[0])


class NoCommandError(CommandNotFoundError, RuntimeError):
    """No command was named, and the experiment has no main function."""


class InteractiveError(SacredError, RuntimeError):
    """An experiment is run where its source cannot be recorded, without saying so."""


class PluginError(SacredError):
    """Something is wrong with a plugin, and ``SETTINGS.PLUGINS.STRICT`` is set.

    Or a hook is called that does not exist.
    """


class PluginLoadError(PluginError, ImportError):
    """Something of a plugin is to be used and cannot be imported, as where a driver is missing."""


class PluginClashError(SacredError):
    """Two plugins offer the name or flag that is to be used."""


class UsageError(SacredError, ValueError):
    """A command line cannot be understood."""


class OutputError(SacredError, OSError):
    """The output of a command cannot be written to stdout."""


class OptionError(UsageError):
    """An option is unknown or its argument is not what it takes."""


class UnknownOptionError(OptionError):
    """A command line has a flag that no option has.

    Args:
        message: What the user is shown.
        flag: The flag as it was typed.
    """

    def __init__(self, message: str, flag: str) -> None:
        super().__init__(message)
        self.flag = flag

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.args[0], self.flag)


class OptionHookError(OptionError, KeyError):
    """An option hook has no parameter named ``options``."""

    def __str__(self) -> str:
        return str(self.args[0])


class UpdateError(UsageError):
    """What comes after ``with`` cannot be parsed."""


class ObserverStartError(SacredError, RuntimeError):
    """An observer could not record the start of a run; its own error is the cause."""


class ObserverTimeoutError(SacredError, TimeoutError):
    """An observer did not answer in time."""


class RunIdError(SacredError, ValueError):
    """The id that was requested is taken, or cannot be an id in that store."""


class StoreError(SacredError):
    """A store cannot be opened, or does not contain the run."""


class RunRemovedError(StoreError):
    """The run was deleted from the store, or replaced, while its process was still writing."""


class ChangeTokenError(StoreError):
    """A token of changes is damaged, or another store issued it."""


class DamagedRecordError(StoreError):
    """The record of one run cannot be read; others may be fine."""


class OutsideStoreError(DamagedRecordError):
    """A name or a link in a record leads out of the store."""


class NotARunError(StoreError):
    """Something where a store has its runs is data of another program."""


class UnavailableError(StoreError):
    """A backend cannot be reached, or is locked: the same attempt may succeed later.

    An observer raises it for an event; the event waits, with all later ones, and is retried.
    """


class QueryError(StoreError):
    """A query of runs cannot be understood; the message shows where."""


class ConfigFileError(ConfigError):
    """A configuration file cannot be read, or written."""


class ConfigFileAccessError(ConfigFileError, OSError):
    """The system refuses access to a configuration file; ``errno`` and ``filename`` are set.

    Args:
        message: What the user is shown.
        error: The system's error.
    """

    def __init__(self, message: str, error: OSError) -> None:
        super().__init__(message)
        self.errno, self.strerror, self.filename = error.errno, error.strerror, error.filename
        self._error = error

    def __str__(self) -> str:
        return str(self.args[0])

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.args[0], self._error)


class ConfigFileNotFoundError(ConfigFileAccessError, FileNotFoundError):
    """The configuration file does not exist."""


class PackageVersionError(SacredError, ValueError):
    """The version of a package does not have the form that PEP 440 defines."""


class SkipHostInfo(Exception):
    """A gatherer of host information has no value on this machine."""


class InvalidConfigError(ConfigError):
    """A script found that entries of the configuration do not go together.

    Args:
        message: What is wrong.
        conflicting_configs: Dotted paths of the entries; the message names them.
        print_conflicting_configs: Name them in the message.
        print_traceback: Show the stack on the command line.
        others: Further arguments that Sacred takes, without effect.

    Example:
        ```python
        if a != b["a"]:
            raise InvalidConfigError("must be equal", conflicting_configs=("a", "b.a"))
        ```
    """

    def __init__(
        self,
        message: str,
        conflicting_configs: Sequence[str] = (),
        print_conflicting_configs: bool = True,
        print_traceback: bool = True,
        **others: Any,
    ) -> None:
        del others
        paths = (
            [conflicting_configs] if isinstance(conflicting_configs, str) else conflicting_configs
        )
        is_listed = bool(paths) and print_conflicting_configs
        super().__init__(f"{message} (entries: {', '.join(paths)})" if is_listed else message)
        self.conflicting_configs = tuple(paths)
        self.print_traceback = print_traceback


class CircularDependencyError(ConfigError):
    """Ingredients use each other in a circle."""


class ConfigPathError(ConfigError, TypeError):
    """The path of an update does not fit what is there."""


class ConfigKeyError(ConfigError, KeyError):
    """A key of the configuration is not allowed, or not known."""

    def __str__(self) -> str:
        return str(self.args[0])


class ConfigAddedError(ConfigKeyError):
    """An update adds an entry that nothing uses.

    Attributes:
        path: The dotted path of the entry.
    """

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(message)
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.args[0], self.path)


class NamedConfigNotFoundError(ConfigKeyError):
    """No named configuration and no file has the name."""


class DecoratorError(SacredError, TypeError):
    """A method of the experiment was used as a decorator and is none."""
