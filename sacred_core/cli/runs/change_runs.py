"""``sacred runs delete``, ``note`` and ``tag``."""

from collections.abc import Sequence

import click

from sacred_core.cli.runs.completing import complete_ids
from sacred_core.cli.runs.ids import get_runs
from sacred_core.cli.runs.list_runs import COLUMNS
from sacred_core.cli.runs.options import LocationCommand, where_option
from sacred_core.cli.runs.remarks import report_no_runs
from sacred_core.exceptions import StoreError, UnavailableError
from sacred_core.listing.columns import chosen_columns
from sacred_core.listing.table import fit, table_text
from sacred_core.plurals import counted
from sacred_core.printable import printable
from sacred_core.stores import RunStore, find_runs, open_store
from sacred_core.stores.annotations import Annotation, new_note, new_tags
from sacred_core.stores.finding import MetricSummaries
from sacred_core.stores.query import parse, parse_columns
from sacred_core.terminal import terminal_width


@click.command("delete", cls=LocationCommand)
@click.argument("location")
@click.argument("run_ids", shell_complete=complete_ids, nargs=-1)
@where_option
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def delete_runs(location: str, run_ids: Sequence[str], where: str | None, yes: bool) -> None:
    """Delete the runs RUN_IDS at LOCATION, or those that match a query, after asking.

    A range such as 20-22 is all runs with these ids. Files that other runs use too stay. A running
    run is not deleted.

    \b
    Example:
      sacred runs delete my_runs 3 7-9
    """
    if bool(run_ids) == (where is not None):
        raise click.UsageError("specify the runs: either their ids or --where")
    query = parse(where) if where else None
    store = open_store(location)
    found = get_runs(store, run_ids) if query is None else find_runs(store, query)
    if not found:
        report_no_runs(store, location, query)
        return
    if not yes:
        columns = chosen_columns(found, parse_columns(COLUMNS), MetricSummaries(store))
        shown, _ = fit(columns, terminal_width())
        click.echo(table_text(shown))
        click.confirm(f"Delete {counted(len(found), 'run')}?", abort=True)
    problems = []
    for run in found:
        try:
            store.delete(run.id)
        except UnavailableError:
            raise
        except StoreError as error:  # such as a running run: the others are deleted
            problems.append(str(error))
        else:
            click.echo(f"Deleted run {printable(run.id)}.")
    if problems:
        raise StoreError("; ".join(problems))


@click.command("note", cls=LocationCommand)
@click.argument("location")
@click.argument("run_id", shell_complete=complete_ids)
@click.argument("text")
def note_run(location: str, run_id: str, text: str) -> None:
    """Add the note TEXT to the run RUN_ID at LOCATION, or to all runs of a range like 20-22.

    \b
    Example:
      sacred runs note my_runs 3 'the learning rate is too high'
    """
    _annotate(open_store(location), run_id, new_note(text))


@click.command("tag", cls=LocationCommand)
@click.argument("location")
@click.argument("run_id", shell_complete=complete_ids)
@click.argument("tags", nargs=-1, required=True)
@click.option("-r", "--remove", is_flag=True, help="Take the tags away.")
def tag_run(location: str, run_id: str, tags: Sequence[str], remove: bool) -> None:
    """Put TAGS on the run RUN_ID at LOCATION, or on all runs of a range like 20-22.

    --where "tags has baseline" finds them.

    \b
    Example:
      sacred runs tag my_runs 3 baseline
    """
    _annotate(open_store(location), run_id, new_tags(tags, remove))


def _annotate(store: RunStore, run_id: str, annotation: Annotation) -> None:
    """Add one annotation to the run, or to all runs of the range."""
    for run in get_runs(store, [run_id]):
        store.annotate(run.id, annotation)
