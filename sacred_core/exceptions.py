"""The exceptions of sacred-core."""

import sys
from collections.abc import Sequence
from typing import Any


class SacredError(Exception):
    """Base class of errors whose message says what happened, the value, and what to do.

    On the command line of a script they are printed without a traceback.

    Attributes:
        print_traceback: Show the stack if it is raised in a function of the user.
    """

    print_traceback: bool = True

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows: the frames of the user and the sentence.

        https://github.com/ipython/ipython/blob/main/IPython/core/interactiveshell.py
        """
        from sacred_core.frames import users_traceback

        trace = users_traceback(self.__traceback__)
        shell = sys.modules["IPython"].get_ipython()
        rendered: list[str] = shell.InteractiveTB.structured_traceback(type(self), self, trace)
        return rendered


class _ReadableKeyError(KeyError):
    """A `KeyError` whose text is its message, without quotes."""

    def __str__(self) -> str:
        return str(self.args[0])


class SettingError(SacredError, KeyError, AttributeError):
    """An entry of ``SETTINGS`` does not exist, or does not accept a value."""

    def __str__(self) -> str:
        return str(self.args[0])


class ObserverSignatureError(SacredError, TypeError):
    """An observer's method requires an argument that its event does not have."""


class NoRunError(SacredError, RuntimeError):
    """An operation that needs a running experiment was called outside of a run."""


class AmbiguousRunError(NoRunError):
    """Several runs are active in this process and it is unknown to which one a thread belongs."""


class ForkedRunError(SacredError, RuntimeError):
    """A forked child process tried to record something in the run of its parent."""


class MetricValueError(SacredError, TypeError):
    """The name, value or step of a metric has the wrong type, or arrays differ in length."""


class AnnotationError(SacredError, ValueError):
    """A tag or a note is not a string, is empty, or contains control characters."""


class ArtifactNameTakenError(SacredError, ValueError):
    """Another file was already added under this name."""


class ArtifactNotFoundError(SacredError, _ReadableKeyError):
    """The run has no artifact with this name."""


class RunStartedTwiceError(SacredError, RuntimeError):
    """A run object was called a second time."""


class RunningLoopError(SacredError, RuntimeError):
    """A coroutine cannot be run because an event loop is running in its thread."""


class SacredInterrupt(Exception):
    """Base class of exceptions that stop a run without failure; ``STATUS`` is its status.

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
    """A signal such as SIGTERM ends the process; the run is recorded as INTERRUPTED.

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
    """A configuration or an update is invalid."""


class ConfigScopeError(ConfigError, SyntaxError):
    """A config scope is invalid; the message contains file and line."""

    def __str__(self) -> str:
        return str(self.args[0])


class ConfigArgumentError(ConfigError, ValueError):
    """A call that adds configuration entries has no entries, or has them in two forms."""


class HookSignatureError(ConfigError, ValueError):
    """A config hook has other parameters than ``(config, command_name, logger)``."""


class SourceChangedError(ConfigScopeError):
    """The file of a config scope was edited after it was loaded."""


class ConfigValueError(ConfigError, TypeError):
    """A configuration contains a value that cannot be recorded."""


class ReadOnlyConfigError(SacredError, TypeError):
    """A captured function tried to change the configuration."""


class MissingConfigError(ConfigError, TypeError):
    """A function has a parameter that was neither passed nor configured."""


class FunctionKindError(SacredError, TypeError):
    """A generator or coroutine function was declared in a role that does not allow it."""


class CommandNotFoundError(SacredError, _ReadableKeyError):
    """The experiment has no command with this name."""


class NoCommandError(CommandNotFoundError, RuntimeError):
    """No command was named, and the experiment has no main function."""


class InteractiveError(SacredError, RuntimeError):
    """An experiment in an interactive session lacks ``interactive=True`` or a name."""


class PluginError(SacredError):
    """A plugin has a problem and ``SETTINGS.PLUGINS.STRICT`` is set, or a hook does not exist."""


class PluginLoadError(PluginError, ImportError):
    """An object of a plugin cannot be imported, for example because a driver is missing."""


class PluginClashError(SacredError):
    """Two plugins offer the same name or flag."""


class UsageError(SacredError, ValueError):
    """A command line is invalid."""


class OutputError(SacredError, OSError):
    """The output of a command cannot be written to stdout."""


class OptionError(UsageError):
    """An option is unknown, or its argument is invalid."""


class UnknownOptionError(OptionError):
    """A command line has a flag that no option has.

    Args:
        message: The message for the user.
        flag: The flag as it was typed.
    """

    def __init__(self, message: str, flag: str) -> None:
        super().__init__(message)
        self.flag = flag

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.args[0], self.flag)


class OptionHookError(OptionError, _ReadableKeyError):
    """An option hook has no parameter named ``options``."""


class UpdateError(UsageError):
    """An update after ``with`` cannot be parsed."""


class ObserverStartError(SacredError, RuntimeError):
    """An observer could not record the start of a run; its own error is the cause."""


class ObserverTimeoutError(SacredError, TimeoutError):
    """An observer did not answer in time."""


class RunIdError(SacredError, ValueError):
    """The requested id of a run already exists, or is invalid."""


class StoreError(SacredError):
    """A store cannot be opened, or does not contain the run."""


class RunRemovedError(StoreError):
    """The run was deleted from the store, or replaced, while its process was still writing."""


class RunLostError(RunRemovedError):
    """Another process has resumed the run: this one can record nothing more in it, and stops."""

    print_traceback = False


class ResumeError(UsageError):
    """A run cannot be resumed, for example because it is running or its configuration differs."""


class RankError(UsageError):
    """The environment variables about the ranks of a parallel job are wrong."""


class ChangeTokenError(StoreError):
    """A token of changes is damaged, or belongs to another store."""


class DamagedRecordError(StoreError):
    """The record of one run cannot be read; other runs are not affected."""


class OutsideStoreError(DamagedRecordError):
    """A name or a link in a record refers to a file outside of the store."""


class NotARunError(StoreError):
    """An entry of a store is data of another program."""


class UnavailableError(StoreError):
    """A backend cannot be reached, or is locked: the same attempt may succeed later.

    If an observer raises it for an event, this event and all later ones are retried.
    """


class QueryError(StoreError):
    """A query of runs is invalid; the message shows where, ``position`` counts from 0."""

    position: int | None = None


class SignificanceError(SacredError, ValueError):
    """Two groups of values cannot be tested, for example because one has fewer than two values."""


class ConfigFileError(ConfigError):
    """A configuration file cannot be read, or written."""


class ConfigFileAccessError(ConfigFileError, OSError):
    """The system refuses access to a configuration file; ``errno`` and ``filename`` are set.

    Args:
        message: The message for the user.
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
    """Raised by scripts: entries of the configuration contradict each other.

    Args:
        message: The reason.
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


class RerunError(SacredError, RuntimeError):
    """A recorded run cannot be started again."""


class SpoolError(SacredError):
    """Runs cannot be recorded in a spool, or not be delivered from it."""


class CircularDependencyError(ConfigError):
    """Ingredients have a circular dependency."""


class ConfigPathError(ConfigError, TypeError):
    """The path of an update does not match the structure of the configuration."""


class ConfigKeyError(ConfigError, _ReadableKeyError):
    """A key of the configuration is not allowed, or unknown."""


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
