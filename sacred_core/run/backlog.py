"""What one observer has not heard yet."""

from collections import deque

from sacred_core.events import Event, Heartbeat

#: Entries kept for an observer that does not take them.
CAPACITY = 100_000


class Backlog:
    """Events in order, oldest first, in memory.

    Of several heartbeats only the last is kept: each tells all that the earlier ones did. When
    full, the oldest entries but the first go, and `lost` counts them.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._events: deque[Event] = deque()
        self._capacity = capacity
        self.lost = 0

    def __len__(self) -> int:
        return len(self._events)

    def add(self, event: Event) -> None:
        """Append ``event``."""
        if isinstance(event, Heartbeat) and self._events:
            self._forget_heartbeats()
        if len(self._events) >= self._capacity:
            del self._events[1]  # the first may be under way
            self.lost += 1
        self._events.append(event)

    def first(self) -> Event:
        """Return the oldest entry, which stays."""
        return self._events[0]

    def remove_first(self) -> None:
        """Drop the oldest entry: it was taken."""
        self._events.popleft()

    def _forget_heartbeats(self) -> None:
        """Drop the older heartbeat; there is at most one, and it is near the end."""
        for position in range(len(self._events) - 1, 0, -1):
            if isinstance(self._events[position], Heartbeat):
                del self._events[position]
                return
