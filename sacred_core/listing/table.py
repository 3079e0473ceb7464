"""Tables: their columns, which of them fit a terminal, and how far cells are shown there."""

import itertools
import os
from collections.abc import Sequence
from typing import Any

import attrs

from sacred_core.stores.query import Field
from sacred_core.terminal import ELLIPSIS, align, shorten, text_width, without_start

#: Columns of the terminal that a long cell gets at least, by the kind of its column.
_SHORTEST = {"chosen": 6, "statistics": 16}
#: The same of the other kinds.
_SHORTEST_CELL = 28
#: Kinds with values of entries, such as paths, which may differ only at their end.
_OF_VALUES = ("config", "group", "chosen")
_SEPARATORS = "/\\ ,="
_GAP = "  "
#: Kinds of columns, the most important first.
_IMPORTANCE = (
    "run", "group", "chosen", "statistics", "result", "first metric", "config", "minor", "metrics",
)  # fmt: skip


@attrs.frozen
class TableColumn:
    """A column of a table.

    Attributes:
        heading: Its first row.
        cells: Those of the runs, in their order.
        kind: ``"run"``, ``"minor"`` (of the run, and less important), ``"config"``, ``"result"``,
            ``"metrics"``, ``"group"`` (what the runs of a group share), ``"statistics"`` (of a
            group) or ``"chosen"`` (by the user).
        field: What the cells are read from; None of a column without a field, such as the number
            of runs of a group.
        values: Those that the cells show, `MISSING` where a run has none.
    """

    heading: str
    cells: list[str]
    kind: str = "run"
    field: Field | None = None
    values: Sequence[Any] = attrs.field(factory=list, repr=False)

    @property
    def width(self) -> int:
        """Columns of the terminal that its widest cell occupies."""
        return max(text_width(self.heading), *map(text_width, self.cells), 0)

    def shortened(self, limit: int) -> "TableColumn":
        """Return the column with cells of at most so many columns of the terminal.

        What all values begin with is left out if they would look the same with it.
        """
        cells = [shorten(text, limit) for text in self.cells]
        if self.kind in _OF_VALUES and len({*cells}) < len({*self.cells}):
            cells = [shorten(text, limit) for text in _without_common_start(self.cells, limit)]
        return attrs.evolve(self, heading=shorten(self.heading, limit), cells=cells)


def fit(columns: Sequence[TableColumn], width: int | None) -> tuple[list[TableColumn], list[str]]:
    """Return the columns that fit a width, long cells shortened, and the headings of the others.

    Columns that the user chose, what a group shares, and id, status and age come first, then the
    result, a metric, the configuration, what is less important about the run, and other metrics.

    Args:
        columns: In the order in which they are shown.
        width: Columns of the terminal; None if all is shown.
    """
    if width is None:
        return [*columns], []
    widths = [column.width for column in columns]
    used = -len(_GAP)
    chosen: set[int] = set()
    for number in _by_importance(columns):
        shortest = _SHORTEST.get(columns[number].kind, _SHORTEST_CELL)
        needed = min(widths[number], shortest) + len(_GAP)
        if not chosen or used + needed <= width:
            used += needed
            chosen.add(number)
    limit = _limit([widths[number] for number in chosen], width - len(_GAP) * (len(chosen) - 1))
    hidden = [column.heading for number, column in enumerate(columns) if number not in chosen]
    return [columns[number].shortened(limit) for number in sorted(chosen)], hidden


def table_text(columns: Sequence[TableColumn]) -> str:
    """Return columns as lines, the first of which has the headings."""
    rows = zip(*((column.heading, *column.cells) for column in columns), strict=True)
    return "\n".join(align(rows, _GAP))


def _without_common_start(cells: Sequence[str], limit: int) -> list[str]:
    """Return cells with an ellipsis in place of as much of their common start as does not fit."""
    start = os.path.commonprefix([*{*filter(None, cells)}])  # noqa: RUF071 - by characters
    widths = [text_width(cell) for cell in cells]
    left_out = max(widths) - limit + len(ELLIPSIS)
    if left_out > text_width(start):  # then words and names are shown from their beginnings
        name = text_width(start[max(map(start.rfind, _SEPARATORS)) + 1 :])
        left_out = text_width(start) - (name if name + len(ELLIPSIS) * 2 < limit else 0)
    rests = map(without_start, cells, itertools.repeat(left_out))
    return [ELLIPSIS + rest if cell else "" for cell, rest in zip(cells, rests, strict=True)]


def _by_importance(columns: Sequence[TableColumn]) -> list[int]:
    """Return the numbers of the columns, the most important first."""
    kinds = [column.kind for column in columns]
    if "metrics" in kinds:
        kinds[kinds.index("metrics")] = "first metric"
    return sorted(range(len(columns)), key=lambda number: _IMPORTANCE.index(kinds[number]))


def _limit(widths: Sequence[int], room: int) -> int:
    """Return the greatest width of a column with which all columns have room."""
    for number, width in enumerate(sorted(widths)):
        share = room // (len(widths) - number)
        if width > share:
            return max(share, 1)
        room -= width
    return max(widths, default=0)
