"""The newest points of a metric of a run in progress."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any


class RecentPoints:
    """Consecutive points, to which newer ones are added.

    Args:
        start: The index of the first point, counted from 0 over the whole run.

    Attributes:
        start: See above; it grows when old points are dropped.
    """

    def __init__(self, start: int) -> None:
        self.start = start
        self._steps: list[Any] = []
        self._values: list[Any] = []
        self._times: list[float | None] = []

    @property
    def stop(self) -> int:
        """The index after the last point."""
        return self.start + len(self._steps)

    def append(self, points: Mapping[str, Any], most: int) -> None:
        """Add points, and drop the oldest ones beyond a number.

        Args:
            points: As `RunStore.metrics` returns them.
            most: Maximum number of points.
        """
        self._steps += points["steps"]
        self._values += points["values"]
        self._times += map(_seconds, points["timestamps"])
        surplus = len(self._steps) - most
        if surplus > 0:
            self.start += surplus
            del self._steps[:surplus], self._values[:surplus], self._times[:surplus]

    def insert(self, points: Mapping[str, Any], start: int, stop: int) -> None:
        """Add points before the others, unless these changed meanwhile.

        Args:
            points: As `RunStore.metrics` returns them.
            start: Index of the first point.
            stop: Index after the last point.
        """
        if stop != self.start or len(points["steps"]) != stop - start:
            return
        self._steps[:0] = points["steps"]
        self._values[:0] = points["values"]
        self._times[:0] = map(_seconds, points["timestamps"])
        self.start = start

    def since(self, count: int) -> dict[str, Any]:
        """Return the points from an index on, as plain data; times are seconds since 1970."""
        first = count - self.start
        return {
            "start": count,
            "steps": self._steps[first:],
            "values": self._values[first:],
            "times": self._times[first:],
        }


def _seconds(time: Any) -> float | None:
    return time.timestamp() if isinstance(time, datetime) else None
