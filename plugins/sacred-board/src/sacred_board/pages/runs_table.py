"""The table of runs: its headings, and the cells of each run."""

import itertools
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs

from sacred_board.data.listing import ListedRun
from sacred_board.pages.runs_address import RunsAddress, sort_link
from sacred_core.dotted_path import MISSING, DottedPath, leaves
from sacred_core.listing.cells import cell
from sacred_core.listing.table import TableColumn
from sacred_core.printable import printable
from sacred_core.readable_numbers import number_text
from sacred_core.readable_times import duration_text, relative_text, time_text
from sacred_core.stores.query import Field, is_number
from sacred_core.stores.run_tree import indented

#: Columns of the configuration and of metrics that a table has by default.
MOST_COLUMNS = 24
#: Characters of a cell, and of what is shown when the pointer is on it.
_LONGEST, _LONGEST_TITLE = 160, 1000
#: Entries of a result that have columns.
_MOST_PARTS = 8
_HEADINGS = {
    "id": "ID",
    "status": "Status",
    "start_time": "Started",
    "duration": "Duration",
    "name": "Name",
    "result": "Result",
    "tags": "Tags",
}
_SIMILAR = {"minor": "run", "chosen": "run"}
_OF_TIMES = ("start_time", "stop_time", "queue_time", "heartbeat")


@attrs.frozen(kw_only=True)
class Heading:
    """The heading of a column.

    Attributes:
        text: Its text.
        title: The field as the query language writes it.
        kind: That of its `TableColumn`.
        starts: It is the first column of its kind, and not the first of all.
        is_numeric: Its cells are numbers.
        link: Sorts by the column; None if it cannot be sorted.
        order: ``"ascending"`` or ``"descending"`` if the table is sorted by it.
    """

    text: str
    title: str = ""
    kind: str = "run"
    starts: bool = False
    is_numeric: bool = False
    link: str | None = None
    order: str | None = None


@attrs.frozen(kw_only=True)
class Cell:
    """A cell of a run.

    Attributes:
        text: Its text.
        title: More of it, empty if the text is all.
        kind: ``"status"``, ``"tags"``, ``"time"``, ``"elapsed"`` (the time since the start of a
            running run), ``"entries"`` (what differs within a group) or ``"text"``.
        is_numeric: See `Heading`.
        value: A status, tags, or a time.
    """

    text: str
    title: str = ""
    kind: str = "text"
    is_numeric: bool = False
    value: Any = None


@attrs.frozen(kw_only=True)
class Row:
    """A run of the table.

    Attributes:
        listed: The run with its location.
        key: ``SLUG/ID``, as addresses have it.
        status: The status.
        cells: The cells, without that of the id.
        indent: What is shown before the id: spaces for each run around this one.
    """

    listed: ListedRun
    key: str
    status: str
    cells: Sequence[Cell]
    indent: str = ""


def run_key(listed: ListedRun) -> str:
    """Return how an address refers to a run."""
    return f"{listed.location.slug}/{listed.run.id}"


def shown_columns(
    columns: Sequence[TableColumn], most: int = MOST_COLUMNS
) -> tuple[list[TableColumn], list[TableColumn]]:
    """Return the columns that a table has by default, and those that are hidden.

    Args:
        columns: Of `default_columns`.
        most: Maximum number of columns of the configuration, and of metrics.
    """
    counts: dict[str, int] = {}
    shown: list[TableColumn] = []
    hidden: list[TableColumn] = []
    for column in columns:
        counts[column.kind] = counts.get(column.kind, 0) + 1
        is_long = column.kind in ("config", "metrics", "statistics", "group")
        (hidden if is_long and counts[column.kind] > most else shown).append(column)
    return shown, hidden


def make_headings(columns: Sequence[TableColumn], address: RunsAddress) -> list[Heading]:
    """Return the headings of columns, with links that sort."""
    kinds = ["run", *(_SIMILAR.get(column.kind, column.kind) for column in columns)]
    pairs = itertools.pairwise(kinds)
    return [
        attrs.evolve(_heading(column, address), starts=before != kind)
        for column, (before, kind) in zip(columns, pairs, strict=True)
    ]


def make_rows(
    listed: Sequence[ListedRun], columns: Sequence[TableColumn], levels: Sequence[int] = ()
) -> list[Row]:
    """Return a row for each run; ``levels`` are those in a tree of runs."""
    now = datetime.now(UTC)
    cells = [_cells(column, listed, now) for column in columns]
    return [
        Row(
            listed=each,
            key=run_key(each),
            status=each.run.status_at(now),
            cells=[own[number] for own in cells],
            indent=indented("", levels[number]).replace(" ", "\xa0") if levels else "",
        )
        for number, each in enumerate(listed)
    ]


def is_numeric(column: TableColumn) -> bool:
    """Return whether all values of a column are numbers, or durations."""
    known = [value for value in column.values if value is not MISSING and value is not None]
    return column.kind == "statistics" or (bool(known) and all(map(is_number, known)))


def value_cell(text: str, value: Any, is_number_column: bool = False) -> Cell:
    """Return the cell of a value: its text, shortened, and the rest of it as the title."""
    if value is MISSING or value is None:
        return Cell(text="", is_numeric=is_number_column)
    exact = printable(number_text(value, None))
    short = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    is_cut = len(exact) > _LONGEST_TITLE
    title = f"{exact[:_LONGEST_TITLE]}…" if is_cut else exact
    return Cell(text=short, title="" if title == short else title, is_numeric=is_number_column)


def _heading(column: TableColumn, address: RunsAddress) -> Heading:
    field = column.field
    if field is None:
        return Heading(text=column.heading, kind=column.kind)
    link, order = sort_link(address, field)
    text = _HEADINGS.get(str(field), column.heading)
    return Heading(
        text=text,
        title="" if text.lower() == str(field) else printable(str(field)),
        kind=column.kind,
        is_numeric=is_numeric(column),
        link=link,
        order=order,
    )


def _cells(column: TableColumn, listed: Sequence[ListedRun], now: datetime) -> list[Cell]:
    own_kind = _CELLS.get(column.field.name) if column.field is not None else None
    if own_kind is not None and not (column.field and column.field.path):
        return [
            own_kind(value, each, now) for value, each in zip(column.values, listed, strict=True)
        ]
    numeric = is_numeric(column)
    return [
        value_cell(text, value, numeric)
        for text, value in zip(column.cells, column.values, strict=True)
    ]


def _status_cell(value: Any, listed: ListedRun, now: datetime) -> Cell:
    status = listed.run.status_at(now)
    return Cell(text=status, kind="status", value=status, title=printable(listed.run.damage or ""))


def _time_cell(value: Any, listed: ListedRun, now: datetime) -> Cell:
    if not isinstance(value, datetime):
        return Cell(text="")
    return Cell(
        text=relative_text(now - value),
        title=time_text(value),
        kind="time",
        value=value.isoformat(),
    )


def _duration_cell(value: Any, listed: ListedRun, now: datetime) -> Cell:
    run = listed.run
    if is_number(value):
        return Cell(text=duration_text(timedelta(seconds=value)), is_numeric=True)
    if run.start_time is not None and run.status_at(now) == "RUNNING":
        return Cell(
            text=duration_text(timedelta(seconds=int((now - run.start_time).total_seconds()))),
            title="still running",
            kind="elapsed",
            is_numeric=True,
            value=run.start_time.isoformat(),
        )
    return Cell(text="", is_numeric=True)


def _tags_cell(value: Any, listed: ListedRun, now: datetime) -> Cell:
    return Cell(text="", kind="tags", value=[str(tag) for tag in listed.run.tags])


_CELLS: dict[str, Callable[[Any, ListedRun, datetime], Cell]] = {
    "status": _status_cell,
    "duration": _duration_cell,
    "tags": _tags_cell,
    **dict.fromkeys(_OF_TIMES, _time_cell),
}


def tags_column(listed: Sequence[ListedRun]) -> list[TableColumn]:
    """Return the column of the tags, if a run has one."""
    tags = [each.run.tags for each in listed]
    if not any(tags):
        return []
    return [TableColumn("TAGS", ["" for _ in listed], "run", Field("tags"), tags)]


def split_result(columns: Sequence[TableColumn]) -> list[TableColumn]:
    """Return columns in which results that are small dictionaries have a column for each entry."""
    return [part for column in columns for part in _parts(column)]


def _parts(column: TableColumn) -> list[TableColumn]:
    known = [value for value in column.values if value is not MISSING and value is not None]
    if column.field != Field("result") or not all(isinstance(each, dict) for each in known):
        return [column]
    paths = [*dict.fromkeys(path for each in known for path, _ in leaves(each))]
    if not 0 < len(paths) <= _MOST_PARTS:
        return [column]
    return [_part(column, path) for path in paths]


def _part(column: TableColumn, path: DottedPath) -> TableColumn:
    field = Field("result", path)
    values = [path.find(value, MISSING) for value in column.values]
    texts = [cell("result", value) for value in values]
    return TableColumn(printable(str(field)), texts, "result", field, values)
