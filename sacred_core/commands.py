"""The documented names of the commands that every experiment has."""

from sacred_core.script_cli.standard_commands import (
    print_config,
    print_dependencies,
    print_named_configs,
    save_config,
)

__all__ = ["print_config", "print_dependencies", "print_named_configs", "save_config"]
