"""The events that wait for one observer."""

import threading
from collections import Counter, deque
from collections.abc import Iterator
from itertools import chain, islice, takewhile
from typing import TypeVar

from sacred_core.delivery.event_files import decode_event, names_files
from sacred_core.delivery.overflow import Overflow
from sacred_core.events import Event, Heartbeat, MetricsLogged, OutputCaptured
from sacred_core.loggers import own_logger

#: Entries that are retained in memory, and about how many bytes.
CAPACITY = 10_000
CAPACITY_BYTES = 256 * 1024 * 1024
_ENTRY_BYTES = 1_000
_POINT_BYTES = 150

E = TypeVar("E", bound=Event)
_logger = own_logger(__name__)


class Backlog:
    """Events in order, oldest first; may be used from several threads.

    Of several heartbeats only the last is retained: each has all that the earlier ones had. What
    does not fit into memory is written to disk, and read again when its turn comes; a heartbeat
    and the end of the run come after it.

    Args:
        overflow: For what does not fit.

    Attributes:
        removed: The number of entries that were removed for any reason.
        lost: The number of events that did not fit into memory and cannot be written to disk.
    """

    def __init__(self, overflow: Overflow) -> None:
        self._events: deque[Event] = deque()
        self._overflow = overflow
        #: What comes after the overflow: at most one heartbeat and one end.
        self._last: deque[Event] = deque()
        self._lock = threading.RLock()
        self._bytes = 0
        self.lost = self.removed = 0

    def __len__(self) -> int:
        return len(self._events) + len(self._overflow) + len(self._last)

    def add(self, event: Event) -> None:
        """Append ``event``."""
        with self._lock:
            if isinstance(event, Heartbeat):
                self._remove_heartbeat()
            if not self._overflow and not self._is_full():
                self._append(event)
            elif event.final or isinstance(event, Heartbeat):
                self._last.append(event)
            else:
                self._write(event)

    def first(self) -> Event | None:
        """Return the oldest entry, which is not removed, or None if there is none."""
        with self._lock:
            while not self._events and self._overflow:
                self._read()
            if not self._events and self._last:
                self._append(self._last.popleft())
            return self._events[0] if self._events else None

    def leading(self, limit: int) -> list[Event]:
        """Return the oldest entries in memory, at most ``limit``, up to the first with a file."""
        with self._lock:
            found = islice(self._events, limit)
            return list(takewhile(lambda each: not each.order_independent, found))

    def newest(self, kind: type[E]) -> E | None:
        """Return the newest entry in memory of this kind, or None if there is none."""
        with self._lock:
            found = chain(reversed(self._last), reversed(self._events))
            return next((each for each in found if isinstance(each, kind)), None)

    def has(self, event: Event) -> bool:
        """Return whether ``event`` is an entry in memory; found fast if it is a new one."""
        with self._lock:
            found = chain(self._last, reversed(self._events))  # no copy: it is asked often
            return any(each is event for each in found)

    def replace(self, old: Event, new: Event) -> bool:
        """Put ``new`` in the place of ``old``; return whether that was an entry in memory."""
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
            if self.first() is None:
                raise IndexError("the backlog is empty")
            return self._remove(0)

    def move_first_to(self, other: "Backlog") -> None:
        """Append the oldest entry to ``other``, which may be this one."""
        with self._lock:
            other.add(self.remove_first())

    def move_to(self, other: "Backlog") -> Counter[str]:
        """Append all entries but the end of the run to ``other``.

        Returns:
            How many there are of each method.
        """
        with self._lock:
            events, last = list(self._events), list(self._last)
            self._events.clear()
            self._last.clear()
            self._bytes = 0
            found = Counter(event.method for event in events + last if not event.final)
            self.removed += found.total() + len(self._overflow)
            for event in events:
                (self if event.final else other).add(event)
            found += self._overflow.move_to(other._overflow)
            for event in last:
                (self if event.final else other).add(event)
            return found

    def drain(self) -> Iterator[Event | str]:
        """Remove all entries and yield them; those on disk that need no files as their lines."""
        while self._events:
            yield self._remove(0)
        while self._overflow:
            before = len(self._overflow)
            try:
                lines = self._overflow.take_lines()
            except (OSError, ValueError) as error:
                self._note_lost(before - len(self._overflow), error)
                continue
            for line in lines:
                yield decode_event(line) if names_files(line) else line
        while self._last:
            yield self._last.popleft()

    def _is_full(self) -> bool:
        return len(self._events) >= CAPACITY or self._bytes > CAPACITY_BYTES

    def _append(self, event: Event) -> None:
        self._bytes += _size(event)
        self._events.append(event)

    def _write(self, event: Event) -> None:
        try:
            self._overflow.append(event)
        except OSError as error:
            self._note_lost(1, error)

    def _read(self) -> None:
        before = len(self._overflow)
        try:
            for event in self._overflow.take():
                self._append(event)
        except (OSError, ValueError) as error:
            self._note_lost(before - len(self._overflow), error)

    def _note_lost(self, count: int, error: Exception) -> None:
        if not self.lost:
            _logger.error(
                "Events of the run are lost: they do not fit into memory, and cannot be stored on "
                "disk: %s",
                error,
            )
        self.lost += count
        self.removed += count

    def _remove(self, position: int) -> Event:
        event = self._events[position]
        self._bytes -= _size(event)
        self.removed += 1
        del self._events[position]
        return event

    def _remove_heartbeat(self) -> None:
        """Remove the older heartbeat; there is at most one, and it is near the end."""
        for each in self._last:
            if isinstance(each, Heartbeat):
                self._last.remove(each)
                self.removed += 1
                return
        for position in range(len(self._events) - 1, 0, -1):  # the first may be in progress
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
