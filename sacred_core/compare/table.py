"""What differs between several runs, as a table."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from sacred_core.compare.compared_run import Comparable, ComparedRun
from sacred_core.compare.diffing import collect_all_facts, find_aspects, is_equal
from sacred_core.compare.records import MISSING
from sacred_core.compare.value_text import value_text
from sacred_core.masking import mask_text
from sacred_core.plurals import counted
from sacred_core.printable import printable
from sacred_core.readable_numbers import distinct_digits
from sacred_core.serialization import plain
from sacred_core.stores.run_display import box
from sacred_core.terminal import align, shorten, text_width

_GAP = "  "
_INDENT = "  "
#: The cell of a run that does not have a fact.
_NOTHING = "(missing)"
_HEXADECIMAL = re.compile(r"[0-9a-f]{32,}")
#: Characters of a digest, and columns that each cell of a narrow table has at least.
_DIGEST, _NARROWEST = 8, 10
#: Columns of the cells of a table that is not in a terminal.
_LONGEST = 60
#: Rows and runs of a table in a notebook.
_MOST_ROWS, _MOST_RUNS = 100, 20


@attrs.frozen
class TableRow:
    """A fact that differs between runs.

    Attributes:
        aspect: The name of the aspect.
        key: What differs.
        values: Of the runs, in their order, as plain data; `MISSING` where a run does not have it.
    """

    aspect: str
    key: str
    values: tuple[Any, ...]

    def cells(self) -> list[str]:
        """Return the values as short strings: of dictionaries the entries that differ."""
        present = [value for value in self.values if value is not MISSING]
        names = _differing_entries(present)
        exact = [_cell(value, names, None) for value in present]
        short = [_cell(value, names, distinct_digits(present)) for value in present]
        cells = iter(short if len({*short}) == len({*exact}) else exact)  # 1 and 1.0 differ
        return [_NOTHING if value is MISSING else next(cells) for value in self.values]


@attrs.frozen(repr=False)
class DiffTable:
    """What differs between several runs. It is true if anything does.

    Attributes:
        runs: The runs.
        rows: What differs, in the order of the aspects.
        titles: The headings of the aspects that were compared, by their names.
        problems: What could not be compared and why, a line each.
    """

    runs: tuple[ComparedRun, ...]
    rows: tuple[TableRow, ...]
    titles: Mapping[str, str]
    problems: tuple[str, ...] = ()

    def __repr__(self) -> str:
        count = counted(len(self.rows), "difference")
        return f"<DiffTable {', '.join(run.name for run in self.runs)}: {count}>"

    def __str__(self) -> str:
        return self.text()

    def __bool__(self) -> bool:
        return bool(self.rows)

    def section(self, name: str) -> list[TableRow]:
        """Return what differs under an aspect."""
        return [row for row in self.rows if row.aspect == name]

    def names(self) -> list[str]:
        """Return the names of the runs: their ids if all are in one store."""
        is_one = len({run.location for run in self.runs}) == 1
        return [printable(run.run.id) if is_one else run.name for run in self.runs]

    def lines(self, width: int | None = None) -> list[str]:
        """Return the lines of the table.

        Args:
            width: Columns of the terminal, to which cells are shortened; None outside of one.
        """
        if not self:
            return ["Nothing that was compared differs."]
        rows: list[Sequence[str]] = [["run", *self.names()]]
        for name, title in self.titles.items():
            own = self.section(name)
            rows += [[f"{title}:", *("" for _ in self.runs)]] if own else []
            rows += [[f"{_INDENT}{row.key}", *row.cells()] for row in own]
        shown = [[printable(mask_text(cell)) for cell in row] for row in rows]
        limit = self._limit(max(text_width(row[0]) for row in shown), width)
        return align(([row[0], *(shorten(cell, limit) for cell in row[1:])] for row in shown), _GAP)

    def text(self, width: int | None = None) -> str:
        """Return the table for people; see `lines`."""
        return "\n".join(self.lines(width))

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the first rows, with the first runs."""
        rows: list[list[str]] = []
        aspect = None
        for row in self.rows[:_MOST_ROWS]:
            if row.aspect != aspect:
                aspect = row.aspect
                rows.append([f"{self.titles[aspect]}:"])
            rows.append([row.key, *row.cells()[:_MOST_RUNS]])
        hidden = len(self.rows) - _MOST_ROWS
        rows += [[f"and {hidden} more; to see them: print(….text())"]] if hidden > 0 else []
        rows += [["not compared", problem] for problem in self.problems]
        shown = [[shorten(printable(mask_text(cell)), _LONGEST) for cell in row] for row in rows]
        count = f"{counted(len(self.runs), 'run')}, {counted(len(self.rows), 'difference')}"
        more = "" if len(self.runs) <= _MOST_RUNS else f"; the first {_MOST_RUNS} runs"
        return box(f"{count}{more}", ["run", *self.names()[:_MOST_RUNS]], shown)

    def data(self) -> dict[str, Any]:
        """Return the table as plain data, as ``docs/diff-table.schema.json`` describes it."""
        return {
            "runs": [run.data() for run in self.runs],
            "differs": bool(self),
            "sections": {
                name: [
                    {"key": row.key, "values": [*map(_value_data, row.values)]}
                    for row in self.section(name)
                ]
                for name in self.titles
            },
            "problems": [*self.problems],
        }

    def _limit(self, first: int, width: int | None) -> int:
        if width is None:
            return _LONGEST
        room = width - first - len(_GAP) * len(self.runs)
        return max(room // len(self.runs), _NARROWEST)


def diff_table(runs: Iterable[Comparable], only: Iterable[str] | None = None) -> DiffTable:
    """Compare any number of runs.

    Args:
        runs: Each as in `diff`.
        only: Names of the aspects that are compared; None for all.

    Returns:
        What differs between any two of them.

    Raises:
        OptionError: there is no such aspect.
        StoreError: a run does not exist, or a store cannot be read.
    """
    aspects = find_aspects(only)
    sides = [*map(ComparedRun.of, runs)]
    rows: list[TableRow] = []
    titles: dict[str, str] = {}
    problems: list[str] = []
    for aspect in aspects:
        facts = collect_all_facts(aspect, sides, problems)
        if facts is not None:
            rows += _rows(aspect.name, facts)
            titles[aspect.name] = aspect.title or aspect.name
    problems = [*(each for side in sides for each in side.problems), *problems]
    return DiffTable(tuple(sides), tuple(rows), titles, tuple(dict.fromkeys(problems)))


def _rows(aspect: str, facts: Sequence[Mapping[str, Any]]) -> Iterable[TableRow]:
    for key in dict.fromkeys(key for own in facts for key in own):
        values = tuple(own.get(key, MISSING) for own in facts)
        if not all(is_equal(values[0], value) for value in values[1:]):
            yield TableRow(aspect, key, values)


def _differing_entries(values: Sequence[Any]) -> list[str] | None:
    """Return the entries in which dictionaries differ; None for other values."""
    if not values or not all(isinstance(value, dict) for value in values):
        return None
    found = [
        name
        for name in dict.fromkeys(name for value in values for name in value)
        if not all(is_equal(values[0].get(name), value.get(name)) for value in values)
    ]
    readable = [name for name in found if not any(map(_is_digest, (v.get(name) for v in values)))]
    return readable or found or [*values[0]]


def _cell(value: Any, names: Sequence[str] | None, digits: int | None) -> str:
    if names is not None:
        own = {name: value[name] for name in names if name in value}
        return ", ".join(f"{name} {_cell(each, None, digits)}" for name, each in own.items())
    return value[:_DIGEST] if _is_digest(value) else value_text(value, digits)


def _is_digest(value: Any) -> bool:
    return isinstance(value, str) and _HEXADECIMAL.fullmatch(value) is not None


def _value_data(value: Any) -> dict[str, Any]:
    return {} if value is MISSING else {"value": plain(value)}
