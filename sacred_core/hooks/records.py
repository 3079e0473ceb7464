"""The records that hooks return: small frozen descriptions of objects of a plugin.

Targets are written ``"package.module:name"`` and imported at first use, so that offering
something costs nothing; a plugin of one file may give the callable itself.
"""

import functools
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import attrs

from sacred_core.exceptions import OptionError, PluginLoadError, SacredError, StoreError
from sacred_core.hooks.targets import (
    Target,
    call_target,
    ends_process,
    resolve_target,
    target_name,
)
from sacred_core.masking import mask_text, note_secret
from sacred_core.masking.formats import SecretPattern
from sacred_core.masking.urls import credentials
from sacred_core.serialization.unreadable import reason_of
from sacred_core.shared_methods import ValueMethods

#: Compiled where it is used: every script imports this module.
_ASPECT_NAME = r"[a-z][a-z0-9_-]*"
#: Characters of the summary of a command in the help of its group.
LONGEST_SUMMARY = 45


def _texts(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(values)


def flag_name(flags: Sequence[str]) -> str:
    """Return the first long flag, or else the first."""
    return next((flag for flag in flags if flag.startswith("--")), flags[0])


#: For the options of plugins, which are compared with those of each call.
_flag_name = functools.lru_cache(maxsize=256)(flag_name)


def _compile(pattern: "str | re.Pattern[str]") -> re.Pattern[str]:
    return re.compile(pattern)


@attrs.frozen(eq=False, repr=False)
class ObserverSpec(ValueMethods):
    """An observer class of a plugin, or a store that no observer writes to.

    Attributes:
        target: The class; users import it by its name from ``sacred_core.observers``. None: there
            is only a ``store``.
        flags: Its flags on every experiment's command line, like ``("-F", "--file_storage")``.
            The argument is passed to the class method ``from_argument``, or else to the class.
        metavar: The name of the argument in the help.
        help: One line about it, for the help.
        store: The `RunStore` class for its runs; see `open`.
        schemes: Schemes of locations that the store opens: ``("acme",)`` for ``acme:///data``.
        writes_folder_format: The observer writes the public folder format: it records the runs
            that are delivered later, see `sacred_core.observers.SpoolObserver`. The argument of
            its flag is the folder.
    """

    target: Target | None
    flags: tuple[str, ...] = attrs.field(default=(), converter=_texts)
    metavar: str = "ARG"
    help: str = ""
    store: Target | None = None
    schemes: tuple[str, ...] = attrs.field(default=(), converter=_texts)
    writes_folder_format: bool = False

    @property
    def name(self) -> str:
        """The last part of the target, or of the store."""
        return target_name(self.target or self.store or "")

    def create(self, argument: str) -> Any:
        """Return the observer for the argument of its flag.

        Raises:
            OptionError: the argument is empty, or the class raised an exception for it. The message
                names the flag, and for an exception that is not a `SacredError` also the class.
            PluginLoadError: the class cannot be imported.
            TypeError: there is no class.
        """
        if self.target is None:
            raise TypeError(f"{self.name} is not an observer")
        flag = flag_name(self.flags) if self.flags else self.name
        if argument == "":
            raise OptionError(f"{flag}: expected {self.metavar}, got an empty string")
        for secret in credentials(str(argument)):
            note_secret(secret)
        try:
            return call_target(self.target, argument, method="from_argument")
        except PluginLoadError:
            raise
        except SacredError as error:
            raise OptionError(f"{flag}: {error}") from None
        except BaseException as error:
            if ends_process(error):
                raise
            reason = mask_text(reason_of(error))
            raise OptionError(f"{flag}: {self.name} raised {reason}") from error

    def open(self, location: str) -> Any:
        """Return the store at ``location``; requires a ``store``.

        The class method ``from_location`` of the store is called with the location. If it has
        none, the class is called with what follows ``://``.

        Raises:
            StoreError: the store cannot be opened, or its class raised an exception.
        """
        store = self.store
        if store is None:
            raise TypeError(f"{self.name} has no store")
        for secret in credentials(location):
            note_secret(secret)
        try:
            if hasattr(resolve_target(store), "from_location"):
                return call_target(store, location, method="from_location")
            _, scheme_end, rest = location.partition("://")
            return call_target(store, rest if scheme_end else location)
        except SacredError:
            raise
        except BaseException as error:
            if ends_process(error):
                raise
            shown = mask_text(location)
            reason = mask_text(reason_of(error))
            raise StoreError(f"{target_name(store)} cannot open {shown!r}: {reason}") from error


@attrs.frozen(eq=False, repr=False)
class Export(ValueMethods):
    """A name that can be imported from a documented module of ``sacred_core``.

    Attributes:
        target: The object; the name is the last part of the target.
        module: ``"sacred_core.observers"`` or ``"sacred_core.stflow"``.
    """

    target: Target
    module: str = "sacred_core.observers"

    @property
    def name(self) -> str:
        """The last part of the target."""
        return target_name(self.target)


@attrs.frozen(eq=False, repr=False)
class KeyCheck(ValueMethods):
    """Keys that configurations must not have.

    Attributes:
        pattern: A regular expression; a key that is a string but not a Python identifier is
            refused if it occurs in it.
        reason: The reason for the error: ``"contains '.'"``.
        setting: The entry of ``SETTINGS.CONFIG`` that enables the check; None: always enabled.
    """

    pattern: re.Pattern[str] = attrs.field(converter=_compile)
    reason: str
    setting: str | None = None


@attrs.frozen(eq=False, repr=False)
class CLIOption(ValueMethods):
    """An option of the command line of every experiment.

    Attributes:
        flags: The flags, like ``("-l", "--loglevel")``.
        apply: Called as ``apply(argument, run)`` after the run was created and before it
            starts, if the flag is given; None: the option is handled elsewhere.
        is_flag: The option has no argument; ``apply`` receives True.
        metavar: The name of the argument in the help.
        help: One line about it, for the help.
        multiple: The option can be given several times; ``apply`` is called for each.
        command: The only command that has the option, one with ``takes_request``; empty for all.
    """

    flags: tuple[str, ...] = attrs.field(converter=_texts)
    apply: Target | None = None
    is_flag: bool = False
    metavar: str = "ARG"
    help: str = ""
    multiple: bool = False
    command: str = ""

    def __call__(self, argument: Any, run: Any) -> Any:
        """Apply the option, as if it were still the function that `cli_option` decorates."""
        return resolve_target(self.apply)(argument, run) if self.apply is not None else None

    @property
    def name(self) -> str:
        """The first long flag, or else the first: the key among the options of a run."""
        return _flag_name(self.flags)


def cli_option(
    *flags: str, is_flag: bool = False, metavar: str = "ARG"
) -> Callable[[Callable[[Any, Any], Any]], CLIOption]:
    """Turn a function ``apply(argument, run)`` into an option for ``additional_cli_options``.

    Args:
        flags: The flags, like ``"-o", "--own-flag"``.
        is_flag: The option has no argument; the function receives True.
        metavar: The name of the argument in the help; the help is the function's docstring.

    Example:
        ```python
        @cli_option("-o", "--own-flag")
        def my_option(args, run):
            \"\"\"Print a greeting.\"\"\"
            run.info["some"] = args

        ex = Experiment("mine", additional_cli_options=[my_option])
        ```

    Raises:
        OptionError: there is no flag, or one does not begin with a dash.
    """
    if not flags or not all(flag.startswith("-") and flag.strip("-") for flag in flags):
        raise OptionError(f"an option needs flags like '-o' or '--own-flag', not {flags!r}")

    def decorate(function: Callable[[Any, Any], Any]) -> CLIOption:
        text = " ".join((function.__doc__ or "").split())
        return CLIOption(flags, function, is_flag=is_flag, metavar=metavar, help=text)

    return decorate


@attrs.frozen(eq=False, repr=False)
class ConfigSource(ValueMethods):
    """A format of configuration files.

    Attributes:
        suffixes: File name suffixes, like ``(".ini",)``.
        load: Called as ``load(path)`` with a `pathlib.Path`; returns the entries as a
            dictionary of plain data, and must not execute content of the file. The message of
            an exception is reported to the user.
        dump: Called as ``dump(entries, path)``; None: the format cannot be written.
    """

    suffixes: tuple[str, ...] = attrs.field(converter=_texts)
    load: Target
    dump: Target | None = None


@attrs.frozen(eq=False, repr=False)
class HostInfo(ValueMethods):
    """A fact about the machine that is recorded with every run.

    Attributes:
        name: The key in ``host_info``.
        gather: Called without arguments at the start of a run; returns plain data. Where it
            raises `SkipHostInfo`, there is no value; any other exception is one warning.
    """

    name: str
    gather: Target


@attrs.frozen(eq=False, repr=False)
class CommandSpec(ValueMethods):
    """A subcommand of ``sacred``, or of every experiment's command line.

    Attributes:
        name: The name of the command. A name of several words, such as ``"runs copy"``, adds a
            command to the group ``sacred runs``, which may belong to another plugin.
        target: For ``sacred`` a click command, imported when it is called; for experiments a
            function that is captured, so that it may take ``_run`` and ``_config``.
        help: A summary of at most 45 characters.
        of_experiments: It belongs to every experiment's command line instead of to ``sacred``.
        takes_request: For experiments: the function is called as ``function(ex, request)`` with the
            experiment and a `sacred_core.config.request.Request`, before anything is resolved. The
            words after ``with`` are in ``request.tokens`` only, so that the command has a grammar
            of its own. What it returns is returned by ``ex.run_commandline()``.
        method: Of ``sweep``: called as ``method(ex, space, options)`` by the method of the same
            name of an experiment.
    """

    name: str
    target: Target
    help: str = ""
    of_experiments: bool = False
    takes_request: bool = False
    method: Target | None = None


@attrs.frozen(eq=False, repr=False)
class Aspect(ValueMethods):
    """An aspect under which two runs are compared.

    Attributes:
        name: The name for ``sacred runs diff --only`` and in JSON: a word of lower case letters,
            digits, ``_`` and ``-``.
        collect: Called as ``collect(run)`` with a `sacred_core.compare.ComparedRun`; returns the
            facts about this run: a dictionary of plain data with string keys. A fact that both
            runs have under a key differs unless the values are equal (1, 1.0 and True are not; NaN
            is equal to NaN). What differs in every run, such as times, is not a fact.
        render: Called as ``render(difference, first, second)`` for each fact that differs, with a
            `sacred_core.compare.Difference` and the two runs. Returns it with lines and details,
            ``difference.shown(lines, details)``, or None where it is not to be reported. None: the
            values are shown.
        title: The heading, by default the name.
    """

    name: str = attrs.field()
    collect: Target
    render: Target | None = None
    title: str = ""

    @name.validator
    def _check_name(self, attribute: object, value: str) -> None:
        del attribute
        if not re.fullmatch(_ASPECT_NAME, value):
            raise ValueError(
                f"the name of an aspect is a word of a-z, 0-9, '_' and '-', not {value!r}"
            )


@attrs.frozen(eq=False, repr=False)
class HookSpecs(ValueMethods):
    """Hooks that a plugin defines for other plugins.

    Attributes:
        module: The dotted name of a module. Its functions that are decorated with `hookspec` are
            the hooks; each has a docstring with a line ``Version added: 1.0.`` It is imported at
            every start, and must import nothing heavy.
    """

    module: str


def targets_of(record: attrs.AttrsInstance) -> list[Target]:
    """Return the targets among the values of a record."""
    values: list[Any] = []
    if isinstance(record, (SecretPattern, KeyCheck)):  # their strings are not targets
        return []
    for value in attrs.astuple(record, recurse=False):
        values += value if isinstance(value, tuple) else (value,)
    return [
        value for value in values if callable(value) or (isinstance(value, str) and ":" in value)
    ]
