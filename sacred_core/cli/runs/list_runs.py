"""``sacred runs list``."""

from collections.abc import Sequence

import attrs
import click

from sacred_core.cli.runs.completing import complete_status
from sacred_core.cli.runs.options import (
    LocationCommand,
    by_rank_option,
    direction_option,
    exact_option,
    extra_argument_error,
    open_runs,
    recursive_option,
    report_damage,
    where_option,
)
from sacred_core.cli.runs.remarks import report_no_runs, report_unknown
from sacred_core.exceptions import OptionError
from sacred_core.listing.cells import Form, to_csv
from sacred_core.listing.columns import chosen_columns, default_columns
from sacred_core.listing.grouping import (
    group_as_data,
    group_columns,
    group_rows,
    group_table,
    is_all_but,
    named_group_fields,
    parse_groups,
)
from sacred_core.listing.masked_runs import mask_runs
from sacred_core.listing.run_data import as_data
from sacred_core.listing.table import TableColumn, fit, table_text
from sacred_core.listing.writer_facts import rows_by_writer
from sacred_core.plurals import counted
from sacred_core.serialization import strict_json
from sacred_core.stores import RunQuery, RunStore, StoredRun, find_runs
from sacred_core.stores.changes import change_token
from sacred_core.stores.finding import MetricSummaries, count_runs
from sacred_core.stores.query import Column, Field, Query, parse, parse_columns, parse_sort
from sacred_core.stores.run_tree import arrange_tree, indented
from sacred_core.terminal import terminal_width

COLUMNS = "id,status,start_time,duration,name,command"
#: What `--since` has in place of the token of an earlier listing.
_START = "start"


@click.command("list", cls=LocationCommand)
@click.argument("location")
@click.argument("more", nargs=-1, metavar="")
@where_option
@recursive_option
@click.option(
    "--status",
    shell_complete=complete_status,
    help="Only runs with this status, such as FAILED or DEAD.",
)
@click.option("--name", help="Only runs of this experiment.")
@click.option("-s", "--sort", help="Sort by these fields, like -config.lr,start_time.")
@direction_option
@click.option(
    "-n",
    "--limit",
    type=click.IntRange(1),
    help="Maximum number of runs (newest first when unsorted).",
)
@click.option("--offset", type=click.IntRange(0), default=0, help="Skip this many runs.")
@click.option(
    "--since",
    metavar="TOKEN",
    help="Only runs that changed since the token of an earlier listing; 'start' for all runs. The "
    "token of this listing is the last line of --json, else it goes to standard error.",
)
@click.option("-c", "--columns", help="Show these fields, like id,config.lr,metrics.loss.min.")
@click.option(
    "--only",
    type=click.Choice(["run", "config", "result", "metrics"]),
    multiple=True,
    help="Show only these columns.",
)
@click.option("--all", "has_all", is_flag=True, help="Show all columns, at any width.")
@click.option(
    "--group-by",
    metavar="FIELDS",
    help="One row for each group of runs: 'all-but seed', or fields like config.lr,name.",
)
@click.option(
    "--tree",
    "is_tree",
    is_flag=True,
    help="Show each run below the run in which it was started, if both are listed.",
)
@by_rank_option
@exact_option
@click.option("--json", "form", flag_value="json", help="One JSON object a line.")
@click.option("--csv", "form", flag_value="csv", help="Print CSV.")
def list_runs(
    location: str, more: Sequence[str], where: str | None, recursive: bool, status: str | None,
    name: str | None, sort: str | None, limit: int | None, offset: int, since: str | None,
    columns: str | None, only: Sequence[str], has_all: bool, group_by: str | None, is_tree: bool,
    by: str | None, is_exact: bool, form: str | None,
) -> None:  # fmt: skip
    """List the runs at LOCATION, a folder or a URL, from the oldest to the newest.

    By default a table shows the entries of the configuration that differ, results and the last
    values of metrics, as far as they fit the terminal.

    \b
    Example:
      sacred runs list my_runs -w 'config.lr > 0.01' -s -metrics.loss.min
    """
    query = RunQuery(
        where=parse(where) if where else None,
        status=status.upper() if status else None,
        name=name or None,
    ).where
    groups = _parse_groups(group_by, more)
    _check_rows(is_tree, groups is not None, by is not None)
    columns = columns or (COLUMNS if form == "csv" and not has_all and not only else None)
    chosen = None if columns is None else parse_columns(columns)
    store = open_runs(location, recursive)
    metrics = MetricSummaries(store)
    used = None if chosen is None or form == "json" or groups else _used_fields(chosen)
    token = None if since is None else change_token(store)
    since = None if since == _START else since
    found = mask_runs(
        find_runs(store, query, sort, limit, offset, fields=used, metrics=metrics, since=since)
    )
    rows = found if by is None else rows_by_writer(store, found)
    placed = arrange_tree(found, lambda run: run) if is_tree else [(run, None) for run in rows]
    found = [run for run, _ in placed]
    cells = Form.DATA if form == "csv" else Form.EXACT if is_exact else Form.SHORT
    if groups is not None:
        _print_groups(found, metrics, groups, form, cells, has_all)
    elif form == "json":
        for run, level in placed:
            click.echo(strict_json(as_data(run) | ({} if level is None else {"level": level})))
    elif chosen is not None or found:
        # The configuration is that of the run, which each of its writers has.
        kinds = only or (() if by is None else ("run", "result", "metrics"))
        every = has_all or form == "csv"
        _print_columns(_columns(placed, metrics, chosen, kinds, every, cells), cells, has_all)
    if form is None:
        _print_remarks(store, query, found, limit)
    named = _named_fields(sort, chosen, groups)
    if found:
        report_unknown(store, found, query, named, metrics)
    else:
        report_no_runs(store, location, query, named, form is not None or token is not None)
    if token is not None:
        _print_token(token, form)


def _check_rows(is_tree: bool, has_groups: bool, has_writers: bool) -> None:
    """Check that one of the options for the rows is used at most.

    Raises:
        OptionError: there are several.
    """
    if is_tree and has_groups:
        raise OptionError("--tree shows runs and --group-by groups: use one of them")
    if has_writers and (is_tree or has_groups):
        raise OptionError("--by rank shows writers of runs: use it without --tree and --group-by")


def _columns(
    placed: Sequence[tuple[StoredRun, int | None]],
    metrics: MetricSummaries,
    chosen: Sequence[Column] | None,
    only: Sequence[str],
    has_all: bool,
    form: Form,
) -> list[TableColumn]:
    """Return the columns that the user chose, or else those that answer what differs."""
    found = [run for run, _ in placed]
    if chosen is None:
        shown = default_columns(found, metrics, only, has_all, form)
    else:
        shown = chosen_columns(found, chosen, metrics, form)
    return _with_levels(shown, placed, form)


def _with_levels(
    columns: list[TableColumn], placed: Sequence[tuple[StoredRun, int | None]], form: Form
) -> list[TableColumn]:
    """Return columns that show the levels of a tree: by indentation, or in a column of data."""
    if not placed or placed[0][1] is None:
        return columns
    known = [level or 0 for _, level in placed]
    if form is Form.DATA:
        return [*columns, TableColumn("level", list(map(str, known)))]
    first, *others = columns
    cells = [indented(text, level) for text, level in zip(first.cells, known, strict=True)]
    return [attrs.evolve(first, cells=cells), *others]


def _used_fields(columns: Sequence[Column]) -> list[Field]:
    """Return the fields of columns, and that by which `mask_runs` recognizes runs of Sacred."""
    return [*(column.field for column in columns), Field("meta")]


def _parse_groups(
    text: str | None, more: Sequence[str]
) -> tuple[list[Field] | None, list[str]] | None:
    """Return the groups that the user described, None without ``--group-by``.

    Args:
        text: The argument of the option.
        more: Words after it: a shell splits ``all-but seed``.

    Raises:
        click.UsageError: the words belong to nothing.
    """
    if text is not None and is_all_but(text):
        return parse_groups(" ".join((text, *more)))
    if more:
        raise extra_argument_error(more)
    return None if text is None else parse_groups(text)


def _named_fields(
    sort: str | None,
    columns: Sequence[Column] | None,
    groups: tuple[list[Field] | None, list[str]] | None,
) -> list[Field]:
    """Return the fields that the user named, beside those of the query."""
    fields = [field for field, _ in parse_sort(sort)] if sort else []
    fields += [column.field for column in columns or ()]
    return fields + (named_group_fields(groups) if groups is not None else [])


def _print_token(token: str, form: str | None) -> None:
    if form == "json":
        click.echo(strict_json({"change_token": token}))
    else:
        click.echo(f"Later changes: --since {token}", err=True)


def _print_columns(columns: Sequence[TableColumn], form: Form, has_all: bool) -> None:
    if form is Form.DATA:
        rows = zip(*((column.heading, *column.cells) for column in columns), strict=True)
        # With `color`, click changes nothing of the data.
        click.echo(to_csv([*rows]), color=True)
    elif columns[0].cells:
        shown, hidden = fit(columns, None if has_all else terminal_width())
        click.echo(table_text(shown))
        if hidden:
            click.echo(f"Not shown: {', '.join(hidden)} (--all, --only or --columns)", err=True)


def _print_groups(
    found: Sequence[StoredRun],
    metrics: MetricSummaries,
    groups: tuple[list[Field] | None, list[str]],
    form: str | None,
    cells: Form,
    has_all: bool,
) -> None:
    rows = group_rows(found, metrics, *groups)
    if form == "json":
        for each in rows:
            click.echo(strict_json(group_as_data(each)))
    elif form == "csv":
        click.echo(to_csv(group_table(rows)), color=True)
    elif rows:
        _print_columns(group_columns(rows, groups[0] is not None, cells), cells, has_all)


def _print_remarks(
    store: RunStore, query: Query | None, found: Sequence[StoredRun], limit: int | None
) -> None:
    """Print what is not in the table: how many runs there are, and what is wrong with some."""
    if limit is not None and len(found) == limit:
        total = count_runs(store, query)
        if total is not None and total > limit:
            click.echo(f"{limit} of {counted(total, 'run')}.", err=True)
    for run in found:
        if run.damage is not None:
            report_damage(run.id, run.damage)
