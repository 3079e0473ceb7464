"""``sacred doctor``: what does not work here, and what to do."""

import json
import shutil
import textwrap
from collections.abc import Iterable

import click

from sacred_core.doctor import Finding, Level, examine
from sacred_core.plurals import counted
from sacred_core.printable import printable

_COLOURS = {Level.OK: "green", Level.WARNING: "yellow", Level.ERROR: "red"}
_LEVEL_WIDTH, _NAME_WIDTH = 9, 13


@click.command()
@click.argument("locations", metavar="[LOCATION]...", nargs=-1)
@click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    default=15.0,
    show_default=True,
    help="Seconds that each store may take.",
)
@click.option("--json", "is_json", is_flag=True, help="One JSON list of objects.")
def doctor(locations: tuple[str, ...], timeout: float, is_json: bool) -> None:
    """Check the installation, this machine and stores.

    LOCATION is a store of runs, such as my_runs or mongodb://localhost/sacred. Without it, the
    stores in the current folder are checked. Each problem has a fix. The exit code is 1 if there
    is an error.

    \b
    Example:
      sacred doctor my_runs sqlite:///runs.db
    """
    found = []
    for name, finding in examine(locations, timeout):
        found.append((name, finding))
        if not is_json:
            _print(name, finding)
    if is_json:
        click.echo(json.dumps([_as_data(name, finding) for name, finding in found], indent=2))
    else:
        click.echo(_summary(finding for _, finding in found))
    if any(finding.level is Level.ERROR for _, finding in found):
        click.get_current_context().exit(1)


def _as_data(name: str, finding: Finding) -> dict[str, str | None]:
    return {
        "check": name,
        "level": str(finding.level),
        "message": finding.message,
        "fix": finding.fix or None,
    }


def _print(name: str, finding: Finding) -> None:
    level = click.style(f"{finding.level:<{_LEVEL_WIDTH}}", fg=_COLOURS[finding.level])
    start = " " * (_LEVEL_WIDTH + _NAME_WIDTH)
    lines = _wrapped(finding.message, "")
    lines += _wrapped(finding.fix, "Fix: ") if finding.fix else []
    click.echo(f"{level}{name:<{_NAME_WIDTH}}{lines[0]}")
    for line in lines[1:]:
        click.echo(f"{start}{line}")


def _wrapped(text: str, label: str) -> list[str]:
    width = max(shutil.get_terminal_size().columns - _LEVEL_WIDTH - _NAME_WIDTH, 40)
    return textwrap.wrap(
        label + printable(text), width,
        subsequent_indent=" " * len(label), break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def _summary(found: Iterable[Finding]) -> str:
    levels = [finding.level for finding in found]
    errors, warnings = levels.count(Level.ERROR), levels.count(Level.WARNING)
    if not errors and not warnings:
        return "No problem found."
    return f"{counted(errors, 'error')}, {counted(warnings, 'warning')}."
