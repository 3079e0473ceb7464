"""What the page of runs shows: a table of runs, or of groups of runs."""

from collections.abc import Sequence

import attrs

from sacred_board.data.runs_page import RunsPage
from sacred_board.pages.known_fields import MOST_RUNS, FieldGroup, known_fields
from sacred_board.pages.runs_address import RunsAddress, RunsView
from sacred_board.pages.runs_groups import Group, make_groups, show_groups, sort_groups
from sacred_board.pages.runs_table import (
    Heading,
    Row,
    make_headings,
    make_rows,
    shown_columns,
    split_result,
    tags_column,
)
from sacred_core.listing.columns import chosen_columns, default_columns
from sacred_core.listing.grouping import GroupRow, group_columns
from sacred_core.listing.table import TableColumn
from sacred_core.plurals import counted
from sacred_core.stores.query import Column, Field
from sacred_core.stores.run_tree import arrange_tree

_ID = Field("id")


@attrs.frozen(kw_only=True)
class RunsContent:
    """The content of the page of runs.

    Attributes:
        headings: Those of all columns but the first, which has the id or the number of runs.
        rows: The runs of the page.
        groups: The groups of the page.
        group_rows: The groups as `group_as_data` needs them.
        first: The heading of the first column.
        start: The number of the first row, counted from 1; 0 if there is none.
        end: That of the last one.
        total: The number of all rows; None: not known.
        pages: The number of pages; None: not known.
        hidden: The headings of columns that are not shown because there are too many.
        fields: The fields that can be in a filter, and from which columns can be chosen.
        size: The maximum number of rows.
        typed: Chosen columns that are not in ``fields``, as the user wrote them.
    """

    headings: Sequence[Heading]
    first: Heading
    rows: Sequence[Row] = ()
    groups: Sequence[Group] = ()
    group_rows: Sequence[GroupRow] = ()
    start: int = 0
    end: int = 0
    total: int | None = None
    pages: int | None = None
    hidden: Sequence[str] = ()
    fields: Sequence[FieldGroup] = ()
    size: int = 0
    typed: str = ""

    @property
    def range_text(self) -> str:
        """Which rows are shown, of how many: ``1 to 50 of 1234 runs``."""
        what = "group" if self.groups else "run"
        if self.total is None:
            return f"{self.start} to {self.end}" if self.end else ""
        if self.end - self.start + 1 >= self.total:
            return counted(self.total, what)
        return f"{self.start} to {self.end} of {counted(self.total, what)}"

    @property
    def has_next(self) -> bool:
        """Whether another page follows."""
        return len(self.rows) >= self.size if self.total is None else self.end < self.total


def make_content(page: RunsPage, view: RunsView, address: RunsAddress, size: int) -> RunsContent:
    """Return what the page of runs shows. It may read points: call it in a thread.

    Args:
        page: Its runs; all runs if they are grouped.
        view: What the address asks for.
        address: The address.
        size: Rows of a page.
    """
    if view.groups is not None:
        return _group_content(page, view, address, size)
    placed = [(each, 0) for each in page.runs]
    if view.order is None:  # a table that is sorted by a column stays so
        placed = arrange_tree(page.runs, lambda each: each.run)
    listed = [each for each, _ in placed]
    runs = [each.run for each in listed]
    columns: list[TableColumn] = []
    if view.columns is not None:
        chosen = [column for column in view.columns if column.field != _ID]
        columns = chosen_columns(runs, chosen, page.metrics)
    elif runs:
        columns = default_columns(runs, page.metrics, has_all=address.has_all)[1:]
        columns = split_result(columns) + tags_column(listed)
    shown, hidden = (columns, []) if address.has_all or view.columns else shown_columns(columns)
    fields = [column.field for column in shown if column.field is not None]
    newest = [each.run for each in page.known[:MOST_RUNS]]
    choices = known_fields(newest, page.metrics, fields)
    (first,) = make_headings([TableColumn("ID", [], "run", _ID)], address)
    return RunsContent(
        headings=make_headings(shown, address),
        first=first,
        rows=make_rows(listed, shown, [level for _, level in placed]),
        start=page.offset + 1 if listed else 0,
        end=page.offset + len(listed),
        total=page.total,
        pages=_pages(page.total, size),
        hidden=[column.heading for column in hidden],
        fields=choices,
        size=size,
        typed=_typed(view.columns, choices),
    )


def _group_content(page: RunsPage, view: RunsView, address: RunsAddress, size: int) -> RunsContent:
    assert view.groups is not None
    order = view.order
    rows = sort_groups(make_groups(page.runs, page.metrics, view.groups), order)
    offset = (address.page - 1) * size
    own = rows[offset : offset + size]
    columns = group_columns(own, view.groups[0] is not None) if own else []
    ids = columns[1].cells if columns else []
    shown, hidden = (columns[2:], []) if address.has_all else shown_columns(columns[2:])
    listed = {id(each.run): each for each in page.runs}
    newest = [each.run for each in page.runs[:MOST_RUNS]]
    return RunsContent(
        fields=known_fields(newest, page.metrics, ()),
        headings=make_headings(shown, address),
        first=Heading(text="Runs"),
        groups=show_groups(own, ids, shown, listed, page.metrics, address),
        group_rows=own,
        start=offset + 1 if own else 0,
        end=offset + len(own),
        total=len(rows),
        pages=_pages(len(rows), size),
        hidden=[column.heading for column in hidden],
    )


def _pages(total: int | None, size: int) -> int | None:
    return None if total is None else max(1, -(-total // size))


def _typed(columns: Sequence[Column] | None, groups: Sequence[FieldGroup]) -> str:
    """Return the chosen columns that have no check box."""
    known = {choice.field for group in groups for choice in group.choices}
    return ", ".join(
        column.heading
        for column in columns or ()
        if str(column.field) not in known and column.field != _ID
    )
