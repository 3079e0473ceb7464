"""Numbers that a run logs, between two beats."""

import threading
import time
from array import array
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from numbers import Real
from typing import Any

from sacred_core.exceptions import MetricValueError

Point = tuple[str, float, float, float]  # name, step, value, seconds since the epoch
Column = Sequence[float]
#: Steps, values and seconds by metric.
Block = dict[str, tuple[Column, ...]]
#: Points that are handed on at a time.
BLOCK = 10_000
_in_utc = datetime.fromtimestamp
_now = time.time


class MetricsBuffer:
    """Collects points and hands each on once. Methods may be called from any thread.

    A call costs a fraction of a microsecond: what costs more waits for the beat. Points that wait
    are packed, 24 bytes each.

    Attributes:
        keeps_points: False where nobody will ask for them; values are checked all the same.
    """

    keeps_points = True

    def __init__(self) -> None:
        self._points: list[Point] = []
        self._blocks: deque[Block] = deque()
        self._last_steps: dict[str, float] = {}
        self._handed_on: dict[str, int] = {}
        self._lock = threading.Lock()

    def log(self, name: str, value: Any, step: Any = None) -> None:
        """Add a point; without ``step`` it follows the last one of its metric, from 0.

        Raises:
            MetricValueError: ``value`` or ``step`` is no number.
        """
        if type(value) is not float and type(value) is not int:
            value = _number(value, f"The value of the metric {name!r}")
        if step is not None and type(step) is not int:
            step = _number(step, f"The step of the metric {name!r}")
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
                    name: tuple(map(_packed, list(zip(*own, strict=True))[1:]))
                    for name, own in by_name.items()
                }
            )

    def _advance(self, name: str, count: int) -> int:
        start = self._handed_on.get(name, 0)
        self._handed_on[name] = start + count
        return start


def _packed(values: tuple[float, ...]) -> Column:
    """Return numbers without an object for each, if they are of one kind."""
    kinds = set(map(type, values))
    if kinds == {float}:
        return array("d", values)
    if kinds == {int}:
        try:
            return array("q", values)
        except OverflowError:
            return values
    return values


def _number(value: Any, what: str) -> float:
    """Return numpy scalars, one-element tensors, fractions and the like as int or float."""
    original = value
    if hasattr(value, "item"):
        try:
            value = value.item()
        except (ValueError, RuntimeError, TypeError):  # more than one element
            raise MetricValueError(f"{what} must be one number, not {original!r}") from None
    if isinstance(value, int):
        return int(value)
    if isinstance(value, Real) or hasattr(type(value), "__float__"):
        return float(value)
    raise MetricValueError(f"{what} must be a number, not {original!r}")
