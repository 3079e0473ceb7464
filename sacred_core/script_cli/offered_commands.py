"""The commands that the installation gives to every experiment."""

import functools
from typing import Any

from sacred_core.config.captured_function import CapturedFunction
from sacred_core.exceptions import PluginLoadError
from sacred_core.hooks.manager import plugin_manager
from sacred_core.hooks.targets import Target, resolve_target


@functools.cache
def standard_commands() -> dict[str, CapturedFunction[..., Any]]:
    """Return these commands by name; they are not observed."""
    commands = {}
    for spec in plugin_manager().commands:
        if spec.of_experiments:
            commands[spec.name] = CapturedFunction(_load_command(spec.target))
            commands[spec.name].unobserved = True
    return commands


def _load_command(target: Target) -> Any:
    """Return the function of a command; if it cannot be imported, one that raises the reason."""
    try:
        return resolve_target(target)
    except PluginLoadError as error:
        problem = str(error)

    def raise_reason() -> None:
        raise PluginLoadError(problem)

    return raise_reason
