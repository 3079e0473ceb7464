"""``sacred runs pack``."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sacred_core.cli.runs.completing import complete_ids
from sacred_core.cli.runs.ids import get_runs
from sacred_core.cli.runs.options import LocationCommand, open_runs, where_option, writing
from sacred_core.cli.runs.remarks import report_no_runs
from sacred_core.exceptions import OptionError
from sacred_core.plurals import counted
from sacred_core.printable import printable
from sacred_core.readable_numbers import size_text
from sacred_core.script_cli.protocol import FAILURE
from sacred_core.serialization import strict_json
from sacred_core.stores import RunStore, StoredRun, find_runs
from sacred_core.stores.query import parse

if TYPE_CHECKING:
    from sacred_core.archives import Packed


@click.command("pack", cls=LocationCommand)
@click.argument("location")
@click.argument("run_ids", shell_complete=complete_ids, nargs=-1)
@where_option
@click.option("--all", "has_all", is_flag=True, help="All runs.")
@click.option(
    "-o", "--output", "target", required=True, type=click.Path(path_type=Path, dir_okay=False),
    help="The archive to write, such as runs.zip.",
)  # fmt: skip
@click.option("-f", "--force", is_flag=True, help="Replace the file if it exists.")
@click.option("--json", "as_json", is_flag=True, help="What was written, as one JSON object.")
@click.pass_context
def pack_runs(
    ctx: click.Context, location: str, run_ids: Sequence[str], where: str | None, has_all: bool,
    target: Path, force: bool, as_json: bool,
) -> None:  # fmt: skip
    """Write the runs RUN_IDS at LOCATION, those that match a query, or all, into one archive.

    A range such as 20-22 is all runs with these ids. The archive is a ZIP file with a README and a
    program that reads it with Python alone. The exit code is 1 if files of the runs are missing.

    \b
    Example:
      sacred runs pack my_runs 1-20 -o runs.zip
    """
    from sacred_core.archives import pack

    store = open_runs(location, recursive=False)
    found = _choose(store, location, run_ids, where, has_all)
    if not found:
        ctx.exit(FAILURE)
    if target.exists() and not force:
        raise OptionError(f"{str(target)!r} exists: use --force to replace it, or -o FILE")
    with writing(target), _progress(len(found)) as done:
        packed = pack(store, found, target, done)
    for run in found:
        if run.is_running():
            _report(f"run {run.id} is still running: what it stores later is not in the archive")
    if as_json:
        click.echo(strict_json(_as_data(packed), indent=2))
    else:
        runs, size = counted(packed.runs, "run"), size_text(packed.size)
        click.echo(f"Wrote {runs} to {printable(target)} ({size}).")
    _report_problems(packed)
    if packed.problems:
        ctx.exit(FAILURE)


def _choose(
    store: RunStore, location: str, run_ids: Sequence[str], where: str | None, has_all: bool
) -> list[StoredRun]:
    """Return the runs that the user named; print why where there are none."""
    if [bool(run_ids), where is not None, has_all].count(True) != 1:
        raise click.UsageError("specify the runs: their ids, --where or --all")
    if run_ids:
        return get_runs(store, run_ids)
    query = parse(where) if where is not None else None
    found = find_runs(store, query)
    if not found:
        report_no_runs(store, location, query)
    return found


@contextmanager
def _progress(count: int) -> Iterator[Callable[[StoredRun], object]]:
    """Yield what is called after each run; in a terminal it moves a progress bar."""
    if not sys.stderr.isatty():
        yield lambda run: None
        return
    with click.progressbar(length=count, file=sys.stderr) as bar:
        yield lambda run: bar.update(1)


def _as_data(packed: "Packed") -> dict[str, object]:
    return {
        "archive": str(packed.path),
        "runs": packed.runs,
        "contents": packed.contents,
        "size": packed.size,
        "problems": [
            {"run": run_id, **each} for run_id, own in packed.problems.items() for each in own
        ],
    }


def _report_problems(packed: "Packed") -> None:
    for run_id, problems in packed.problems.items():
        for each in problems:
            what = " ".join(filter(None, (each["kind"], each["name"] and repr(each["name"]))))
            _report(f"run {run_id}: {what}: {each['reason']}")
    if packed.problems:
        count = sum(map(len, packed.problems.values()))
        _report(f"{counted(count, 'part')} of {counted(len(packed.problems), 'run')} could not be "
                "read; the archive lists them in manifest.json")  # fmt: skip


def _report(text: str) -> None:
    click.echo(f"Warning: {printable(text)}", err=True)
