"""Canonical bytes of plain data, times and points: equal wherever the same values are stored.

``docs/copying-runs.md`` has the format, which other programs can compute.
"""

import hashlib
import json
import math
import sys
from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sacred_core.serialization import plain
from sacred_core.stores.summaries import BLOCK_POINTS
from sacred_core.stores.times import to_milliseconds

_FLOATS, _INTEGERS = {float}, {int}
_JSON = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


def canonical_json(value: Any) -> str:
    """Return plain data as JSON in ASCII with sorted keys and without spaces.

    Integers and floats differ: ``3`` and ``3.0``. Floats have the fewest digits that are exact, as
    `repr` writes them; what JSON lacks is ``NaN``, ``Infinity`` and ``-Infinity``.
    """
    return _JSON.encode(plain(value))


def digest_data(value: Any) -> str:
    """Return the hexadecimal SHA-256 digest of `canonical_json`."""
    return hashlib.sha256(canonical_json(value).encode("ascii")).hexdigest()


class PointsDigest:
    """A digest of the points of a metric, which are added from the first to the last.

    The digest is that of blocks of 1,000 points. Parts may have any length.

    Attributes:
        points: Number of points that were added.
    """

    def __init__(self) -> None:
        self.points = 0
        self._hash = hashlib.sha256()
        self._rest: list[Sequence[Any]] = [[], [], []]

    def add(self, points: Mapping[str, Any]) -> None:
        """Add ``{"steps", "values", "timestamps"}``, lists of equal length."""
        columns = [points["steps"], points["values"], to_milliseconds(points["timestamps"])]
        self.points += len(columns[0])
        if len(self._rest[0]):
            columns = [[*old, *new] for old, new in zip(self._rest, columns, strict=True)]
        stop = len(columns[0]) // BLOCK_POINTS * BLOCK_POINTS
        for start in range(0, stop, BLOCK_POINTS):
            self._hash.update(_block([column[start : start + BLOCK_POINTS] for column in columns]))
        self._rest = [column[stop:] for column in columns]

    def hexdigest(self) -> str:
        """Return the hexadecimal SHA-256 digest of the points that were added."""
        total = self._hash.copy()
        if len(self._rest[0]):
            total.update(_block(self._rest))
        return total.hexdigest()


def _block(columns: Iterable[Sequence[Any]]) -> bytes:
    parts = [_column(column) for column in columns]
    count = len(parts[0][2])
    return b"".join((count.to_bytes(8, "little"), *(kind + data for kind, data, _ in parts)))


def _column(values: Sequence[Any]) -> tuple[bytes, bytes, Sequence[Any]]:
    """Return the kind of a column, its bytes, and the values."""
    values = values if isinstance(values, list) else [*values]
    kinds = set(map(type, values))
    if not kinds <= _FLOATS | _INTEGERS:  # such as a float of NumPy
        values = plain(values)
        kinds = set(map(type, values))
    if kinds == _FLOATS:
        if math.isnan(sum(values)):  # NaN has many forms
            values = [value if value == value else math.nan for value in values]
        return b"d", _little_endian(array("d", values)), values
    if kinds == _INTEGERS:
        try:
            return b"q", _little_endian(array("q", values)), values
        except OverflowError:
            pass
    text = _JSON.encode(values).encode("ascii")
    return b"j", len(text).to_bytes(8, "little") + text, values


def _little_endian(values: "array[Any]") -> bytes:
    if sys.byteorder == "big":
        values.byteswap()
    return values.tobytes()
