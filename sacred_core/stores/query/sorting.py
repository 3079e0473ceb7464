"""Puts runs in order, whatever they hold."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

import attrs

from sacred_core.serialization import number
from sacred_core.stores.model import StoredRun
from sacred_core.stores.query.nodes import Field
from sacred_core.stores.query.reading import MISSING, MetricOf, is_number, read

#: What `parse_sort` returns: fields, the foremost first, and whether each is descending.
Order: TypeAlias = Sequence[tuple[Field, bool]]
SortKey: TypeAlias = tuple[tuple[Any, ...], ...]

_PRESENT, _NAN, _ABSENT = range(3)


def sort_key(
    order: Order, run: StoredRun, metrics: MetricOf, now: datetime | None = None
) -> SortKey:
    """Return what to sort ``run`` by; the keys of one order can be compared with each other.

    Numbers come before texts, then true and false, times and anything else, or the other way
    round. What is missing is last in both directions, after NaN.

    Example:
        ```python
        order = parse_sort("-config.lr,start_time")
        runs.sort(key=lambda run: sort_key(order, run, store.metrics(run.id).get))
        ```
    """
    now = now or datetime.now(UTC)
    return tuple(
        _place(read(field, run, metrics, now), is_descending) for field, is_descending in order
    )


def _place(value: Any, is_descending: bool) -> tuple[Any, ...]:
    if value is MISSING:
        return (_ABSENT,)
    rank, value = _ranked(number(value))
    if value != value:
        return (_NAN,)
    return (_PRESENT, _Descending((rank, value))) if is_descending else (_PRESENT, rank, value)


def _ranked(value: Any) -> tuple[int, Any]:
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
