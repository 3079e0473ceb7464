"""The documented names of what defines options of a script's command line."""

from sacred_core.hooks.options import CommandLineOption
from sacred_core.hooks.records import CLIOption, cli_option

__all__ = ["CLIOption", "CommandLineOption", "cli_option"]
