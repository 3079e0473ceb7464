"""The table of groups: a row for each group of runs, and one for each run of an opened group."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import urlencode

import attrs

from sacred_board.data.listing import ListedRun
from sacred_board.pages.runs_address import RunsAddress
from sacred_board.pages.runs_table import Cell, Row, is_numeric, run_key, value_cell
from sacred_core.dotted_path import MISSING
from sacred_core.listing.cells import Form, cell
from sacred_core.listing.grouping import GroupRow, group_rows, mean_text, statistics_text
from sacred_core.listing.table import TableColumn
from sacred_core.stores import StoredRun
from sacred_core.stores.finding import MetricSummaries
from sacred_core.stores.groups import Statistics, config_values, differing_fields
from sacred_core.stores.query import Field, read
from sacred_core.stores.query.evaluation import value_key

#: Runs of an opened group that are shown, and runs that one page compares.
MOST_MEMBERS, MOST_COMPARED = 100, 20
#: Entries that differ within a group that a run shows.
_MOST_ENTRIES = 4


@attrs.frozen(kw_only=True)
class Group:
    """A row of the table of groups.

    Attributes:
        key: That of its first run.
        runs: Its runs, the oldest first.
        keys: Those of its runs.
        ids: Their ids, or the first and the last of many.
        cells: Those of what the runs share, and of the statistics.
        toggle: Shows or hides the runs.
        is_open: They are shown.
        members: Their rows if they are shown.
        hidden: The number of runs that are not shown because there are too many.
        query: The parameters of a page with all runs; empty if there are too many.
    """

    key: str
    runs: Sequence[ListedRun]
    keys: Sequence[str]
    ids: str
    cells: Sequence[Cell]
    toggle: str
    is_open: bool = False
    members: Sequence[Row] = ()
    hidden: int = 0
    query: str = ""


def make_groups(
    listed: Sequence[ListedRun],
    metrics: MetricSummaries,
    groups: tuple[list[Field] | None, list[str]],
) -> list[GroupRow]:
    """Return the groups of runs, the one with the newest run first.

    Args:
        listed: All runs, the newest first.
        metrics: Their metrics.
        groups: See `parse_groups`.
    """
    oldest_first = [each.run for each in reversed(listed)]
    rows = group_rows(oldest_first, metrics, *groups)
    positions = {id(run): number for number, run in enumerate(oldest_first)}
    return sorted(rows, key=lambda row: positions[id(row.group.runs[-1])], reverse=True)


def sort_groups(
    rows: Sequence[GroupRow], order: Sequence[tuple[Field, bool]] | None
) -> list[GroupRow]:
    """Return groups sorted by values that their runs share, or by means."""

    def key(row: GroupRow) -> tuple[object, ...]:
        return tuple(value_key(_value(row, field), down) for field, down in order or ())

    return sorted(rows, key=key)


def show_groups(
    rows: Sequence[GroupRow],
    ids: Sequence[str],
    columns: Sequence[TableColumn],
    listed: Mapping[int, ListedRun],
    metrics: MetricSummaries,
    address: RunsAddress,
) -> list[Group]:
    """Return the rows of a table.

    Args:
        rows: The groups of the page.
        ids: The cells with the ids of their runs.
        columns: The other columns of `group_columns` that are shown.
        listed: The listed runs by `id` of their record.
        metrics: Of the runs.
        address: That of the page.
    """
    groups = []
    for number, row in enumerate(rows):
        runs = [listed[id(run)] for run in row.group.runs]
        keys = [run_key(each) for each in runs]
        is_open = keys[0] in address.opened
        opened = [each for each in address.opened if each != keys[0]]
        opened += [] if is_open else [keys[0]]
        group = Group(
            key=keys[0],
            runs=runs,
            keys=keys,
            ids=ids[number],
            cells=[_cell(column, number) for column in columns],
            toggle=address.link(opened=tuple(opened), page=address.page),
            is_open=is_open,
            members=_members(runs[:MOST_MEMBERS], columns, metrics) if is_open else [],
            hidden=max(0, len(runs) - MOST_MEMBERS),
            query=urlencode([("run", key) for key in keys]) if len(keys) <= MOST_COMPARED else "",
        )
        groups.append(group)
    return groups


def _value(row: GroupRow, field: Field) -> object:
    found = row.statistics.get(field)
    return row.group.values.get(field, MISSING) if found is None else found.mean


def _cell(column: TableColumn, number: int) -> Cell:
    value = column.values[number]
    if isinstance(value, Statistics):
        return Cell(
            text=mean_text(value), title=statistics_text(value, Form.EXACT), is_numeric=True
        )
    if column.kind == "statistics":
        return Cell(text="", is_numeric=True)
    return value_cell(column.cells[number], value, is_numeric(column))


def _members(
    runs: Sequence[ListedRun], columns: Sequence[TableColumn], metrics: MetricSummaries
) -> list[Row]:
    configs = [config_values(each.run) for each in runs]
    differing = differing_fields(configs)[:_MOST_ENTRIES]
    rows = []
    for each, config in zip(runs, configs, strict=True):
        status = each.run.status
        entries = ", ".join(
            f"{str(field).removeprefix('config.')}={cell(field.name, config[field])}"
            for field in differing
            if field in config
        )
        own = [_member_cell(column, each.run, metrics) for column in columns]
        cells = [Cell(text=entries, kind="entries"), *own]
        rows.append(Row(listed=each, key=run_key(each), status=status, cells=cells))
    return rows


def _member_cell(column: TableColumn, run: StoredRun, metrics: MetricSummaries) -> Cell:
    if column.kind != "statistics" or column.field is None:
        return Cell(text="")
    value = read(column.field, run, metrics.of(run), datetime.now(UTC))
    return value_cell(cell(column.field.name, value), value, is_number_column=True)
