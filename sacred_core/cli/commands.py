"""The commands that every experiment has."""

import sys
from typing import TYPE_CHECKING

from sacred_core.cli.render import rendered_config, wants_colour
from sacred_core.config.summary import ConfigSummary
from sacred_core.hooks.records import CommandSpec

if TYPE_CHECKING:
    from sacred_core.run import Run

STANDARD_COMMANDS = (
    CommandSpec(
        "print_config",
        "sacred_core.cli.commands:print_config",
        "print the configuration, with what differs from the defaults",
        of_experiments=True,
    ),
    CommandSpec("runs", "sacred_core.cli.runs:runs", "list and show recorded runs"),
)


def print_config(_run: "Run") -> None:
    """Print the configuration, with what differs from the defaults."""
    summary = _run.config_modifications or ConfigSummary()
    print(rendered_config(_run.config, summary, wants_colour(sys.stdout)))
