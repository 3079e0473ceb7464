"""``sacred runs delete``, ``note`` and ``tag``."""

from collections.abc import Sequence

import click

from sacred_core.cli.runs.list_runs import COLUMNS
from sacred_core.cli.runs.options import where_option
from sacred_core.cli.runs.text import row, table
from sacred_core.printable import printable
from sacred_core.stores import find_runs, open_store
from sacred_core.stores.annotations import new_note, new_tags
from sacred_core.stores.finding import MetricSummaries
from sacred_core.stores.query import parse_columns
from sacred_core.stores.run_ids import normalize_id


@click.command("delete")
@click.argument("location")
@click.argument("run_ids", nargs=-1)
@where_option
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
        columns, metrics = parse_columns(COLUMNS), MetricSummaries(store)
        click.echo(table([row(run, columns, metrics) for run in found]))
        click.confirm(f"Delete {len(found)} run{'s' * (len(found) > 1)}?", abort=True)
    for run in found:
        store.delete(run.id)
        click.echo(f"Deleted run {printable(run.id)}.")


@click.command("note")
@click.argument("location")
@click.argument("run_id")
@click.argument("text")
def note_run(location: str, run_id: str, text: str) -> None:
    """Add the note TEXT to the run RUN_ID at LOCATION."""
    open_store(location).annotate(normalize_id(run_id), new_note(text))


@click.command("tag")
@click.argument("location")
@click.argument("run_id")
@click.argument("tags", nargs=-1, required=True)
@click.option("-r", "--remove", is_flag=True, help="Take the tags away.")
def tag_run(location: str, run_id: str, tags: Sequence[str], remove: bool) -> None:
    """Put TAGS on the run RUN_ID at LOCATION: --where "tags has baseline" finds them."""
    open_store(location).annotate(normalize_id(run_id), new_tags(tags, remove))
