"""``sacred runs export``."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import click

from sacred_core.cli.runs.options import (
    LocationCommand,
    open_runs,
    raw_option,
    recursive_option,
    report_damage,
    where_option,
    writing,
)
from sacred_core.cli.runs.remarks import report_no_runs
from sacred_core.exceptions import DamagedRecordError
from sacred_core.listing.masked_runs import mask_runs
from sacred_core.plurals import counted
from sacred_core.printable import printable
from sacred_core.stores import RunStore, StoredRun, find_runs
from sacred_core.stores.finding import MetricSummaries
from sacred_core.stores.query import parse, parse_sort
from sacred_core.stores.tables import POINT_COLUMNS, Row, point_rows, run_row, write_rows

#: Runs from which on a progress bar is shown.
_MANY = 100


@click.command("export", cls=LocationCommand)
@click.argument("location")
@where_option
@recursive_option
@click.option("-s", "--sort", help="Sort by these fields, like -config.lr,start_time.")
@click.option(
    "--to", "target", required=True, type=click.Path(path_type=Path, dir_okay=False),
    help="The file: .csv, .json, .jsonl or .parquet.",
)  # fmt: skip
@click.option("--points", "has_points", is_flag=True, help="One row for each point of a metric.")
@click.option("-m", "--metric", "names", multiple=True, help="Only points of this metric.")
@raw_option
def export_runs(
    location: str,
    where: str | None,
    recursive: bool,
    sort: str | None,
    target: Path,
    has_points: bool,
    names: tuple[str, ...],
    raw: bool,
) -> None:
    """Write the runs at LOCATION to a file, one row each, or their points with --points.

    Rows have the configuration, the result, the last, least and greatest values of metrics, tags,
    notes and the comment. Parquet needs pyarrow.

    \b
    Example:
      sacred runs export my_runs --to runs.csv
    """
    store = open_runs(location, recursive)
    metrics = MetricSummaries(store)
    query = parse(where) if where else None
    found = mask_runs(find_runs(store, query, sort, metrics=metrics))
    if not found:
        order = [field for field, _ in parse_sort(sort)] if sort else []
        report_no_runs(store, location, query, order)
    runs = _with_progress(found)
    with writing(target):
        if has_points or names:
            rows = (row for run in runs for row in _points(store, run, names or None, raw))
            count = write_rows(rows, target, POINT_COLUMNS)
        else:
            count = write_rows((_run(run, metrics) for run in runs), target)
    click.echo(f"Wrote {counted(count, 'row')} to {printable(target)}.", err=True)


def _points(
    store: RunStore, run: StoredRun, names: Sequence[str] | None, raw: bool
) -> Iterator[Row]:
    """Yield the points of a run as far as they can be read."""
    try:
        yield from point_rows(store, run, names, raw)
    except DamagedRecordError as error:
        report_damage(run.id, error)


def _run(run: StoredRun, metrics: MetricSummaries) -> Row:
    if run.damage is not None:
        report_damage(run.id, run.damage)
    return run_row(run, metrics)


def _with_progress(runs: list[StoredRun]) -> Iterator[StoredRun]:
    if len(runs) < _MANY or not sys.stderr.isatty():
        yield from runs
        return
    bar: Iterable[StoredRun]
    with click.progressbar(runs, file=sys.stderr) as bar:
        yield from bar
