"""The documented names of the commands that every experiment has."""

from sacred_core.cli.commands import (
    print_config,
    print_dependencies,
    print_named_configs,
    save_config,
)

__all__ = ["print_config", "print_dependencies", "print_named_configs", "save_config"]
