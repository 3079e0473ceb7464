"""What the core itself offers, through the hooks that plugins use."""

from collections.abc import Iterable

from sacred_core.cli.commands import STANDARD_COMMANDS
from sacred_core.cli.options import STANDARD_OPTIONS
from sacred_core.hooks.records import CLIOption, CommandSpec
from sacred_core.hooks.specs import hookimpl


@hookimpl
def sacred_cli_options() -> Iterable[CLIOption]:
    """The standard flags."""
    return STANDARD_OPTIONS


@hookimpl
def sacred_commands() -> Iterable[CommandSpec]:
    """The commands that every experiment has."""
    return STANDARD_COMMANDS
