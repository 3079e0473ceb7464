"""The help of a script's command line."""

import inspect
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sacred_core.cli.parsing import CommandLine
from sacred_core.config.captured_function import CapturedFunction
from sacred_core.exceptions import UsageError
from sacred_core.hooks.manager import plugin_manager
from sacred_core.hooks.records import CLIOption

if TYPE_CHECKING:
    from sacred_core.experiment import Experiment


def usage_text(ex: "Experiment", line: CommandLine) -> str:
    """Return the help of ``ex``, or of the command that ``help COMMAND`` names.

    Raises:
        CommandNotFoundError: there is no such command.
        UsageError: more than one command is named.
    """
    if line.command == "help" and line.updates:
        if len(line.updates) > 1:
            raise UsageError("help takes one command")
        return _command_text(line.updates[0], ex.command_named(line.updates[0]))
    return help_text(ex, Path(sys.argv[0]).name)


def help_text(ex: "Experiment", program: str) -> str:
    """Return the usage, the commands and the options of ``ex``."""
    formatter = click.HelpFormatter(width=100)
    formatter.write_usage(program, "[COMMAND] [with UPDATE...] [OPTIONS]")
    formatter.write_usage(program, "help [COMMAND]", prefix="       ")
    with formatter.section("Commands"):
        formatter.write_dl(
            [
                (name, _first_line(command))
                for name, command in sorted(dict(ex.gather_commands()).items())
            ]
        )
    with formatter.section("Options"):
        formatter.write_dl([_option_line(option) for option in plugin_manager().cli_options])
    if ex.additional_cli_options:
        with formatter.section("Options of this experiment"):
            formatter.write_dl([_option_line(option) for option in ex.additional_cli_options])
    with formatter.section("Observers"):
        formatter.write_dl(
            [
                (f"{', '.join(spec.flags)} {spec.metavar}", spec.help)
                for spec in plugin_manager().observers
                if spec.flags
            ]
            or [("none installed", "pip install sacred-file brings -F")]
        )
    with formatter.section("Examples"):
        formatter.write_text(f"{program} with seed=123")
        formatter.write_text(f"{program} print_config")
    return formatter.getvalue()


def _option_line(option: CLIOption) -> tuple[str, str]:
    flags = ", ".join(option.flags)
    return (flags if option.is_flag else f"{flags} {option.metavar}"), option.help


def _command_text(name: str, command: CapturedFunction[..., object]) -> str:
    text = inspect.getdoc(command.function) or ""
    indented = "".join(f"\n  {line}".rstrip() for line in text.splitlines())
    return f"{name}{inspect.signature(command.function)}{indented}"


def _first_line(command: CapturedFunction[..., object]) -> str:
    text = inspect.getdoc(command.function) or ""
    return text.strip().partition("\n")[0]
