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

_NUMBERS = frozenset((float, int))
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
    kinds = set(map(type, values))
    if bool in kinds:
        values = [comparable_number(value) for value in values]
        kinds = set(map(type, values))
    if kinds <= _NUMBERS:
        is_exact = int not in kinds or _are_exact(values)
        total = sum(values) if is_exact else 0
        if is_exact and total != total:  # NaN has many forms
            values = [value if value == value else math.nan for value in values]
        if is_exact:
            # As a float of IEEE 754, where 0.0 and -0.0 are equal.
            has_zeros = 0 in values
            return b"d", array("d", [v + 0.0 for v in values] if has_zeros else values).tobytes()
    return b"j", canonical_json([comparable_number(value) for value in values]).encode("ascii")


def _are_exact(values: Sequence[Any]) -> bool:
    return all(abs(value) <= _LARGEST for value in values if type(value) is int)


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
