"""The flags of an experiment, for its command line and for ``ex.run(options=...)``."""

import copy
import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sacred_core.exceptions import OptionError
from sacred_core.hooks.manager import plugin_manager
from sacred_core.hooks.option_classes import options_of_classes
from sacred_core.hooks.records import CLIOption, ObserverSpec
from sacred_core.hooks.targets import called


def offered_options(own: Iterable[CLIOption] = ()) -> list[CLIOption]:
    """Return the flags of the core and the plugins, those of observers, and those of scripts.

    Args:
        own: What a script defines for one experiment; subclasses of `CommandLineOption` follow.

    Raises:
        OptionError: one of a script's options has a flag that is taken.
    """
    manager = plugin_manager()
    observers = [_observer_option(spec) for spec in manager.observers if spec.flags]
    offered = [*manager.cli_options, *observers]
    for option in script_options(own):
        taken = {flag for other in offered for flag in other.flags}.intersection(option.flags)
        if taken:
            raise OptionError(
                f"the experiment's own option {option.name!r} has the flag {min(taken)!r}, which "
                "is taken: choose another one"
            )
        offered.append(option)
    return offered


def script_options(own: Iterable[CLIOption]) -> list[CLIOption]:
    """Return the options that the script defines: ``own`` and those that are classes."""
    manager = plugin_manager()
    own = list(own)
    others: list[CLIOption | ObserverSpec] = [*manager.cli_options, *manager.observers, *own]
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
        given: The options of the call; see `completed_options`.
        words: Entries that the hooks only read.
        offered: The options on offer.

    Raises:
        OptionError: a flag that is given, or that a hook sets, is not on offer.
        Exception: what a hook raises.
    """
    names = spellings(offered)
    chosen = completed_options(given, offered)
    for hook in hooks:
        options = Options({**chosen, **copy.deepcopy(dict(words))}, names)
        hook(options=options)
        flags = {key: value for key, value in options.items() if str(key).startswith("-")}
        chosen = completed_options(flags, offered)
    return chosen


def completed_options(given: Mapping[str, Any], offered: list[CLIOption]) -> dict[str, Any]:
    """Return all options by name, with those ``given``.

    Names may be spelled as any of the flags, with or without dashes in front, and with ``-`` for
    ``_``. An option that may be given several times is a list only if it was.

    Raises:
        OptionError: there is no such option.
    """
    names = spellings(offered)
    by_plain = {_plain(flag): name for flag, name in names.items()}
    options = default_options(offered)
    is_multiple = {option.name: option.multiple for option in offered}
    for key, value in given.items():
        name = names.get(key) or by_plain.get(_plain(key))
        if name is None:
            close = difflib.get_close_matches(_plain(key), by_plain, 1)
            hint = f", did you mean {by_plain[close[0]]!r}?" if close else ""
            raise OptionError(f"there is no option {key!r}{hint}")
        options[name] = _without_list(value) if is_multiple[name] else value
    return options


def spellings(offered: Iterable[CLIOption]) -> dict[str, str]:
    """Return the option's name for each accepted spelling of its flags.

    A long flag may be written with ``-`` for ``_`` and the other way round, unless the result is
    a flag of another option.
    """
    names = {flag: option.name for option in offered for flag in option.flags}
    for flag, name in list(names.items()):
        for other in ("_", "-"):
            names.setdefault(_respelled(flag, other), name)
    return names


def apply_options(options: Mapping[str, Any], offered: Iterable[CLIOption], run: Any) -> None:
    """Let every option that is given change ``run``, in the order of ``offered``."""
    for option in offered:
        value = options.get(option.name)
        if option.apply is None or value is None or value is False or value == []:
            continue
        for flag in option.flags:
            plugin_manager().check_single("flag", flag)
        several = option.multiple and isinstance(value, (list, tuple))
        for argument in value if several else [value]:
            called(option.apply, argument, run)


def _without_list(value: Any) -> Any:
    """Return None for no value, the value for one, and a list for several."""
    if not isinstance(value, (list, tuple)):
        return value
    return list(value) if len(value) > 1 else next(iter(value), None)


def _respelled(flag: str, separator: str) -> str:
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
