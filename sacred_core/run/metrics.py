"""Numbers that a run logs, between two beats."""

import contextlib
import logging
import threading
import time
from array import array
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from numbers import Number, Real
from typing import Any, NamedTuple

from sacred_core.exceptions import MetricValueError
from sacred_core.masking import mask_value
from sacred_core.plurals import counted
from sacred_core.serialization import INTERRUPTS, plain, type_name
from sacred_core.stores.times import column_of_seconds

Column = Sequence[Any]
#: Maximum number of points in one event.
BLOCK = 10_000
#: Number of packed points from which `MetricsBuffer.when_many` is called.
MANY = 200_000
#: Points of all metrics that are not packed; of one metric there may be `_FEWEST` in any case.
_UNPACKED, _FEWEST = 100_000, 64
#: Objects in a list of points for each point: step, value and time.
_WIDTH = 3
_now = time.time


class Packed(NamedTuple):
    """Consecutive points of one metric, without an object for each."""

    name: str
    steps: Column
    values: Column
    seconds: "array[float]"


class MetricsBuffer:
    """Collects points and returns each once. Methods may be called from any thread.

    A call appends three objects to the list of its metric; what else a point costs is done for
    thousands of them at a time. When a list is long its points are packed, 24 bytes each.

    Attributes:
        keeps_points: False where they are not read later; values are checked all the same.
        when_many: Called with the number of packed points where there are `MANY` or more, by the
            thread that logs.

    Args:
        logger: Where a metric with values that are not numbers is reported.
    """

    keeps_points = True

    def __init__(self, logger: logging.Logger | None = None) -> None:
        self._logger = logger or logging.getLogger(__name__)
        self._warned: set[str] = set()
        #: By metric the step (or None), the value and the time of one point after the other.
        self._points: dict[str, list[Any]] = {}
        self._longest = BLOCK * _WIDTH
        self._packed: deque[Packed] = deque()
        self._waiting = 0
        self._last_steps: dict[str, float] = {}
        self._returned: dict[str, int] = {}
        self._lock = threading.Lock()
        self.when_many: Callable[[int], None] = _do_nothing

    @property
    def has_points(self) -> bool:
        """Whether there are points that `drain` has not returned."""
        return bool(self._packed) or any(self._points.values())

    def continue_after(self, last_steps: Mapping[str, Any]) -> None:
        """Continue the steps of metrics after those that were recorded last, by name."""
        self._last_steps.update(last_steps)

    def log(self, name: Any, value: Any, step: Any = None) -> None:
        """Add a point; without ``step`` it follows the last one of its metric, from 0.

        A value that is not a number is stored as plain data, with one warning for each metric.

        Raises:
            MetricValueError: ``step`` is not a number, or ``name`` not a string, number or enum.
        """
        kind = type(value)
        if kind is not float and kind is not int:
            number = _as_number(value)
            value = self._other_value(_metric_name(name), value) if number is None else number
        if step is not None and type(step) is not int:
            step = _step(f"the step of the metric {_metric_name(name)!r}", step)
        try:
            points = self._points[name]
        except (KeyError, TypeError):
            name = _metric_name(name)
            points = self._add_metric(name)
        # Atomic, as is taking the front off in `_pack`: a lock would cost as much again.
        points += step, value, _now()
        if len(points) >= self._longest:
            self._pack(name)
            if self._waiting >= MANY:
                self.when_many(self._waiting)

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
        columns = {_metric_name(name): _items(value) for name, value in values.items()}
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
            first = 1 + max(map(self._last_step, names), default=-1)
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

        A block is the points by metric, and the index of each metric's first one. Metrics are in
        the order of their first point; each is ``{"name", "steps", "values", "timestamps"}`` with
        two lists and a `TimeColumn` of equal length.
        """
        for name, points in [*self._points.items()]:
            if points:
                self._pack(name)
        with self._lock:
            self._packed = deque(_in_turns(self._packed, self._points))
            left = len(self._packed)
        while left:
            block = self._next_block(left)
            left -= len(block)
            starts = {each.name: self._advance(each.name, len(each.steps)) for each in block}
            yield {each.name: _metric(each) for each in block}, starts

    def waiting(self, name: str) -> Iterator[tuple[Any, Any]]:
        """Return the step and the value of each point of a metric that `drain` has not returned."""
        if name in self._points:
            self._pack(name)
        with self._lock:
            packed = [each for each in self._packed if each.name == name]
        return (pair for each in packed for pair in zip(each.steps, each.values, strict=True))

    def _next_block(self, most: int) -> list[Packed]:
        """Take packed points from the front, of each metric once."""
        with self._lock:
            block = {self._packed[0].name: self._packed.popleft()}
            count = sum(len(each.steps) for each in block.values())
            while len(block) < most:
                following = self._packed[0]
                if count + len(following.steps) > BLOCK or following.name in block:
                    break
                block[following.name] = self._packed.popleft()
                count += len(following.steps)
            self._waiting -= count
            return [*block.values()]

    def _other_value(self, name: str, value: Any) -> Any:
        if name not in self._warned:
            self._warned.add(name)
            self._logger.warning(
                "A value of the metric %r is not a number but of type %r. Such values are stored, "
                "and skipped by queries and summaries.",
                name,
                type_name(value),
            )
        return mask_value({name: plain(value)})[0][name]

    def _add_metric(self, name: str) -> list[Any]:
        with self._lock:
            points = self._points.setdefault(name, [])
            share = max(_FEWEST, _UNPACKED // len(self._points))
            self._longest = min(BLOCK, share) * _WIDTH
            return points

    def _pack(self, name: str) -> None:
        with self._lock:
            points = self._points[name]
            count = len(points)
            taken = points[:count]
            del points[:count]
            if taken and self.keeps_points:
                steps, values, seconds = (taken[column::_WIDTH] for column in range(_WIDTH))
                columns = _to_column(self._numbered(name, steps)), _to_column(values)
                self._packed.append(Packed(name, *columns, array("d", seconds)))
                self._waiting += len(seconds)

    def _numbered(self, name: str, steps: list[Any]) -> Column:
        """Return steps with numbers for None, each the one before plus one."""
        unnumbered = steps.count(None)
        last = self._last_steps.get(name, -1)
        if unnumbered == len(steps):
            numbered: Column = [last + number for number in range(1, unnumbered + 1)]
        elif unnumbered:
            numbered = [last := last + 1 if step is None else step for step in steps]
        else:
            numbered = steps
        self._last_steps[name] = numbered[-1]
        return numbered

    def _last_step(self, name: str) -> float:
        """Return the step of the last point, -1 if there is none."""
        with self._lock:
            points = self._points.get(name, [])
            position = len(points) - _WIDTH
            unnumbered = 0
            while position >= 0 and points[position] is None:
                position, unnumbered = position - _WIDTH, unnumbered + 1
            last: float = points[position] if position >= 0 else self._last_steps.get(name, -1)
            return last + unnumbered

    def _advance(self, name: str, count: int) -> int:
        start = self._returned.get(name, 0)
        self._returned[name] = start + count
        return start


def _in_turns(packed: Iterable[Packed], names: Iterable[str]) -> list[Packed]:
    """Return the first part of each metric, in the order of ``names``, then the second ones."""
    positions = {name: position for position, name in enumerate(names)}
    parts: Counter[str] = Counter()
    keyed = []
    for each in packed:
        keyed.append((parts[each.name], positions[each.name], each))
        parts[each.name] += 1
    return [each for _, _, each in sorted(keyed, key=lambda key: key[:2])]


def _do_nothing(waiting: int) -> None:
    pass


def _metric(packed: Packed) -> dict[str, Any]:
    return {
        "name": packed.name,
        "steps": list(packed.steps),
        "values": list(packed.values),
        "timestamps": column_of_seconds(packed.seconds),
    }


def _to_column(values: Column) -> Column:
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
    """Return the name of a metric as a string.

    Raises:
        MetricValueError: it is not a string, a number or an enum.
    """
    if type(name) is str:
        return name
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
            if type(value) is float:
                return value
        if isinstance(value, int):
            return int(value)
        if isinstance(value, Real) or hasattr(type(value), "__float__"):
            return float(value)
    except INTERRUPTS:
        raise
    except BaseException:  # noqa: BLE001 - foreign code; more than one element, complex, too large
        return None
    return None
