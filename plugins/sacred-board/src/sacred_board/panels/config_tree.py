"""A configuration as rows of a table: groups, entries and their origins."""

from collections.abc import Iterator
from typing import Any

import attrs

from sacred_core.compare.aspects.configuration import origin_of
from sacred_core.dotted_path import ROOT, DottedPath
from sacred_core.masking import mask_value
from sacred_core.printable import printable
from sacred_core.readable_numbers import format_value
from sacred_core.serialization import plain
from sacred_core.stores import StoredRun

#: Characters of a value that are shown at once, and at all.
_SHORT, _LONGEST = 160, 20_000


@attrs.frozen
class Row:
    """A group or an entry of nested data.

    Attributes:
        path: The dotted path.
        name: The last part of the path.
        depth: How many groups contain it.
        value: The value, None of a group.
        short: The beginning of a long value.
        origin: Where the value comes from; None if it is not recorded.
        mark: ``"update"`` of an entry that was set for this run, ``"named"`` of one that a named
            configuration set, else empty.
    """

    path: str
    name: str
    depth: int
    value: str | None = None
    short: str = ""
    origin: str | None = None
    mark: str = ""

    @property
    def is_group(self) -> bool:
        """Whether it has entries instead of a value."""
        return self.value is None


def config_rows(run: StoredRun) -> list[Row]:
    """Return the configuration of a run with origins, without secrets."""
    return [row if row.is_group else _with_origin(run, row) for row in tree_rows(run.config)]


def tree_rows(tree: Any) -> list[Row]:
    """Return nested data as rows, without secrets."""
    return [*_rows(masked(tree), ROOT)]


def masked(value: Any) -> Any:
    """Return plain data without secrets."""
    return mask_value(plain(value))[0]


def changed_rows(rows: list[Row]) -> list[Row]:
    """Return the entries that were set for this run, or by a named configuration."""
    return [row for row in rows if row.mark]


def _rows(tree: Any, path: DottedPath) -> Iterator[Row]:
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, value in pairs:
        inner = path.below(key)
        text, name = str(inner), printable(key)
        if value and (isinstance(value, dict) or _has_dictionary(value)):
            yield Row(text, name, len(path))
            yield from _rows(value, inner)
        else:
            shown = printable(format_value(value))
            cut = shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"
            short = f"{shown[:_SHORT]}…" if len(shown) > _SHORT else ""
            yield Row(text, name, len(path), cut, short)


def _has_dictionary(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(each, dict) for each in value)


def _with_origin(run: StoredRun, row: Row) -> Row:
    origin = origin_of(run, row.path)
    mark = ""
    if origin is not None:
        is_update = origin in ("command line", "update") or origin.endswith(", updated")
        mark = "update" if is_update else "named" if origin.startswith("named config") else ""
    return attrs.evolve(row, origin=None if origin is None else printable(origin), mark=mark)
