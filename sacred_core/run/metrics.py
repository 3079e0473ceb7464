"""Numbers that a run logs, between two beats."""

import contextlib
import logging
import threading
import time
from array import array
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from numbers import Number, Real
from typing import Any

from sacred_core.exceptions import MetricValueError
from sacred_core.masking import mask_value
from sacred_core.plurals import counted
from sacred_core.serialization import INTERRUPTS, plain, type_name

Point = tuple[str, float, Any, float]  # name, step, value, seconds since the epoch
Column = Sequence[Any]
#: Steps, values and seconds by metric.
Block = dict[str, tuple[Column, ...]]
#: Maximum number of points in one event.
BLOCK = 10_000
_in_utc = datetime.fromtimestamp
_now = time.time


class MetricsBuffer:
    """Collects points and hands each on once. Methods may be called from any thread.

    A call costs a fraction of a microsecond: what costs more waits for the beat. Points that wait
    are packed, 24 bytes each.

    Attributes:
        keeps_points: False where they are not read later; values are checked all the same.

    Args:
        logger: Where a metric with values that are not numbers is reported.
    """

    keeps_points = True

    def __init__(self, logger: logging.Logger | None = None) -> None:
        self._logger = logger or logging.getLogger(__name__)
        self._warned: set[str] = set()
        self._points: list[Point] = []
        self._blocks: deque[Block] = deque()
        self._last_steps: dict[str, float] = {}
        self._handed_on: dict[str, int] = {}
        self._lock = threading.Lock()

    def log(self, name: Any, value: Any, step: Any = None) -> None:
        """Add a point; without ``step`` it follows the last one of its metric, from 0.

        A value that is not a number is stored as plain data, with one warning for each metric.

        Raises:
            MetricValueError: ``step`` is not a number, or ``name`` not a string, number or enum.
        """
        if type(name) is not str:
            name = _metric_name(name)
        kind = type(value)
        if kind is not float and kind is not int:
            value = self._point_value(name, value)
        if step is not None and type(step) is not int:
            step = _step(f"the step of the metric {name!r}", step)
        if step is None:
            with self._lock:
                step = self._last_steps[name] = self._last_steps.get(name, -1) + 1
        else:
            self._last_steps[name] = step
        if self.keeps_points:
            # Atomic, as is taking the front off in `_pack`: a lock would cost as much again.
            self._points.append((name, step, value, _now()))
            if len(self._points) >= BLOCK:
                self._pack()

    def log_many(self, values: Mapping[Any, Any], step: Any = None) -> None:
        """Add one point to each metric, or as many as its array has, at the same steps.

        Args:
            values: Numbers by metric, or one-dimensional arrays of one length.
            step: A number; for arrays, an array of that length. By default the steps after the
                last one of all these metrics.

        Raises:
            MetricValueError: an array or ``step`` has another length; or see `log`. No point is
                added.
        """
        columns = {
            name if type(name) is str else _metric_name(name): _items(value)
            for name, value in values.items()
        }
        lengths = {name: 1 if items is None else len(items) for name, items in columns.items()}
        count = max(lengths.values(), default=0)
        for name, length in lengths.items():
            if length != count:
                raise MetricValueError(
                    f"the metric {name!r} has {counted(length, 'value')}, but another one has "
                    f"{count}: all arrays of a call must have the same length"
                )
        steps = self._steps_of(columns, count, step)
        for position, each in enumerate(steps):
            for (name, items), value in zip(columns.items(), values.values(), strict=True):
                self.log(name, value if items is None else items[position], each)

    def _steps_of(self, names: Iterable[str], count: int, step: Any) -> Sequence[Any]:
        if step is None:
            first = 1 + max((self._last_steps.get(name, -1) for name in names), default=-1)
            return [first + position for position in range(count)]
        items = _items(step)
        steps = [step] if items is None else items
        if len(steps) != count:
            raise MetricValueError(
                f"expected {counted(count, 'step')}, one for each value, not {len(steps)}"
            )
        return [each if type(each) is int else _step("each step", each) for each in steps]

    def drain(self) -> Iterator[tuple[dict[str, dict[str, Any]], dict[str, int]]]:
        """Yield the points that are there now, in blocks, each once.

        A block is the points by metric, and the index of each metric's first one. Metrics stand
        in the order of their first new point; each is
        ``{"name", "steps", "values", "timestamps"}`` with lists of equal length.
        """
        self._pack()
        for _ in range(len(self._blocks)):
            block = self._blocks.popleft()
            metrics = {
                name: {
                    "name": name,
                    "steps": list(steps),
                    "values": list(values),
                    "timestamps": [_in_utc(each, UTC) for each in seconds],
                }
                for name, (steps, values, seconds) in block.items()
            }
            starts = {name: self._advance(name, len(block[name][0])) for name in block}
            yield metrics, starts

    def _point_value(self, name: str, value: Any) -> Any:
        found = _as_number(value)
        if found is not None:
            return found
        if name not in self._warned:
            self._warned.add(name)
            self._logger.warning(
                "A value of the metric %r is not a number but of type %r. Such values are stored, "
                "and skipped by queries and summaries.",
                name,
                type_name(value),
            )
        return mask_value({name: plain(value)})[0][name]

    def _pack(self) -> None:
        with self._lock:
            count = len(self._points)
            if count == 0:
                return
            points = self._points[:count]
            del self._points[:count]
            by_name: dict[str, list[Point]] = {}
            for point in points:
                by_name.setdefault(point[0], []).append(point)
            self._blocks.append(
                {
                    name: tuple(map(_to_column, list(zip(*own, strict=True))[1:]))
                    for name, own in by_name.items()
                }
            )

    def _advance(self, name: str, count: int) -> int:
        start = self._handed_on.get(name, 0)
        self._handed_on[name] = start + count
        return start


def _to_column(values: tuple[Any, ...]) -> Column:
    """Return numbers without an object for each, if they are of one kind."""
    kinds = set(map(type, values))
    if kinds == {float}:
        return array("d", values)
    if kinds == {int}:
        with contextlib.suppress(OverflowError):
            return array("q", values)
    return plain(values) if int in kinds else values  # some may have too many digits


def _items(value: Any) -> list[Any] | None:
    """Return the items of a one-dimensional array, None for what is a single value."""
    if isinstance(value, (list, tuple, range, array)):
        return list(value)
    if getattr(value, "ndim", None) == 1 and hasattr(value, "tolist"):
        items = value.tolist()
        return items if isinstance(items, list) else None
    return None


def _metric_name(name: Any) -> str:
    """Return a name that is not exactly a string as one.

    Raises:
        MetricValueError: it is not a string, a number or an enum.
    """
    if isinstance(name, str):
        return str.__str__(name)
    is_flag = _is_numpy_bool(name)
    if isinstance(name, (Number, Enum)) or is_flag:
        return str(name)
    raise MetricValueError(
        f"the name of a metric must be a string, a number or an enum, not {plain(name)!r} of type "
        f"{type(name).__name__!r}: use log_scalar(str(name), ...)"
    )


def _is_numpy_bool(value: Any) -> bool:
    kind = type(value)
    return kind.__module__ == "numpy" and kind.__name__ in ("bool", "bool_")


def _step(what: str, step: Any) -> float:
    number = _as_number(step)
    if number is None:
        raise MetricValueError(f"{what} must be a number, not {plain(step)!r}")
    return number


def _as_number(value: Any) -> float | None:
    """Return numpy scalars, one-element tensors, fractions and the like as int or float."""
    try:
        if hasattr(value, "item"):
            value = value.item()
        if isinstance(value, int):
            return int(value)
        if isinstance(value, Real) or hasattr(type(value), "__float__"):
            return float(value)
    except INTERRUPTS:
        raise
    except BaseException:  # noqa: BLE001 - foreign code; more than one element, complex, too large
        return None
    return None
