"""The reference of the command line of scripts: the options and commands of every experiment."""

import inspect
from collections.abc import Iterable, Iterator

from sacred_core.hooks.manager import plugin_manager
from sacred_core.hooks.records import CLIOption
from sacred_core.hooks.targets import resolve_target
from tools.documentation.tables import code, markdown_table, to_markdown

NAME = "reference/scripts"


def script_page() -> Iterator[tuple[str, str]]:
    """Yield the name and content of the page, in Markdown."""
    manager = plugin_manager()
    commands = sorted((spec.name, spec) for spec in manager.commands if spec.of_experiments)
    observers = [
        (code(f"{', '.join(spec.flags)} {spec.metavar}"), to_markdown(spec.help), code(spec.name))
        for spec in manager.observers
        if spec.flags
    ]
    general = (option for option in manager.cli_options if not option.command)
    parts = [
        "# Options of scripts",
        "The options and commands that every script with an experiment has. "
        "[The command line](../command-line.md) describes updates, exit codes and completion.",
        "## Options",
        _options(general),
        "## Observers",
        "Each records the run; the options can be combined, and given several times.",
        markdown_table(("option", "meaning", "observer"), observers),
        "## Commands",
    ]
    for name, spec in commands:
        text = inspect.getdoc(resolve_target(spec.target)) or spec.help
        first = text.partition("\n\nArgs:")[0].partition("\n\nRaises:")[0]
        parts += [f"### {name}", to_markdown(first)]
        own = [option for option in manager.cli_options if option.command == name]
        parts += [_options(own)] if own else []
    yield f"{NAME}.md", "\n\n".join(parts) + "\n"


def _options(options: Iterable[CLIOption]) -> str:
    rows = [
        (
            code(", ".join(option.flags) + ("" if option.is_flag else f" {option.metavar}")),
            to_markdown(option.help),
        )
        for option in options
    ]
    return markdown_table(("option", "meaning"), rows)
