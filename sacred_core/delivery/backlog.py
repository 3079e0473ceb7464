"""The events that wait for one observer."""

import threading
from collections import deque
from typing import TypeVar

from sacred_core.events import Event, Heartbeat, MetricsLogged, OutputCaptured

#: Entries that are retained in memory, and about how many bytes.
CAPACITY = 100_000
CAPACITY_BYTES = 256 * 1024 * 1024
_ENTRY_BYTES = 1_000
_POINT_BYTES = 150

E = TypeVar("E", bound=Event)


class Backlog:
    """Events in order, oldest first, in memory; may be used from several threads.

    Of several heartbeats only the last is retained: each has all that the earlier ones had. When
    full, the oldest entries but the first are dropped, and `lost` counts them.

    Args:
        capacity: The maximum number of entries.
        capacity_bytes: About how much memory they may take.

    Attributes:
        removed: The number of entries that were removed for any reason.
    """

    def __init__(self, capacity: int = CAPACITY, capacity_bytes: int = CAPACITY_BYTES) -> None:
        self._events: deque[Event] = deque()
        self._lock = threading.RLock()
        self._bytes = 0
        self._capacity = capacity
        self._capacity_bytes = capacity_bytes
        self.lost = self.removed = 0

    def __len__(self) -> int:
        return len(self._events)

    def add(self, event: Event) -> None:
        """Append ``event``."""
        with self._lock:
            if isinstance(event, Heartbeat) and self._events:
                self._remove_heartbeat()
            self._bytes += _size(event)
            while len(self._events) > 1 and self._is_full():
                self._remove(1)  # the first may be in progress
                self.lost += 1
            self._events.append(event)

    def first(self) -> Event | None:
        """Return the oldest entry, which is not removed, or None if there is none."""
        with self._lock:
            return self._events[0] if self._events else None

    def newest(self, kind: type[E]) -> E | None:
        """Return the newest entry of this kind, or None if there is none."""
        with self._lock:
            return next((each for each in reversed(self._events) if isinstance(each, kind)), None)

    def has(self, event: Event) -> bool:
        """Return whether ``event`` is an entry; found fast if it is a new one."""
        with self._lock:
            return any(each is event for each in reversed(self._events))

    def replace(self, old: Event, new: Event) -> bool:
        """Put ``new`` in the place of ``old``; return whether that was an entry."""
        with self._lock:
            for position in range(len(self._events) - 1, -1, -1):
                if self._events[position] is old:
                    self._bytes += _size(new) - _size(old)
                    self._events[position] = new
                    return True
        return False

    def remove_first(self) -> Event:
        """Remove the oldest entry and return it."""
        with self._lock:
            return self._remove(0)

    def move_first_to(self, other: "Backlog") -> None:
        """Append the oldest entry to ``other``, which may be this one."""
        with self._lock:
            other.add(self._remove(0))

    def _is_full(self) -> bool:
        return len(self._events) >= self._capacity or self._bytes > self._capacity_bytes

    def _remove(self, position: int) -> Event:
        event = self._events[position]
        self._bytes -= _size(event)
        self.removed += 1
        del self._events[position]
        return event

    def _remove_heartbeat(self) -> None:
        """Remove the older heartbeat; there is at most one, and it is near the end."""
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
