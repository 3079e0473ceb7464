"""The help of a script's command line."""

import inspect
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from sacred_core.config.captured_function import CapturedFunction
from sacred_core.config.request import Request
from sacred_core.exceptions import UsageError
from sacred_core.hooks.manager import plugin_manager
from sacred_core.hooks.options import script_options
from sacred_core.hooks.records import CLIOption, ObserverSpec
from sacred_core.script_cli.interface import ScriptExperiment
from sacred_core.terminal import terminal_width

#: Columns of the help, where the terminal is not narrower.
_WIDTH = 100
#: Columns of flags and commands: their descriptions follow in the next line if they are longer.
_LONGEST_NAME = 30


def usage_text(ex: ScriptExperiment, request: Request) -> str:
    """Return the help of ``ex``, or of the command that ``help COMMAND`` names.

    Raises:
        CommandNotFoundError: the command does not exist.
        UsageError: more than one command is named.
    """
    if request.command == "help" and request.tokens:
        if len(request.tokens) > 1:
            raise UsageError("help takes one command")
        name = request.tokens[0]
        return _command_text(name, ex.find_command(name)) + _command_options(ex, name)
    return help_text(ex, Path(sys.argv[0]).name)


def help_text(ex: ScriptExperiment, program: str) -> str:
    """Return the usage, the docstring of the file, the commands and the options of ``ex``."""
    manager = plugin_manager()
    formatter = click.HelpFormatter(width=min(terminal_width() or _WIDTH, _WIDTH))
    formatter.write_usage(program, "[COMMAND] [with UPDATE...] [OPTIONS]")
    formatter.write_usage(program, "help [COMMAND]", prefix="       ")
    if ex.doc:
        formatter.write("".join(f"\n{line}" for line in ex.doc.splitlines()) + "\n")
    commands = sorted(dict(ex.gather_commands()).items())
    _section(formatter, "Commands", [(name, _first_line(command)) for name, command in commands])
    _section(
        formatter,
        "Options of this experiment",
        map(_option_line, script_options(ex.additional_cli_options)),
    )
    general = (option for option in manager.cli_options if not option.command)
    _section(formatter, "Options", map(_option_line, general))
    observers = [_observer_line(spec) for spec in manager.observers if spec.flags]
    missing = [("none installed", "to add -F: pip install sacred-file")]
    _section(formatter, "Observers", observers or missing)
    examples = [
        (f"{program} with seed=123", "run with an entry of the configuration changed"),
        (f"{program} print_config", "show the configuration"),
    ]
    _section(formatter, "Examples", examples)
    return formatter.getvalue()


def _command_options(ex: ScriptExperiment, name: str) -> str:
    """Return the options that only one command has."""
    own = [] if name in ex.commands else plugin_manager().cli_options
    formatter = click.HelpFormatter(width=min(terminal_width() or _WIDTH, _WIDTH))
    lines = [_option_line(option) for option in own if option.command == name]
    _section(formatter, f"Options of {name}", lines)
    return f"\n\n{formatter.getvalue().rstrip()}" if lines else ""


def _section(formatter: click.HelpFormatter, title: str, lines: Iterable[tuple[str, str]]) -> None:
    lines = list(lines)
    if lines:
        with formatter.section(title):
            formatter.write_dl(lines, col_max=min(_LONGEST_NAME, formatter.width // 3))


def _observer_line(spec: ObserverSpec) -> tuple[str, str]:
    return f"{', '.join(spec.flags)} {spec.metavar}", spec.help


def _option_line(option: CLIOption) -> tuple[str, str]:
    flags = ", ".join(option.flags)
    return (flags if option.is_flag else f"{flags} {option.metavar}"), option.help


def _command_text(name: str, command: CapturedFunction[..., object]) -> str:
    text = inspect.getdoc(command.function) or ""
    indented = "".join("\n" + f"  {line}".rstrip() for line in text.splitlines())
    return f"{name}{inspect.signature(command.function)}{indented}"


def _first_line(command: CapturedFunction[..., object]) -> str:
    text = inspect.getdoc(command.function) or ""
    return text.strip().partition("\n")[0]
