"""The thread on which a queue delivers events to an observer, and retries what failed."""

import os
import threading
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

from sacred_core.events import Event, Heartbeat
from sacred_core.exceptions import EventKeptError
from sacred_core.loggers import own_logger
from sacred_core.observers.backlog import Backlog
from sacred_core.observers.call_plan import CallPlan
from sacred_core.observers.isolation import Isolation
from sacred_core.observers.missed import error_text, missed_text

Plans = Mapping[type[Event], CallPlan]

_logger = own_logger(__name__)
#: One call at the end may take so many times ``join_timeout``: it may be storing a large file.
_LONG_CALL = 10
_FAILED = "The observer %s failed in %s: %s. What it missed is kept and given to it again."


class DeliveryThread:
    """The thread that brings the events of one run to the observer.

    Nothing of it works in a forked child, which has no such thread.
    """

    def __init__(self, observer: Any, plans: Plans, seconds: tuple[float, float, float]) -> None:
        self._observer = observer
        self._name = f"{type(observer).__name__} in the queue"
        self._plans = plans
        self._interval, self._retry_interval, self._patience = seconds
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._backlog, self._aside = Backlog(), Backlog()
        self._looked_up: dict[str, Any] = {}
        self._missed: Counter[str] = Counter()
        self._is_failing = self._is_warned = False
        self._isolation = Isolation(self._name, self._failure, Heartbeat in plans, _logger)
        #: What the observer is called with at this moment, and times of the last calls.
        self._current: Event | str | None = None
        self._called = self._taken = time.monotonic()
        self._closing, self._abandoned = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._work, name="sacred-queue", daemon=True)
        self.thread.start()

    def add(self, event: Event, looked_up: Mapping[str, Any]) -> None:
        """Keep ``event`` until its turn comes."""
        if os.getpid() == self._pid:
            with self._lock:
                self._looked_up.update(looked_up)
                self._backlog.add(event)

    def join(self) -> None:
        """Bring what waits, for a bounded time, and tell what was missed; an interrupt ends it."""
        if self._closing.is_set() or os.getpid() != self._pid:
            return
        began = time.monotonic()
        self._closing.set()
        try:
            while self.thread.is_alive():
                limit = max(self._called + _LONG_CALL * self._patience, began + self._patience)
                if time.monotonic() >= limit:
                    break
                self.thread.join(limit - time.monotonic())
        finally:
            with self._lock:
                self._abandoned.set()
            self._tell()

    def _work(self) -> None:
        while not self._closing.wait(self._retry_interval if self._is_failing else self._interval):
            self._deliver()
        self._finish()

    def _deliver(self) -> None:
        """Give the observer what waits, up to the second failure or one that holds up the rest.

        The end comes last: before it what was set aside is retried.
        """
        has_failed = False
        self._isolation.begin_round()
        while (event := self._first(self._backlog)) is not None:
            if event.final and not self._retry_before_end():
                return
            error = self._isolation.attempt(event)
            if error is None:
                self._is_failing = self._is_warned = has_failed = False
            elif event.stands_alone and not has_failed:
                self._warn_once(event, error)
                has_failed = True
                self._aside.add(event)
            elif not self._isolation.passes(event, error, self._newest_beat()):
                self._warn_once(event, error)
                return
            else:
                self._is_failing = False
            self._remove_first(self._backlog)
        if not has_failed:
            while self._aside and self._is_first_aside_taken():
                pass

    def _newest_beat(self) -> Heartbeat | None:
        with self._lock:
            return self._backlog.newest(Heartbeat)

    def _retry_before_end(self) -> bool:
        """Retry all that was set aside, and return whether the end may be delivered.

        Where other events are taken, what fails is a file that cannot be stored: it is not waited
        for. Where nothing is taken, the observer cannot reach its backend: the end has to wait.
        """
        for _ in range(len(self._aside)):
            if not self._is_first_aside_taken() and self._is_failing:
                return False
        if self._isolation.has_waiting:
            if not self._isolation.responds(self._newest_beat()):
                return False
            self._try_isolated()
        return True

    def _try_isolated(self) -> None:
        """Try for the last time what the observer could not record while it recorded others."""
        captured_out = self._looked_up.get("captured_out")
        for event in self._isolation.last_events(captured_out and (lambda: str(captured_out))):
            error = self._isolation.attempt_last(event)
            if error is not None:
                self._note_missed(event, error)

    def _note_missed(self, event: Event, error: Exception) -> None:
        if not isinstance(error, EventKeptError):
            self._missed[f"{event.method} ({error_text(error)})"] += 1

    def _is_first_aside_taken(self) -> bool:
        """Retry the first event that was set aside; if it fails, it goes behind the others."""
        event = self._first(self._aside)
        if event is None:
            return False
        is_taken = self._failure(event) is None
        self._is_failing = self._is_failing and not is_taken
        self._remove_first(self._aside)
        if not is_taken:
            self._aside.add(event)
        return is_taken

    def _finish(self) -> None:
        """Deliver until all is taken or patience ends, then join."""
        began = time.monotonic()
        self._deliver()
        while self._is_failing and (self._backlog or self._aside):
            left = max(began, self._taken) + self._patience - time.monotonic()
            if left <= 0 or self._abandoned.wait(min(self._retry_interval, left)):
                break
            self._deliver()
        self._try_last()
        if not self._abandoned.is_set() and (error := self._failure("join")) is not None:
            self._missed[f"join ({error_text(error)})"] += 1

    def _try_last(self) -> None:
        """Try each that is left once more; where that costs too much, only the end."""
        wasted = 0.0
        for waiting in (self._aside, self._backlog):
            while (event := self._first(waiting)) is not None:
                if wasted > self._patience and not event.final:
                    self._missed[f"{event.method} (not tried again)"] += 1
                elif (error := self._isolation.attempt(event)) is not None:
                    wasted += time.monotonic() - self._called
                    self._note_missed(event, error)
                    self._try_without_values(event, error)
                self._remove_first(waiting)

    def _try_without_values(self, event: Event, error: Exception) -> None:
        """Let the run have an end, also where its result or its traceback cannot be recorded."""
        reduced = self._isolation.end_without_values(event)
        if reduced is not None and not isinstance(error, EventKeptError):
            self._failure(reduced)

    def _warn_once(self, event: Event, error: Exception) -> None:
        self._is_failing = True
        if not self._is_warned and not self._isolation.is_expected:
            self._is_warned = True
            _logger.warning(_FAILED, self._name, event.method, error_text(error))

    def _failure(self, what: Event | str) -> Exception | None:
        """Call the observer and return what it raises."""
        self._called = time.monotonic()
        self._current = what
        try:
            if isinstance(what, Event):
                self._plans[type(what)](what, self._looked_up.__getitem__)
            else:
                getattr(self._observer, what, lambda: None)()
        except Exception as error:  # noqa: BLE001 - foreign code must not end the thread
            return error
        finally:
            self._current = None
        self._taken = time.monotonic()
        return None

    def _first(self, waiting: Backlog) -> Event | None:
        with self._lock:
            return waiting.first() if waiting and not self._abandoned.is_set() else None

    def _remove_first(self, waiting: Backlog) -> None:
        with self._lock:
            if not self._abandoned.is_set():
                waiting.remove_first()

    def _tell(self) -> None:
        """Tell what the observer missed: what it failed to take, and what is left."""
        current, missed = self._current, Counter(self._missed)
        if isinstance(current, str):
            missed[f"{current} (still under way)"] += 1
        for waiting in (self._aside, self._backlog):
            while waiting:
                event = waiting.first()
                waiting.remove_first()
                reason = "still under way" if event is current else "not taken"
                missed[f"{event.method} ({reason})"] += 1
        if lost := self._aside.lost + self._backlog.lost:
            missed[f"{lost} events that no longer fitted into memory"] += 1
        if missed:
            _logger.warning("The observer %s missed: %s", self._name, missed_text(missed))
