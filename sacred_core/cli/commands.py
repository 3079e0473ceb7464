"""The commands that every experiment has."""

import sys
from typing import TYPE_CHECKING

from sacred_core.cli.render import rendered_config, wants_colour
from sacred_core.config.summary import ConfigSummary

if TYPE_CHECKING:
    from sacred_core.run import Run


def print_config(_run: "Run") -> None:
    """Print the configuration, with what differs from the defaults."""
    summary = _run.config_modifications or ConfigSummary()
    print(rendered_config(_run.config, summary, wants_colour(sys.stdout)))
