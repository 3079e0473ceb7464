"""The commands that the installation gives to every experiment."""

import functools
import inspect
from collections.abc import Iterable
from typing import Any

from sacred_core.config.captured_function import CapturedFunction
from sacred_core.exceptions import CommandNotFoundError, PluginLoadError, UsageError
from sacred_core.hooks.manager import plugin_manager
from sacred_core.hooks.records import CommandSpec
from sacred_core.hooks.targets import Target, resolve_target


@functools.cache
def standard_commands() -> dict[str, CapturedFunction[..., Any]]:
    """Return these commands by name; they are not observed."""
    commands = {}
    for spec in plugin_manager().commands:
        if spec.of_experiments:
            function = _load_command(spec.target)
            function = _refusing(spec.name, function) if spec.takes_request else function
            commands[spec.name] = CapturedFunction(function)
            commands[spec.name].unobserved = True
    return commands


def request_command(name: str | None) -> CommandSpec | None:
    """Return the command of this name that takes a request, see `CommandSpec`; else None."""
    found = (each for each in plugin_manager().commands if each.name == name)
    return next((each for each in found if each.of_experiments and each.takes_request), None)


def _refusing(name: str, function: Any) -> Any:
    """Return what ``ex.run(name)`` calls: it has only the docstring of the command."""

    def refuse() -> None:
        raise UsageError(f"the command {name!r} can only be used on a command line")

    refuse.__doc__ = inspect.getdoc(function)
    return refuse


def _load_command(target: Target) -> Any:
    """Return the function of a command; if it cannot be imported, one that raises the reason."""
    try:
        return resolve_target(target)
    except PluginLoadError as error:
        problem = str(error)

    def raise_reason() -> None:
        raise PluginLoadError(problem)

    return raise_reason


def unknown_command_error(path: str, name: str, commands: Iterable[str]) -> CommandNotFoundError:
    """Return the error for a command that an experiment does not have, with a similar one."""
    import difflib

    known = sorted(commands)
    close = difflib.get_close_matches(name.lower().replace("-", "_"), known, 1)
    hint = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(known)}"
    return CommandNotFoundError(f"the experiment {path!r} has no command {name!r}: {hint}")
