"""What one observer has not heard yet."""

from collections import deque
from typing import TypeVar

from sacred_core.events import Event, Heartbeat, MetricsLogged, OutputCaptured

#: Entries kept for an observer that does not take them, and about how many bytes.
CAPACITY = 100_000
CAPACITY_BYTES = 256 * 1024 * 1024
_ENTRY_BYTES = 1_000
_POINT_BYTES = 150

E = TypeVar("E", bound=Event)


class Backlog:
    """Events in order, oldest first, in memory.

    Of several heartbeats only the last is kept: each tells all that the earlier ones did. When
    full, the oldest entries but the first go, and `lost` counts them.

    Args:
        capacity: At most so many entries.
        capacity_bytes: About how much memory they may take.
    """

    def __init__(self, capacity: int = CAPACITY, capacity_bytes: int = CAPACITY_BYTES) -> None:
        self._events: deque[Event] = deque()
        self._bytes = 0
        self._capacity = capacity
        self._capacity_bytes = capacity_bytes
        self.lost = 0

    def __len__(self) -> int:
        return len(self._events)

    def add(self, event: Event) -> None:
        """Append ``event``."""
        if isinstance(event, Heartbeat) and self._events:
            self._forget_heartbeats()
        self._bytes += _size(event)
        while len(self._events) > 1 and self._is_full():
            self._remove(1)  # the first may be under way
            self.lost += 1
        self._events.append(event)

    def first(self) -> Event:
        """Return the oldest entry, which stays."""
        return self._events[0]

    def last(self) -> Event:
        """Return the newest entry."""
        return self._events[-1]

    def newest(self, kind: type[E]) -> E | None:
        """Return the newest entry of this kind, or None if there is none."""
        return next((each for each in reversed(self._events) if isinstance(each, kind)), None)

    def replace_last(self, event: Event) -> None:
        """Put ``event`` in the place of the newest entry."""
        self._bytes += _size(event) - _size(self._events[-1])
        self._events[-1] = event

    def remove_first(self) -> None:
        """Drop the oldest entry: it was taken."""
        self._remove(0)

    def _is_full(self) -> bool:
        return len(self._events) >= self._capacity or self._bytes > self._capacity_bytes

    def _remove(self, position: int) -> None:
        self._bytes -= _size(self._events[position])
        del self._events[position]

    def _forget_heartbeats(self) -> None:
        """Drop the older heartbeat; there is at most one, and it is near the end."""
        for position in range(len(self._events) - 1, 0, -1):
            if isinstance(self._events[position], Heartbeat):
                self._remove(position)
                return


def _size(event: Event) -> int:
    if isinstance(event, OutputCaptured):
        return _ENTRY_BYTES + len(event.text)
    if isinstance(event, MetricsLogged):
        points = sum(len(metric["steps"]) for metric in event.metrics_by_name.values())
        return _ENTRY_BYTES + points * _POINT_BYTES
    return _ENTRY_BYTES
