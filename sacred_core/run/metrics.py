"""Numbers that a run logs, between two beats."""

import threading
import time
from datetime import UTC, datetime
from numbers import Real
from typing import Any

from sacred_core.exceptions import MetricValueError

_in_utc = datetime.fromtimestamp
_now = time.time
Point = tuple[str, float, float, float]  # name, step, value, seconds since the epoch


class MetricsBuffer:
    """Collects points and hands each on once. Methods may be called from any thread.

    A call costs a fraction of a microsecond: what costs more waits for the beat.

    Attributes:
        keeps_points: False where nobody will ask for them; values are checked all the same.
    """

    keeps_points = True

    def __init__(self) -> None:
        self._points: list[Point] = []
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
            # Atomic, as is taking the front off in `drain`: a lock would cost as much again.
            self._points.append((name, step, value, _now()))

    def drain(self) -> tuple[dict[str, dict[str, Any]], dict[str, int]]:
        """Return the new points by metric, and the index of each metric's first one.

        Metrics stand in the order of their first new point; each is
        ``{"name", "steps", "values", "timestamps"}`` with lists of equal length.
        """
        with self._lock:
            count = len(self._points)
            points = self._points[:count]
            del self._points[:count]
        metrics: dict[str, dict[str, Any]] = {}
        for name, step, value, seconds in points:
            metric = metrics.get(name)
            if metric is None:
                metric = {"name": name, "steps": [], "values": [], "timestamps": []}
                metrics[name] = metric
            metric["steps"].append(step)
            metric["values"].append(value)
            metric["timestamps"].append(_in_utc(seconds, UTC))
        return metrics, {name: self._advance(name, len(m["steps"])) for name, m in metrics.items()}

    def _advance(self, name: str, count: int) -> int:
        start = self._handed_on.get(name, 0)
        self._handed_on[name] = start + count
        return start


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
