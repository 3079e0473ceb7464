"""``sacred runs diff``."""

import os
from collections.abc import Iterator, Sequence

import click

from sacred_core.cli.runs.compared_runs import (
    ComparingCommand,
    complete_runs,
    find_compared_runs,
)
from sacred_core.cli.runs.options import recursive_option
from sacred_core.compare import DiffTable, RunDiff, diff, diff_table
from sacred_core.hooks.manager import plugin_manager
from sacred_core.masking import mask_text
from sacred_core.printable import printable
from sacred_core.script_cli.protocol import FAILURE, USAGE
from sacred_core.serialization import strict_json
from sacred_core.terminal import terminal_width

_COLOURS = ("auto", "always", "never")


def _complete_aspects(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[str]:
    del context, parameter
    start, comma, last = incomplete.rpartition(",")
    names = (aspect.name for aspect in plugin_manager().aspects)
    return [f"{start}{comma}{name}" for name in names if name.startswith(last)]


@click.command("diff", cls=ComparingCommand)
@click.argument("location", shell_complete=complete_runs)
@click.argument("run_ids", metavar="[IDS]...", shell_complete=complete_runs, nargs=-1)
@recursive_option
@click.option(
    "--only", multiple=True, metavar="NAMES", shell_complete=_complete_aspects,
    help="Compare only this, such as config,code.",
)  # fmt: skip
@click.option("--quiet", is_flag=True, help="Print no differences: the exit code is the answer.")
@click.option(
    "--color", "colour", type=click.Choice(_COLOURS), default="auto",
    help="Colours: by default on a terminal, unless NO_COLOR is set.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Everything as one JSON object.")
@click.pass_context
def diff_runs(
    ctx: click.Context, location: str, run_ids: Sequence[str], recursive: bool,
    only: Sequence[str], quiet: bool, colour: str, as_json: bool,
) -> None:  # fmt: skip
    """Show what differs between runs.

    The runs are those with these IDS at LOCATION, by default the newest two; or, in any stores,
    LOCATION#ID LOCATION#ID. Of more than two runs a table is shown.

    The exit code is 0 if nothing differs, 1 if something does, and 2 after an error, or if nothing
    differs and something could not be compared.

    \b
    Example:
      sacred runs diff my_runs 1 2
    """
    words = (word.strip() for text in only for word in text.split(","))
    names = [*filter(None, words)] or None
    runs = find_compared_runs(location, run_ids, recursive)
    found = diff(runs[0], runs[1], names) if len(runs) == 2 else diff_table(runs, names)
    for problem in found.problems:
        click.echo(printable(mask_text(f"Warning: {problem}")), err=True)
    if as_json and not quiet:
        click.echo(strict_json(found.data(), indent=2))
    elif not quiet:
        click.echo("\n".join(_lines(found)), color=_has_colours(colour))
    if found:
        ctx.exit(FAILURE)
    if found.problems:
        ctx.exit(USAGE)


def _lines(found: RunDiff | DiffTable) -> Iterator[str]:
    """Yield the lines with colours, which `click.echo` removes where they are not wanted."""
    if isinstance(found, DiffTable):
        heading, *rows = found.lines(terminal_width())
        yield click.style(heading, bold=True)
        yield from rows
        return
    for line in found.lines():
        yield _style(line)


def _style(line: str) -> str:
    text = line.removeprefix("  ")
    if text.startswith(("--- ", "+++ ")) or (text == line and text.endswith(":")):
        return click.style(line, bold=True)
    colour = {"-": "red", "+": "green", "@": "cyan"}.get(text[:1])
    return line if colour is None else click.style(line, fg=colour)


def _has_colours(choice: str) -> bool | None:
    """Return whether the output has colours; None if it depends on whether it is a terminal."""
    if choice != "auto":
        return choice == "always"
    return False if os.environ.get("NO_COLOR") else None
