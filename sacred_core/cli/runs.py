"""``sacred runs``: what was recorded, in the terminal."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from sacred_core.cli.runs_text import (
    as_data,
    cell,
    imported_filter,
    page,
    recovery_line,
    run_as_data,
    table,
    to_csv,
)
from sacred_core.exceptions import StoreError
from sacred_core.masking import mask_text
from sacred_core.printable import printable
from sacred_core.serialization import strict_json
from sacred_core.stores import Annotation, RunQuery, RunStore, StoredRun, find_runs, open_store
from sacred_core.stores.finding import MetricSummaries
from sacred_core.stores.query import MISSING, Column, parse, parse_columns, read
from sacred_core.stores.run_ids import normalize_id

_COLUMNS = "id,status,start_time,duration,name,command"
_HEADINGS = {"start_time": "STARTED", "duration": "TOOK", "name": "EXPERIMENT"}
_where = click.option("-w", "--where", help="Only runs matching this query.")


@click.group()
def runs() -> None:
    """List, show, delete and annotate recorded runs."""


@runs.command("list")
@click.argument("location")
@_where
@click.option("--status", help="Only runs with this status, such as FAILED or DEAD.")
@click.option("--name", help="Only runs of this experiment.")
@click.option("-s", "--sort", help="Sort by these fields, like -config.lr,start_time.")
@click.option(
    "-n",
    "--limit",
    type=click.IntRange(1),
    help="Maximum number of runs (newest first when unsorted).",
)
@click.option("--offset", type=click.IntRange(0), default=0, help="Skip this many runs.")
@click.option("-c", "--columns", default=_COLUMNS, help=f"Fields to show: {_COLUMNS}.")
@click.option("--json", "form", flag_value="json", help="One JSON object a line.")
@click.option("--csv", "form", flag_value="csv", help="Print CSV.")
def list_runs(
    location: str, where: str | None, status: str | None, name: str | None, sort: str | None,
    limit: int | None, offset: int, columns: str, form: str | None,
) -> None:  # fmt: skip
    """List the runs at LOCATION, a folder or a URL, from the oldest to the newest."""
    query = RunQuery(
        where=parse(where) if where else None,
        status=status.upper() if status else None,
        name=name or None,
    )
    shown = parse_columns(columns)
    store = open_store(location)
    metrics = MetricSummaries(store)
    used = None if form == "json" else [column.field for column in shown]
    found = find_runs(store, query.where, sort, limit, offset, fields=used, metrics=metrics)
    if form == "json":
        for run in found:
            click.echo(strict_json(as_data(run)))
        return
    rows = [_row(run, shown, metrics, is_exact=form == "csv") for run in found]
    headings = [column.heading for column in shown]
    if form == "csv":
        # With `color`, click changes nothing of the data.
        click.echo(to_csv([headings, *rows]), color=True)
    elif rows:
        names = [_HEADINGS.get(name, printable(name.upper())) for name in headings]
        click.echo(table([names, *rows]))
    else:
        click.echo("No runs.", err=True)
    for run in found:
        if run.damage is not None:
            click.echo(f"Run {printable(run.id)} is damaged: {printable(run.damage)}", err=True)


@runs.command("show")
@click.argument("location")
@click.argument("run_id", required=False)
@click.option("--json", "as_json", is_flag=True, help="Everything as one JSON object.")
def show_run(location: str, run_id: str | None, as_json: bool) -> None:
    """Show the run RUN_ID at LOCATION, by default the newest: configuration, result, metrics,
    files and output."""
    store = open_store(location)
    run = _newest(store, location) if run_id is None else store.get(normalize_id(run_id))
    if as_json:
        click.echo(strict_json(run_as_data(store, run), indent=2))
    else:
        click.echo("\n".join(page(store, run)))


@runs.command("delete")
@click.argument("location")
@click.argument("run_ids", nargs=-1)
@_where
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def delete_runs(location: str, run_ids: Sequence[str], where: str | None, yes: bool) -> None:
    """Delete the runs RUN_IDS at LOCATION, or those that a query asks for, after asking.

    Files that other runs use too stay. A running run is not deleted.
    """
    store = open_store(location)
    if bool(run_ids) == (where is not None):
        raise click.UsageError("specify the runs: either their ids or --where")
    ids = map(normalize_id, run_ids)
    found = find_runs(store, where) if where else [store.get(run_id) for run_id in ids]
    if not found:
        click.echo("No runs.", err=True)
        return
    if not yes:
        columns, metrics = parse_columns(_COLUMNS), MetricSummaries(store)
        click.echo(table([_row(run, columns, metrics) for run in found]))
        click.confirm(f"Delete {len(found)} run{'s' * (len(found) > 1)}?", abort=True)
    for run in found:
        store.delete(run.id)
        click.echo(f"Deleted run {printable(run.id)}.")


@runs.command("recover")
@click.argument("location", required=False)
@click.option(
    "--filter", "filter_path", metavar="MODULE:FUNCTION",
    help="Apply this filter to the output of runs that had one of their own.",
)  # fmt: skip
@click.option("--discard", is_flag=True, help="Delete what cannot be stored, after asking.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def recover_output(location: str | None, filter_path: str | None, discard: bool, yes: bool) -> None:
    """Store the last output of runs whose process crashed or was killed.

    Without LOCATION, in each store that can be opened. Give the LOCATION of a store that needs a
    password. Runs that are alive are not changed.
    """
    from sacred_core.run.recovery import recover

    output_filter = None if filter_path is None else imported_filter(filter_path)
    left = {}
    for done in recover(location, output_filter):
        click.echo(printable(recovery_line(done)), err=done.count is None)
        if done.count is None and done.address is not None:
            left[done.entry.path] = done.entry
    if discard and left and not yes:
        click.confirm(f"Delete the output of {len(left)} run{'s' * (len(left) > 1)}?", abort=True)
    for entry in left.values() if discard else ():
        entry.remove()
    if left and not discard:
        raise StoreError("not all output could be stored: see above")


@runs.command("load")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("location", required=False)
def load_undelivered(folder: Path, location: str | None) -> None:
    """Store what the observers of a run missed, and remove it from FOLDER.

    FOLDER is the one that the run printed, or contains several of them. Give the LOCATION of a
    store that needs a password; without, it is the one that the observer wrote to. Of several
    stores it is the one with the same server and path.
    """
    from sacred_core.delivery.loading import load_folders

    left = 0
    for done in load_folders(folder, location):
        left += len(done.left)
        click.echo(printable(f"{done.folder}: stored {done.count} events of run {done.run_id}"))
        for failure in done.left:
            click.echo(printable(f"{done.folder}: not stored: {failure}"), err=True)
    if left:
        raise StoreError("not all events could be stored: see above")


@runs.command("note")
@click.argument("location")
@click.argument("run_id")
@click.argument("text")
def note_run(location: str, run_id: str, text: str) -> None:
    """Add the note TEXT to the run RUN_ID at LOCATION."""
    open_store(location).annotate(normalize_id(run_id), _annotation(note=text))


@runs.command("tag")
@click.argument("location")
@click.argument("run_id")
@click.argument("tags", nargs=-1, required=True)
@click.option("-r", "--remove", is_flag=True, help="Take the tags away.")
def tag_run(location: str, run_id: str, tags: Sequence[str], remove: bool) -> None:
    """Put TAGS on the run RUN_ID at LOCATION: --where "tags has baseline" finds them."""
    annotation = _annotation(removed=tags) if remove else _annotation(added=tags)
    open_store(location).annotate(normalize_id(run_id), annotation)


def _annotation(**what: Any) -> Annotation:
    import getpass

    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a user without an entry, as in a container
        user = "unknown"
    return Annotation(time=datetime.now(UTC), user=user, **what)


def _row(
    run: StoredRun, columns: Sequence[Column], metrics: MetricSummaries, is_exact: bool = False
) -> list[str]:
    now = datetime.now(UTC)
    values = [read(column.field, run, metrics.of(run), now) for column in columns]
    return [
        "" if value is MISSING else cell(column.field.name, value, is_exact)
        for column, value in zip(columns, values, strict=True)
    ]


def _newest(store: RunStore, location: str) -> StoredRun:
    for run in store.list(RunQuery(limit=1)):
        return run
    raise StoreError(f"there are no runs at {mask_text(location)!r}")
