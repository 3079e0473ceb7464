"""A command: ``sacred runs sizes LOCATION`` lists the runs whose files need most space."""

from collections.abc import Iterable

from sacred_core import CommandSpec, hookimpl


@hookimpl
def sacred_commands() -> Iterable[CommandSpec]:
    """Offer the command in the group ``sacred runs``."""
    target = "example_sizes_command:list_sizes"
    yield CommandSpec("runs sizes", target, "List the runs with the largest files.")
