"""The semantics of queries and orders: the reference for backends that translate queries.

A condition on what a run does not have is false, and so is one between values that cannot be
compared, like a text and a number; but ``!=``, ``!~`` and ``not in`` hold for whatever is there
and is not equal. A query is two-valued: ``not`` turns each of these around.
"""

import operator
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

import attrs

from sacred_core.dotted_path import MISSING
from sacred_core.serialization import number
from sacred_core.stores.model import StoredRun
from sacred_core.stores.query.fields import MetricOf, read
from sacred_core.stores.query.nodes import (
    And,
    Condition,
    Field,
    Not,
    Or,
    Query,
    absolute,
    fields_of,
)
from sacred_core.stores.summaries import is_number

#: What `parse_sort` returns: fields, the most significant first, and whether each is descending.
Order: TypeAlias = Sequence[tuple[Field, bool]]
#: What `sort_key` returns.
SortKey: TypeAlias = tuple[tuple[Any, ...], ...]

_LISTS = (list, tuple)
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_NEGATED = {"!=": "=", "!~": "~", "not in": "in"}
_PRESENT, _NAN, _ABSENT = range(3)


def matches(query: Query, run: StoredRun, metrics: MetricOf, now: datetime | None = None) -> bool:
    """Return whether ``query`` selects ``run``. Nothing stored makes it raise.

    Args:
        metrics: Returns a metric of this run, or None; called, perhaps repeatedly, only if a
            condition on metrics decides.
        now: An aware time, by default the present.
    """
    return _holds(query, run, metrics, now or datetime.now(UTC))


def needs_metrics(query: Query | Order) -> bool:
    """Return whether a query, or what `parse_sort` returned, depends on metrics."""
    if isinstance(query, (And, Or, Not, Condition)):
        return any(field.name == "metrics" for field in fields_of(query))
    return any(field.name == "metrics" for field, _ in query)


def sort_key(
    order: Order, run: StoredRun, metrics: MetricOf, now: datetime | None = None
) -> SortKey:
    """Return what to sort ``run`` by; the keys of one order can be compared with each other.

    Numbers come before strings, then true and false, times and anything else, or the other way
    round. What is missing is last in both directions, after NaN.

    Example:
        ```python
        order = parse_sort("-config.lr,start_time")
        runs.sort(key=lambda run: sort_key(order, run, store.metrics(run.id).get))
        ```
    """
    now = now or datetime.now(UTC)
    return tuple(
        value_key(read(field, run, metrics, now), is_descending) for field, is_descending in order
    )


def value_key(value: Any, is_descending: bool = False) -> tuple[Any, ...]:
    """Return what to sort one value by; see `sort_key`."""
    if value is MISSING:
        return (_ABSENT,)
    rank, value = _rank(number(value))
    if value != value:
        return (_NAN,)
    return (_PRESENT, _Descending((rank, value))) if is_descending else (_PRESENT, rank, value)


def _holds(query: Query, run: StoredRun, metrics: MetricOf, now: datetime) -> bool:
    match query:
        case And(parts):
            return all(_holds(part, run, metrics, now) for part in parts)
        case Or(parts):
            return any(_holds(part, run, metrics, now) for part in parts)
        case Not(part):
            return not _holds(part, run, metrics, now)
        case Condition(field, name, values):
            stored = read(field, run, metrics, now)
            if name in ("exists", "missing"):
                return (stored is MISSING) == (name == "missing")
            if stored is MISSING:
                return False
            fixed = [absolute(value, now) for value in values]
            if name in _NEGATED:
                return not _is(stored, _NEGATED[name], fixed)
            return _is(stored, name, fixed)


def _is(stored: Any, name: str, values: list[Any]) -> bool:
    if name in ("=", "in"):
        return any(_equal(stored, value) for value in values)
    if name == "between":
        return _compare(stored, ">=", values[0]) and _compare(stored, "<=", values[1])
    if name == "~":
        items = stored if isinstance(stored, _LISTS) else [stored]
        return any(isinstance(item, str) and fnmatchcase(item, values[0]) for item in items)
    if name == "has":
        return _has(stored, values[0])
    return _compare(stored, name, values[0])


def _has(stored: Any, value: Any) -> bool:
    if isinstance(stored, _LISTS):
        return any(_equal(item, value) for item in stored)
    return isinstance(stored, str) and isinstance(value, str) and value in stored


def _equal(stored: Any, value: Any) -> bool:
    if value is None or isinstance(value, bool):
        return stored is value
    pair = _comparable(stored, value)
    return pair is not None and bool(pair[0] == pair[1])


def _compare(stored: Any, name: str, value: Any) -> bool:
    pair = _comparable(stored, value)
    return pair is not None and bool(_ORDERS[name](*pair))


def _comparable(stored: Any, value: Any) -> tuple[Any, Any] | None:
    """Return both if they are two numbers, two strings or two times."""
    if is_number(value):
        stored = number(stored)  # what is not a JSON number was stored as a string
        return (stored, value) if is_number(stored) else None
    for kind in (str, datetime):
        if isinstance(value, kind):
            return (stored, value) if isinstance(stored, kind) else None
    return None


def _rank(value: Any) -> tuple[int, Any]:
    if is_number(value):
        return 0, value
    for rank, kind in enumerate((str, bool, datetime), 1):
        if isinstance(value, kind):
            return rank, value
    return 4, 0


@attrs.frozen
class _Descending:
    """Sorts the other way round, also a text."""

    value: tuple[int, Any]

    def __lt__(self, other: "_Descending") -> bool:
        return other.value < self.value
