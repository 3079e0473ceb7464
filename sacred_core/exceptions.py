"""The exceptions of sacred-core."""

import sys
from collections.abc import Sequence
from typing import Any


class SacredError(Exception):
    """Base class of errors whose message says what happened, the value, and what to do.

    On the command line of a script they are printed without a traceback.

    Cause: It is the base class; the errors below are raised. A plugin may raise it for a problem of
    its own.

    Fix: Read the message. ``except SacredError`` catches every error of sacred-core and its plugins
    that a user can correct.

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
    """An entry of ``SETTINGS`` does not exist, or does not accept a value.

    Cause: The name is misspelt, or the value has the wrong type or is not one of the possible
    values, in a script or in an environment variable ``SACRED_…``.

    Fix: Use a name and a value that `docs/settings.md` lists.
    """

    def __str__(self) -> str:
        return str(self.args[0])


class ObserverSignatureError(SacredError, TypeError):
    """An observer's method requires an argument that its event does not have.

    Cause: The method of an observer has a parameter without a default that sacred-core does not
    pass, often because its name is misspelt.

    Fix: Rename the parameter to one of those that the message lists, or give it a default.
    """


class NoRunError(SacredError, RuntimeError):
    """An operation that needs a run in progress was called without one.

    Cause: `log_scalar` or a similar method of the experiment was called before the run, after it,
    or in a thread or process that does not belong to it.

    Fix: Call it in the main function or in a function that it calls. In another process, call
    `sacred_core.attach` first.
    """


class AmbiguousRunError(NoRunError):
    """Several runs are active in this process and it is unknown to which one a thread belongs.

    Cause: A thread that user code started calls a method of the experiment while several runs of it
    are in progress.

    Fix: Start the thread with a copy of the context, as the message shows, or pass ``_run`` to the
    thread and use its methods.
    """


class ForkedRunError(SacredError, RuntimeError):
    """A forked child process tried to record something in the run of its parent.

    Cause: A worker of a process pool, for example, calls `_run.log_scalar`. Runs record in the
    process that started them.

    Fix: Return the values to the process that started the run and log them there, or call
    `sacred_core.attach` in the child process.
    """


class MetricValueError(SacredError, TypeError):
    """The name, the value or the step of a metric is invalid.

    Cause: It has the wrong type, such as a tensor with several elements or ``None``, or the arrays
    of a call differ in length.

    Fix: Pass a number (``loss.item()``, ``float(loss)``) and a string as name; pass as many steps
    as values.
    """


class AnnotationError(SacredError, ValueError):
    """A tag or a note is invalid.

    Cause: It is not a string, is empty, or contains control characters.

    Fix: Pass a string with at least one printable character; pass each tag as a separate argument.
    """


class ArtifactNameTakenError(SacredError, ValueError):
    """Another file was already added under this name.

    Cause: Two different files with the same base name were added, such as ``a/model.pt`` and
    ``b/model.pt``.

    Fix: Choose a name: ``add_artifact(filename, name=...)``.
    """


class ArtifactNotFoundError(SacredError, _ReadableKeyError):
    """The run has no artifact with this name.

    Cause: A resumed run opens an artifact that its earlier segments have not added, or the name is
    misspelt.

    Fix: Use one of the names that the message lists; check that the artifact exists before it is
    opened.
    """


class RunStartedTwiceError(SacredError, RuntimeError):
    """A run object was called a second time.

    Cause: The object that represents a run was called again, for example in a loop.

    Fix: Call ``ex.run()`` for each run: it creates a new one.
    """


class RunningLoopError(SacredError, RuntimeError):
    """A coroutine cannot be run because an event loop is running in its thread.

    Cause: ``ex.run()`` was called in a notebook or a coroutine, and the command returned a
    coroutine.

    Fix: Declare the command with ``async def``, and write ``await ex.run(...)``.
    """


class SacredInterrupt(Exception):
    """Base class of exceptions that stop a run without failure; ``STATUS`` is its status.

    Cause: A script raises a subclass of it to end a run early.

    Fix: Nothing is wrong: the run is recorded with the status of the class. Catch it in the script
    if the run must go on.

    Example:
        ```python
        class OutOfBudget(SacredInterrupt):
            STATUS = "OUT_OF_BUDGET"
        ```
    """

    STATUS = "INTERRUPTED"


class TimeoutInterrupt(SacredInterrupt):
    """The run exceeded its time limit.

    Cause: The script raised it because its time limit was reached.

    Fix: Increase the limit of the script, or resume the run with ``--resume``.
    """

    STATUS = "TIMEOUT"


class Terminated(SystemExit):
    """A signal such as SIGTERM ends the process; the run is recorded as INTERRUPTED.

    Cause: ``kill``, a batch system or the machine's shutdown ended the process.

    Fix: Resume the run with ``--resume``; on a cluster, request more time.

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
    """A configuration or an update is invalid.

    Cause: Parts of the configuration contradict each other: two ingredients have one path, or a
    config hook returns something else than a dictionary. The classes below have causes of their
    own.

    Fix: Read the message: it names the entry, the function or the ingredient.
    """


class ConfigScopeError(ConfigError, SyntaxError):
    """A config scope is invalid; the message contains file and line.

    Cause: A function below ``@ex.config`` has a ``return``, is a lambda, a method or a generator,
    takes a value that is not defined before, or its source is not available.

    Fix: Use a plain function whose local variables are the entries; take only entries of earlier
    scopes as parameters.
    """

    def __str__(self) -> str:
        return str(self.args[0])


class ConfigArgumentError(ConfigError, ValueError):
    """A call that adds configuration entries has no entries, or has them in two forms.

    Cause: ``add_config`` or ``add_named_config`` was called without entries, or with a dictionary
    or file and keyword arguments.

    Fix: Pass one of a dictionary, a file name and keyword arguments.
    """


class HookSignatureError(ConfigError, ValueError):
    """A config hook has other parameters than ``(config, command_name, logger)``.

    Cause: A function below ``@ex.config_hook`` lacks a parameter, or names one differently.

    Fix: Declare it as ``def hook(config, command_name, logger)``.
    """


class SourceChangedError(ConfigScopeError):
    """The file of a config scope was edited after it was loaded.

    Cause: The script was saved after Python had imported it, so the comments of the file do not
    belong to the code that is executed. It is logged as a warning.

    Fix: Start the script again if the new version should run.
    """


class ConfigValueError(ConfigError, TypeError):
    """A configuration contains a value that cannot be recorded.

    Cause: A value is an object without a readable form, a built-in function, contains itself, or is
    not a dictionary of entries; or ``seed`` is not an integer.

    Fix: Use plain data, a path, a class, a function or a dataclass; create other objects in the
    main function from their parameters.
    """


class ReadOnlyConfigError(SacredError, TypeError):
    """A captured function tried to change the configuration.

    Cause: Code in a run assigns to an entry of ``_config`` or changes a list or dictionary of it.

    Fix: Change a copy, ``copy.deepcopy(value)``, or set ``SETTINGS.CONFIG.READ_ONLY_CONFIG =
    False``.
    """


class MissingConfigError(ConfigError, TypeError):
    """A value is missing: of a parameter, or of a required entry.

    Cause: A captured function has a parameter without a default that is neither passed nor
    configured, or an entry is ``REQUIRED`` and the run does not set it.

    Fix: Define the entry in the configuration, set it on the command line (``with NAME=VALUE``), or
    pass the argument.
    """


class FunctionKindError(SacredError, TypeError):
    """A generator or coroutine function was declared in a role that does not allow it.

    Cause: A generator function, or a coroutine function, is decorated as main function, command,
    hook or captured function where calling it would not execute its body.

    Fix: Use a plain function; a command may be ``async def``.
    """


class CommandNotFoundError(SacredError, _ReadableKeyError):
    """The experiment has no command with this name.

    Cause: The name of the command is misspelt, or the module that defines it is not imported.

    Fix: Use one of the commands that the message lists, or define it with ``@ex.command``.
    """


class NoCommandError(CommandNotFoundError, RuntimeError):
    """No command was named, and the experiment has no main function.

    Cause: The script has commands only, or its main function lacks the decorator.

    Fix: Decorate a function with ``@ex.main`` or ``@ex.automain``, or name a command:
    ``ex.run('command')``.
    """


class InteractiveError(SacredError, RuntimeError):
    """An experiment in an interactive session lacks ``interactive=True`` or a name.

    Cause: `Experiment` was created in a notebook or in ``python -i``, where the result may depend
    on the order in which cells are executed; or ``@ex.automain`` is used there.

    Fix: Write ``Experiment('a name', interactive=True)`` and ``@ex.main``, and start runs with
    ``ex.run()``.
    """


class PluginError(SacredError):
    """A plugin has a problem and ``SETTINGS.PLUGINS.STRICT`` is set, or a hook does not exist.

    Cause: ``SETTINGS.PLUGINS.STRICT`` is set and a plugin cannot be loaded or offers something
    invalid, or code asks for the records of an unknown hook.

    Fix: Run ``sacred plugins`` for all problems, and ``sacred plugins --check NAME`` for the rules
    of one plugin. Without ``STRICT`` the plugin is skipped.
    """


class PluginLoadError(PluginError, ImportError):
    """An object of a plugin cannot be imported, for example because a driver is missing.

    Cause: The package of a plugin is installed, but a package that it imports is missing, or the
    import fails.

    Fix: Install what the message names; ``SACRED_PLUGINS__DISABLE=NAME`` disables the plugin.
    """


class PluginClashError(SacredError):
    """Two plugins offer the same name or flag.

    Cause: Two installed plugins have a flag, an observer, a command, a scheme or a suffix of files
    with the same name, and it was used.

    Fix: Uninstall one of the plugins, or set ``SACRED_PLUGINS__DISABLE=NAME``.
    """


class UsageError(SacredError, ValueError):
    """A command line is invalid.

    Cause: Words or options are missing, unknown or contradict each other.

    Fix: Read the message; ``--help`` lists the options of a command.
    """


class OutputError(SacredError, OSError):
    """The output of a command cannot be written to stdout.

    Cause: The disk is full, or the file or pipe to which the output is redirected is closed.

    Fix: Free disk space, or redirect the output to another file.
    """


class OptionError(UsageError):
    """An option is unknown, or its argument is invalid.

    Cause: The name of the option is misspelt, its argument has the wrong form, or it cannot be
    combined with another option.

    Fix: Use what the message suggests; ``--help`` lists the options and their arguments.
    """


class UnknownOptionError(OptionError):
    """A command line has a flag that no option has.

    Cause: The flag is misspelt, or the plugin that has it is not installed.

    Fix: Use the flag that the message suggests, or install the plugin that it names.

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
    """An option hook has no parameter named ``options``.

    Cause: A function below ``@ex.option_hook`` has another parameter.

    Fix: Declare it as ``def hook(options)``.
    """


class UpdateError(UsageError):
    """An update after ``with`` cannot be parsed.

    Cause: A word after ``with`` has spaces around ``=``, is not a Python literal, or has no name.

    Fix: Write ``NAME=VALUE``, in quotes for the shell if it contains spaces, brackets or quotes:
    ``'name="a b"'``.
    """


class ObserverStartError(SacredError, RuntimeError):
    """An observer could not record the start of a run; its own error is the cause.

    Cause: A store cannot be reached, is not writable, or refuses the run. No run is started without
    its record.

    Fix: Correct what the message says of the store; ``--spool`` records on this machine and
    delivers later; ``-u`` records nothing.
    """


class ObserverTimeoutError(SacredError, TimeoutError):
    """An observer did not answer in time.

    Cause: The server of a store is slow or hangs.

    Fix: Check the server. An observer may wait longer: set ``start_timeout`` of its `RetryPolicy`.
    """


class RunIdError(SacredError, ValueError):
    """The requested id of a run already exists, or is invalid.

    Cause: ``--id`` names a run that exists, or an id that the store does not allow; or another
    process has started the queued run.

    Fix: Choose another id, or omit ``--id``; to continue a run, use ``--resume ID``.
    """


class StoreError(SacredError):
    """A store cannot be opened, or does not contain the run.

    Cause: The location is misspelt, does not exist, belongs to another program, denies access, or
    the id of the run or the name of its file is wrong.

    Fix: Check the location and the id with ``sacred runs list LOCATION``. Subclasses have more
    precise causes.
    """


class RunNotFoundError(StoreError):
    """A store has no run with this id.

    Cause: The id is misspelt, the run was deleted, or it is in another store.

    Fix: List the runs with ``sacred runs list LOCATION``; their ids are in the first column.
    """


class RunRemovedError(StoreError):
    """The run was deleted from the store, or replaced, while its process was still writing.

    Cause: ``sacred runs delete`` or another program removed a run that was in progress.

    Fix: Nothing more can be recorded in it: start the run again. Stop a run before you delete it.
    """


class RunLostError(RunRemovedError):
    """Another process has resumed the run: this one can record nothing more in it, and stops.

    Cause: ``--resume`` was used for a run whose process was suspended or unreachable for so long
    that it was taken for dead.

    Fix: Nothing needs to be done: the new process records the run.
    """

    print_traceback = False


class ResumeError(UsageError):
    """A run cannot be resumed, for example because it is running or its configuration differs.

    Cause: The run has completed, is still running, is damaged, belongs to another experiment, or
    was recorded with another configuration.

    Fix: Repeat the updates of the run, or use ``--fork`` to start a new run from its files.
    """


class RankError(UsageError):
    """The environment variables about the ranks of a parallel job are wrong.

    Cause: Only one of the variables for the rank and the number of processes is set, or a value is
    not possible, such as a rank that is not below the number of processes.

    Fix: Set both variables that the message names, or unset both. ``SACRED_WORLD_SIZE=1`` records a
    run of its own.
    """


class ChangeTokenError(StoreError):
    """A token of changes is damaged, or belongs to another store.

    Cause: A program uses the token of another store, or stored the token incompletely.

    Fix: List all runs, and use the token of this listing.
    """


class DamagedRecordError(StoreError):
    """The record of one run cannot be read; other runs are not affected.

    Cause: A file or row was edited, truncated by a full disk or a crash, or written by another
    program.

    Fix: Restore it from a backup; ``sacred runs delete`` removes the run. Other runs can be read.
    """


class OutsideStoreError(DamagedRecordError):
    """A name or a link in a record refers to a file outside of the store.

    Cause: The folder of runs was moved without the folder of its resources, a link was placed in
    it, or the record was changed to read other files.

    Fix: Move the folders together. Do not open the file of a record that you do not trust.
    """


class NotARunError(StoreError):
    """An entry of a store is data of another program.

    Cause: The store is a folder or database that another program uses as well.

    Fix: Nothing needs to be done: the entry is skipped when runs are listed. Use a separate folder
    or database for runs.
    """


class UnavailableError(StoreError):
    """A backend cannot be reached, or is locked: the same attempt may succeed later.

    If an observer raises it for an event, this event and all later ones are retried.

    Cause: The server is stopped, the network is interrupted, or another process locks the database.

    Fix: Wait, or check the server and the address. During a run nothing is lost: the events are
    retried, and stored on this machine at the end.
    """


class QueryError(StoreError):
    """A query of runs is invalid; the message shows where, ``position`` counts from 0.

    Cause: A word of ``--where`` is misspelt, a string lacks quotes, or a bracket is missing.

    Fix: Correct the place below which the message has a mark; `docs/queries.md` describes the
    language.
    """

    position: int | None = None


class SignificanceError(SacredError, ValueError):
    """Two groups of values cannot be tested, for example because one has fewer than two values.

    Cause: A group has fewer than two runs with the value, the values are missing or are not
    numbers, or the number of resamples or the level is not possible.

    Fix: Choose groups with two or more finished runs, and a value that each of them has, such as
    ``metrics.loss.last``.
    """


class ConfigFileError(ConfigError):
    """A configuration file cannot be read, or written.

    Cause: The file is not valid in its format, has a duplicate key, contains something else than a
    dictionary, or its format is unknown.

    Fix: Correct the line that the message names, or install the plugin of the format.
    """


class ConfigFileAccessError(ConfigFileError, OSError):
    """The system refuses access to a configuration file; ``errno`` and ``filename`` are set.

    Cause: The file is a folder, or the user has no permission.

    Fix: Check the path and the permissions.

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
    """The configuration file does not exist.

    Cause: The path is misspelt, or is relative to another folder: relative paths start at the
    working directory.

    Fix: Correct the path, or build it from ``__file__``.
    """


class PackageVersionError(SacredError, ValueError):
    """The version of a package does not have the form that PEP 440 defines.

    Cause: ``add_package_dependency`` was called with a range, such as ``'>=1.0'``, or with a word.

    Fix: Pass one version, such as ``'1.2.3'``.
    """


class SkipHostInfo(Exception):
    """A gatherer of host information has no value on this machine.

    Cause: A gatherer raises it, for example because the machine has no GPU.

    Fix: Nothing needs to be done: the value is omitted without a warning. Raise it in a gatherer of
    your own in such a case.
    """


class InvalidConfigError(ConfigError):
    """Raised by scripts: entries of the configuration contradict each other.

    Cause: The script checks its configuration and raised this error.

    Fix: Change one of the entries that the message names.

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
    """A recorded run cannot be started again.

    Cause: The run is still in progress, was recorded in a notebook, or its sources, its commit or
    its packages cannot be restored.

    Fix: Do what the message names; ``--repo`` and ``--set`` supply what the record does not have.
    """


class SpoolError(SacredError):
    """Runs cannot be recorded in a spool, or not be delivered from it.

    Cause: The folder of the spool is on a file system without locks, belongs to another user or is
    not writable, or an observer has no store to which runs can be delivered.

    Fix: Choose another folder with ``--spool FOLDER`` or ``SACRED_SPOOL_DIR``; `docs/spool.md`
    describes the delivery.
    """


class CircularDependencyError(ConfigError):
    """Ingredients have a circular dependency.

    Cause: An ingredient uses another one that uses the first, directly or through others.

    Fix: Remove one of the ingredients that the message lists from ``ingredients=[...]``.
    """


class ConfigPathError(ConfigError, TypeError):
    """The path of an update does not match the structure of the configuration.

    Cause: An update sets ``a.b`` where ``a`` is a number or a string, or replaces an ingredient by
    a value.

    Fix: Set the entry itself (``a=...``), or the entries of the ingredient.
    """


class ConfigKeyError(ConfigError, _ReadableKeyError):
    """A key of the configuration is not allowed, or unknown.

    Cause: A key has a character that a store or jsonpickle cannot store, or contains ``=``, or two
    keys are the same string in the record, such as ``1`` and ``"1"``.

    Fix: Rename the key. The settings ``ENFORCE_…`` in `docs/settings.md` switch checks off.
    """


class ConfigAddedError(ConfigKeyError):
    """An update adds an entry that nothing uses.

    Cause: The name after ``with`` or in ``config_updates`` is misspelt, or no function takes the
    entry.

    Fix: Use the entry that the message suggests, define it in the configuration, or add it with
    ``--force``.

    Attributes:
        path: The dotted path of the entry.
    """

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(message)
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.args[0], self.path)


class NamedConfigNotFoundError(ConfigKeyError):
    """No named configuration and no file has the name.

    Cause: The word after ``with`` has no ``=`` and is misspelt, or the file does not exist.

    Fix: Use a name that ``print_named_configs`` lists, or the path of a file.
    """


class DecoratorError(SacredError, TypeError):
    """A method of the experiment was used as a decorator and is none.

    Cause: ``@ex.run``, for example, was written above a function, or ``@ex.capture('prefix')``
    without the name of its argument.

    Fix: Use a decorator such as ``@ex.main``, and write arguments with their names:
    ``@ex.capture(prefix='data')``.
    """
