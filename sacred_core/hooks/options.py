"""The flags of an experiment, for its command line and for ``ex.run(options=...)``.

Options may be defined as classes, as Sacred 0.7 documented it; `sacred_core.cli_option` is the
simpler way: it belongs to one experiment, a class to all of them.
"""

import copy
import functools
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, ClassVar

from sacred_core.exceptions import OptionError
from sacred_core.hooks.manager import plugin_manager
from sacred_core.hooks.records import CLIOption, ObserverSpec
from sacred_core.hooks.targets import call_target


class CommandLineOption:
    """Base of options: a subclass is an option of every experiment of the process.

    The name of the class gives the long flag: ``MyLevelOption`` is ``--my_level``. Its docstring
    is the help.

    Attributes:
        short_flag: One letter; by default the first one of the long flag, if it is free.
        arg: What the help calls the argument; None for a flag without one.
        arg_description: What the argument is, for the help.

    Example:
        ```python
        class LevelOption(CommandLineOption):
            \"\"\"Set the level.\"\"\"

            short_flag = "L"
            arg = "LEVEL"
            arg_description = "from 1 to 3"

            @classmethod
            def apply(cls, args, run):
                run.info["level"] = int(args)
        ```
    """

    short_flag: ClassVar[str | None] = None
    arg: ClassVar[str | None] = None
    arg_description: ClassVar[str | None] = None

    @classmethod
    def get_flag(cls) -> str:
        """Return the long flag, with its dashes."""
        name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", cls.__name__).lower()
        return f"--{name.removesuffix('_option')}"

    @classmethod
    def get_short_flag(cls) -> str:
        """Return the short flag, with its dash."""
        return f"-{cls.short_flag or cls.get_flag()[2]}"

    @classmethod
    def get_flags(cls) -> tuple[str, str]:
        """Return the short and the long flag."""
        return cls.get_short_flag(), cls.get_flag()

    @classmethod
    def apply(cls, args: Any, run: Any) -> None:
        """Change ``run`` before it starts, where the option is given.

        Args:
            args: The argument, a string; True for an option without one.
            run: The `sacred_core.run.Run`.
        """
        raise NotImplementedError(f"{cls.__name__}.apply must be overridden as a class method")


def options_of_classes(taken: Collection[str]) -> list[CLIOption]:
    """Return the options that subclasses define; of classes with one flag the latest.

    Args:
        taken: Flags of other options, which no class has by default.
    """
    classes = {cls.get_flag(): cls for cls in _subclasses(CommandLineOption)}
    used = set(taken)
    options = []
    for cls in classes.values():
        short, long = cls.get_flags()
        flags = (short, long) if cls.short_flag or short not in used else (long,)
        used.update(flags)
        options.append(
            CLIOption(
                flags,
                cls.apply,
                is_flag=cls.arg is None,
                metavar=cls.arg or "ARG",
                help=_help(cls),
            )
        )
    return options


def _subclasses(base: type[CommandLineOption]) -> Iterator[type[CommandLineOption]]:
    """Yield those that can be applied, bases first."""
    for cls in base.__subclasses__():
        if cls.apply.__func__ is not CommandLineOption.apply.__func__:  # type: ignore[attr-defined]
            yield cls
        yield from _subclasses(cls)


def _help(cls: type[CommandLineOption]) -> str:
    text = " ".join((cls.__doc__ or "").split())
    if cls.arg and cls.arg_description:
        text = f"{text} {cls.arg}: {' '.join(cls.arg_description.split())}".strip()
    return text


def offered_options(own: Iterable[CLIOption] = (), command: str = "") -> list[CLIOption]:
    """Return the flags of the core and the plugins, those of observers, and those of scripts.

    Args:
        own: What a script defines for one experiment; subclasses of `CommandLineOption` follow.
        command: Its own options are offered, too.

    Raises:
        OptionError: one of a script's options has a flag that is taken.
    """
    manager = plugin_manager()
    observers = [_observer_option(spec) for spec in manager.observers if spec.flags]
    general = [each for each in manager.cli_options if each.command in ("", command)]
    offered = [*general, *observers]
    for option in script_options(own):
        taken = {flag for other in offered for flag in other.flags}.intersection(option.flags)
        if taken:
            raise OptionError(
                f"the option {option.name!r} of the experiment has the flag {min(taken)!r}, "
                "which another option uses: choose another flag"
            )
        offered.append(option)
    return offered


def script_options(own: Iterable[CLIOption]) -> list[CLIOption]:
    """Return the options that the script defines: ``own`` and those that are classes."""
    manager = plugin_manager()
    own = list(own)
    general = (each for each in manager.cli_options if not each.command)
    others: list[CLIOption | ObserverSpec] = [*general, *manager.observers, *own]
    return [*own, *options_of_classes({flag for other in others for flag in other.flags})]


def default_options(offered: Iterable[CLIOption]) -> dict[str, Any]:
    """Return what the options are if none is given: False for flags, else None."""
    return {option.name: False if option.is_flag else None for option in offered}


class Options(dict[str, Any]):
    """The options of a call, as option hooks get them: by long flag, `-` or `_` in the names.

    Args:
        values: All options by name, and further entries.
        names: The option's name for each accepted spelling; see `spellings`.
    """

    def __init__(self, values: Mapping[str, Any], names: Mapping[str, str]) -> None:
        self._names = names
        super().__init__(values)

    def __getitem__(self, key: str) -> Any:
        return super().__getitem__(self._name(key))

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(self._name(key), value)

    def __contains__(self, key: object) -> bool:
        return super().__contains__(self._name(key))

    def get(self, key: str, default: Any = None) -> Any:
        """Return the option ``key``, in any spelling, or ``default``."""
        return super().get(self._name(key), default)

    def _name(self, key: Any) -> Any:
        return self._names.get(key, key)


def call_option_hooks(
    hooks: Iterable[Callable[..., Any]],
    given: Mapping[str, Any],
    words: Mapping[str, Any],
    offered: list[CLIOption],
) -> dict[str, Any]:
    """Return all options by name after the ``hooks``, in order, changed them.

    Args:
        hooks: Called as ``hook(options=...)``; only what they set for flags is used.
        given: The options of the call; see `complete_options`.
        words: Entries that the hooks only read.
        offered: The options on offer.

    Raises:
        OptionError: a flag that is given, or that a hook sets, is not on offer.
        Exception: what a hook raises.
    """
    names = spellings(offered)
    chosen = complete_options(given, offered)
    for hook in hooks:
        options = Options({**chosen, **copy.deepcopy(dict(words))}, names)
        hook(options=options)
        flags = {key: value for key, value in options.items() if str(key).startswith("-")}
        chosen = complete_options(flags, offered)
    return chosen


def complete_options(given: Mapping[str, Any], offered: list[CLIOption]) -> dict[str, Any]:
    """Return all options by name, with those ``given``.

    Names may be spelled as any of the flags, with or without dashes in front, and with ``-`` for
    ``_``. An option that may be given several times is a list only if it was.

    Raises:
        OptionError: the option does not exist.
    """
    names, by_plain = _names_of(offered)
    options = default_options(offered)
    is_multiple = {option.name: option.multiple for option in offered}
    for key, value in given.items():
        name = names.get(key) or by_plain.get(_plain(key))
        if name is None:
            import difflib  # only where something is wrong

            close = difflib.get_close_matches(_plain(key), by_plain, 1)
            hint = f", did you mean {by_plain[close[0]]!r}?" if close else ""
            raise OptionError(f"unknown option {key!r}{hint}")
        options[name] = _without_list(value) if is_multiple[name] else value
    return options


def spellings(offered: Iterable[CLIOption]) -> dict[str, str]:
    """Return the option's name for each accepted spelling of its flags.

    A long flag may be written with ``-`` for ``_`` and the other way round, unless the result is
    a flag of another option.
    """
    return {**_names_of(offered)[0]}


def _names_of(offered: Iterable[CLIOption]) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Return the option's name for each spelling, and for each spelling as a plain word."""
    return names_of_flags(tuple((option.flags, option.name) for option in offered))


@functools.lru_cache(maxsize=16)
def names_of_flags(
    offered: tuple[tuple[tuple[str, ...], str], ...],
) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Return the names by spelling and by plain word; all runs of a loop have the same options."""
    names = {flag: name for flags, name in offered for flag in flags}
    for flag, name in list(names.items()):
        for other in ("_", "-"):
            names.setdefault(_respell(flag, other), name)
    return names, {_plain(flag): name for flag, name in names.items()}


def apply_options(options: Mapping[str, Any], offered: Iterable[CLIOption], run: Any) -> None:
    """Apply the given options to ``run``, in the order of ``offered``."""
    for option in offered:
        value = options.get(option.name)
        if option.apply is None or value is None or value is False or value == []:
            continue
        for flag in option.flags:
            plugin_manager().check_single("flag", flag)
        several = option.multiple and isinstance(value, (list, tuple))
        for argument in value if several else [value]:
            call_target(option.apply, argument, run)


def _without_list(value: Any) -> Any:
    """Return None for no value, the value for one, and a list for several."""
    if not isinstance(value, (list, tuple)):
        return value
    return list(value) if len(value) > 1 else next(iter(value), None)


def _respell(flag: str, separator: str) -> str:
    if not flag.startswith("--"):
        return flag
    return "--" + flag[2:].replace("-", separator).replace("_", separator)


def _plain(flag: str) -> str:
    return flag.lstrip("-").replace("-", "_")


def _observer_option(spec: ObserverSpec) -> CLIOption:
    return CLIOption(
        spec.flags, _adding(spec.create), metavar=spec.metavar, help=spec.help, multiple=True
    )


def _adding(create: Callable[[str], Any]) -> Callable[[str, Any], None]:
    def add(argument: str, run: Any) -> None:
        run.observers.append(create(argument))

    return add
