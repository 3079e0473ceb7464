"""The flags of an experiment, for its command line and for ``ex.run(options=...)``."""

import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sacred_core.exceptions import OptionError
from sacred_core.hooks.manager import plugin_manager
from sacred_core.hooks.records import CLIOption, ObserverSpec, resolved


def offered_options(own: Iterable[CLIOption] = ()) -> list[CLIOption]:
    """Return the flags of the core and the plugins, those of observers last, and ``own``.

    Args:
        own: What a script defines for itself.

    Raises:
        OptionError: one of ``own`` has a flag that is taken.
    """
    manager = plugin_manager()
    observers = [_observer_option(spec) for spec in manager.observers if spec.flags]
    offered = [*manager.cli_options, *observers]
    for option in own:
        taken = {flag for other in offered for flag in other.flags}.intersection(option.flags)
        if taken:
            raise OptionError(
                f"the experiment's own option {option.name!r} has the flag {min(taken)!r}, which "
                "is taken: choose another one"
            )
        offered.append(option)
    return offered


def default_options(offered: Iterable[CLIOption]) -> dict[str, Any]:
    """Return what the options are if none is given: False for flags, else None."""
    return {option.name: False if option.is_flag else None for option in offered}


def completed_options(given: Mapping[str, Any], offered: list[CLIOption]) -> dict[str, Any]:
    """Return all options by name, with those ``given``.

    Names may be spelt as any of the flags, with or without dashes in front, and with ``-`` for
    ``_``.

    Raises:
        OptionError: there is no such option.
    """
    spellings = {_plain(flag): option.name for option in offered for flag in option.flags}
    options = default_options(offered)
    for key, value in given.items():
        name = spellings.get(_plain(key))
        if name is None:
            close = difflib.get_close_matches(_plain(key), spellings, 1)
            hint = f", did you mean {spellings[close[0]]!r}?" if close else ""
            raise OptionError(f"there is no option {key!r}{hint}")
        options[name] = value
    return options


def apply_options(options: Mapping[str, Any], offered: Iterable[CLIOption], run: Any) -> None:
    """Let every option that is given change ``run``, in the order of ``offered``."""
    for option in offered:
        value = options.get(option.name)
        if option.apply is None or value is None or value is False or value == []:
            continue
        for flag in option.flags:
            plugin_manager().check_single("flag", flag)
        for argument in value if isinstance(value, list) else [value]:
            resolved(option.apply)(argument, run)


def recorded_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``options`` as a run keeps them: a list only where several values were given."""
    return {
        name: (value[0] if len(value) == 1 else value or None) if isinstance(value, list) else value
        for name, value in options.items()
    }


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
