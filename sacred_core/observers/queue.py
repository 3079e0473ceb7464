"""Lets an observer work on a thread of its own, which tries again what failed."""

import copy
import functools
import inspect
import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from sacred_core.events import EVENTS, IDENTITY, Event
from sacred_core.exceptions import EventKeptError
from sacred_core.observers.backlog import Backlog
from sacred_core.observers.base import RunObserver
from sacred_core.observers.call_plan import CallPlan, call_plans
from sacred_core.observers.missed import error_text, missed_text

Plans = Mapping[type[Event], CallPlan]

_logger = logging.getLogger(__name__)
_parameter = functools.partial(inspect.Parameter, kind=inspect.Parameter.KEYWORD_ONLY)

#: Seconds; a shorter interval would take the time that the user's code needs.
_SHORTEST = 0.01
#: One call at the end may take so many times ``join_timeout``: it may be storing a large file.
_LONG_CALL = 10
_FAILED = "The observer %s failed in %s: %s. What it missed is kept and given to it again."


class QueueObserver(RunObserver):
    """Gives what happens to another observer later, on a thread of its own.

    The run does not wait for the observer, and what the observer fails to take is given to it
    again, in order, until it takes it. Only the start is told at once: its answer is the run's
    id, and its failure fails the run. A file that cannot be stored while other things can does
    not hold them up. Files are read when their turn comes: leave them as they are until then.
    At the end everything that waits is given at once; one warning tells what is not taken.

    Args:
        covered_observer: Any observer; it need not be a `RunObserver`.
        interval: Seconds between two looks at what waits.
        retry_interval: Seconds between a failure and the next try.
        join_timeout: Seconds for which a failing observer is tried again at the end of the run,
            counted from the last thing that it took. One call may take ten times as long.

    Attributes:
        covered_observer: As given; a copy of it if it did not return from an earlier run.

    Raises:
        ObserverSignatureError: a method of the observer requires what its event does not have.
    """

    def __init__(
        self,
        covered_observer: Any,
        interval: float = 20.0,
        retry_interval: float = 10.0,
        join_timeout: float = 60.0,
    ) -> None:
        self._seconds = max(interval, _SHORTEST), max(retry_interval, _SHORTEST), join_timeout
        self._courier: _Courier | None = None
        self._cover(covered_observer)

    def __copy__(self) -> "QueueObserver":
        """Return one for another run at the same time: it has its own thread and observer."""
        twin = type(self).__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin._courier = None
        twin._cover(copy.copy(self.covered_observer))
        return twin

    @property
    def priority(self) -> int:  # type: ignore[override]
        """That of the covered observer."""
        return getattr(self.covered_observer, "priority", 0)

    @property
    def spool_folder(self) -> "os.PathLike[str] | None":  # type: ignore[override]
        """That of the covered observer."""
        return getattr(self.covered_observer, "spool_folder", None)

    def join(self) -> None:
        """Give the observer what waits, for a bounded time, and tell what it did not take."""
        if self._courier is not None:
            self._courier.join()

    def _cover(self, observer: Any) -> None:
        self.covered_observer = observer
        self._plans = call_plans(observer)

    def _hear(self, kind: type[Event], **arguments: Any) -> Any:
        """Take any event: its fields by name, None for what is left out."""
        if kind not in self._plans and not kind.names_run:
            return None
        fields: dict[str, Any] = {name: arguments.get(name) for name in _names(kind)}
        looked_up = {name: fields.pop(name) for name in kind.looked_up}
        event = kind(**fields)
        if kind.names_run:
            return self._announce(event)
        if self._courier is not None:
            self._courier.add(event, looked_up)
        return None

    def _announce(self, event: Event) -> Any:
        if self._courier is not None:
            self._courier.join()
            if self._courier.thread.is_alive():
                # Its call may return at any time and must not write into the new run.
                self._cover(copy.copy(self.covered_observer))
        plan = self._plans.get(type(event))
        answer = plan(event, lambda name: None) if plan else None
        self._courier = _Courier(self.covered_observer, self._plans, self._seconds)
        return answer


def _names(kind: type[Event]) -> tuple[str, ...]:
    return IDENTITY + kind.arguments()


def _listener(kind: type[Event], observer: QueueObserver) -> Callable[..., Any]:
    """Return the method that asks for the whole event, and looks up only what is needed."""
    asked = observer._plans[kind].names if kind in observer._plans else ()
    method = functools.partial(observer._hear, kind)
    defaults = {name: inspect.Parameter.empty if name in asked else None for name in _names(kind)}
    parameters = [_parameter(name, default=default) for name, default in defaults.items()]
    method.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return method


# Properties, because what the method asks for depends on the covered observer.
for _kind in EVENTS:
    setattr(QueueObserver, _kind.method, property(functools.partial(_listener, _kind)))


class _Courier:
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
        self._is_failing = False
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
        """Give the observer what waits, up to the second failure or one that holds up the rest."""
        has_failed = False
        while (event := self._first(self._backlog)) is not None:
            if self._is_taken(event):
                has_failed = False
            elif has_failed or not event.stands_alone:
                return
            else:
                has_failed = True
                self._aside.add(event)
            self._remove_first(self._backlog)
        if not has_failed:
            self._deliver_aside()

    def _deliver_aside(self) -> None:
        """Try again what was set aside; what fails ends the round and goes behind the others."""
        while (event := self._first(self._aside)) is not None:
            is_taken = self._is_taken(event, is_told=True)
            self._remove_first(self._aside)
            if not is_taken:
                self._aside.add(event)
                return

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
                elif (error := self._failure(event)) is not None:
                    wasted += time.monotonic() - self._called
                    if not isinstance(error, EventKeptError):
                        self._missed[f"{event.method} ({error_text(error)})"] += 1
                self._remove_first(waiting)

    def _is_taken(self, event: Event, is_told: bool = False) -> bool:
        error = self._failure(event)
        if error is None:
            self._is_failing = False
        elif not is_told and not self._is_failing:
            self._is_failing = True
            _logger.warning(_FAILED, self._name, event.method, error_text(error))
        return error is None

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
