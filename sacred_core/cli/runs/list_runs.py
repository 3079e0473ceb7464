"""``sacred runs list``."""

import click

from sacred_core.cli.runs.text import as_data, to_csv, row, table
from sacred_core.printable import printable
from sacred_core.serialization import strict_json
from sacred_core.stores import RunQuery, find_runs, open_store
from sacred_core.stores.finding import MetricSummaries
from sacred_core.stores.query import parse, parse_columns

COLUMNS = "id,status,start_time,duration,name,command"
_HEADINGS = {"start_time": "STARTED", "duration": "TOOK", "name": "EXPERIMENT"}
where_option = click.option("-w", "--where", help="Only runs matching this query.")


@click.command("list")
@click.argument("location")
@where_option
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
@click.option("-c", "--columns", default=COLUMNS, help=f"Fields to show: {COLUMNS}.")
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
    rows = [row(run, shown, metrics, is_exact=form == "csv") for run in found]
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
