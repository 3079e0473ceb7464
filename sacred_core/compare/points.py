"""Compares the points of metrics: by digests, and by the first point that differs."""

import hashlib
import math
from array import array
from collections import Counter
from collections.abc import Sequence
from typing import Any

import attrs

from sacred_core.stores.canonical import canonical_json
from sacred_core.stores.curves import Points

#: Integers up to here are floats, too, without loss.
_LARGEST = 2**53
#: Points that are compared together.
_PART = 1000


@attrs.frozen
class Parting:
    """The first point in which two metrics differ.

    Attributes:
        index: Of the point, from 0.
        steps, values: Of the two metrics at this point; empty for one that ended before it.
        is_reordered: Both metrics have the same points, in different orders.
    """

    index: int
    steps: tuple[tuple[Any, ...], tuple[Any, ...]]
    values: tuple[tuple[Any, ...], tuple[Any, ...]]
    is_reordered: bool = False


def points_digest(points: Points) -> str:
    """Return a hexadecimal digest of steps and values; equal numbers have equal digests."""
    total = hashlib.sha256()
    for column in (points["steps"], points["values"]):
        kind, data = _column_bytes(column)
        total.update(kind + len(data).to_bytes(8, "little") + data)
    return total.hexdigest()


def find_parting(first: Points, second: Points) -> Parting | None:
    """Return where the points of two metrics part; None if they do not."""
    columns = [(first[name], second[name]) for name in ("steps", "values")]
    found = [index for index in (_first_difference(*pair) for pair in columns) if index is not None]
    if not found:
        return None
    index = min(found)
    steps, values = (
        (tuple(one[index : index + 1]), tuple(other[index : index + 1])) for one, other in columns
    )
    return Parting(index, steps, values, _is_reordered(first, second, index))


def comparable_number(value: Any) -> Any:
    """Return a number so that equal ones look alike: an integer where a float has no fraction."""
    if isinstance(value, bool):
        return int(value)
    is_integer = isinstance(value, float) and value.is_integer() and abs(value) <= _LARGEST
    return int(value) if is_integer else value


def _column_bytes(values: Sequence[Any]) -> tuple[bytes, bytes]:
    """Return the kind of a column, and its bytes: floats of IEEE 754 where they are exact."""
    kinds = set(map(type, values))
    if kinds == {float}:
        return b"d", _float_bytes(values)
    if kinds == {int} and min(values) >= -_LARGEST and max(values) <= _LARGEST:
        return b"d", array("d", values).tobytes()
    numbers = [comparable_number(value) for value in values]
    if all(type(number) is float or _is_exact(number) for number in numbers):
        return b"d", _float_bytes([*map(float, numbers)])
    return b"j", canonical_json(numbers).encode("ascii")


def _float_bytes(values: Sequence[float]) -> bytes:
    if math.isnan(sum(values)):  # NaN has many forms
        values = [value if value == value else math.nan for value in values]
    if 0.0 in values:  # 0.0 and -0.0 are equal
        values = [value + 0.0 for value in values]
    return array("d", values).tobytes()


def _is_exact(number: Any) -> bool:
    return type(number) is int and abs(number) <= _LARGEST


def _first_difference(first: Sequence[Any], second: Sequence[Any]) -> int | None:
    shortest = min(len(first), len(second))
    for start in range(0, shortest, _PART):
        stop = min(start + _PART, shortest)
        if first[start:stop] != second[start:stop]:
            for index in range(start, stop):
                if not _is_same(first[index], second[index]):
                    return index
    return None if len(first) == len(second) else shortest


def _is_same(one: Any, other: Any) -> bool:
    return bool(one == other or (one != one and other != other))


def _is_reordered(first: Points, second: Points, start: int) -> bool:
    if len(first["steps"]) != len(second["steps"]) or _is_same(
        first["steps"][start], second["steps"][start]
    ):
        return False
    counts = [
        Counter(zip(map(_hashable, own["steps"]), map(_hashable, own["values"]), strict=True))
        for own in (first, second)
    ]
    return counts[0] == counts[1]


def _hashable(value: Any) -> Any:
    if isinstance(value, float) and math.isnan(value):
        return "NaN"
    return value if isinstance(value, (int, float, str)) else canonical_json(value)
