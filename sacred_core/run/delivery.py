"""The delivery of one run's events to one observer."""

import copy
import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from sacred_core.events import ArtifactAdded, Event, Heartbeat, OutputCaptured
from sacred_core.exceptions import EventKeptError, SacredError
from sacred_core.masking import masked_text
from sacred_core.observers.backlog import Backlog
from sacred_core.observers.call_plan import call_plans
from sacred_core.observers.isolation import Isolation
from sacred_core.observers.missed import error_text, missed_text
from sacred_core.run.safe_copies import SafeCopies
from sacred_core.serialization import message_of

#: Seconds that an observer which fails may cost at the end of a run.
_PATIENCE = 30.0
#: By ``id()``: observers need be neither hashable nor comparable.
_live: dict[int, Any] = {}
_live_lock = threading.Lock()


def _renew_lock() -> None:
    """Give a forked child a lock of its own: another thread may have held this one."""
    global _live_lock
    _live_lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)


class Delivery:
    """The way of one run's events to one observer: in order, each until it was taken.

    An observer serves one live run at a time: where it is busy, a copy of it serves this one.
    """

    def __init__(self, observer: Any, look_up: Callable[[str], Any], logger: logging.Logger):
        self._plans = call_plans(observer)  # raises before anything is claimed
        with _live_lock:
            self.observer = copy.copy(observer) if id(observer) in _live else observer
            _live[id(self.observer)] = self.observer
        if self.observer is not observer:
            self._plans = call_plans(self.observer)
        self.name = type(observer).__name__
        #: The id of the run in what the observer writes, once it has been given the start.
        self.run_id: Any = None
        self.backlog = Backlog()
        self._set_aside: list[Event] = []
        self._copies = SafeCopies()
        self.is_failing = self._is_warned = False
        self._look_up = look_up
        self._logger = logger
        self._isolation = Isolation(self.name, self._failure, Heartbeat in self._plans, logger)

    def announce(self, event: Event) -> Any:
        """Give a start to the observer now and return its answer; whatever it raises passes."""
        return self._call(event) if type(event) in self._plans else None

    def add(self, event: Event) -> None:
        """Keep ``event`` for the observer, if it listens to such events."""
        if type(event) in self._plans:
            self.backlog.add(event)

    def keep_file(self, event: ArtifactAdded) -> None:
        """Keep a copy of the file of the last event, if the observer did not take it."""
        if self.backlog and self.backlog.last() is event:
            self.backlog.replace_last(self._copies.of(event))
        elif self._set_aside and self._set_aside[-1] is event:
            self._set_aside[-1] = self._copies.of(event)

    def drain(self) -> None:
        """Give the observer what it has not heard yet, up to the second failure.

        A file that could not be kept is set aside, so that it holds up nothing: it may be gone.
        So is any other event that the observer cannot record while it records others.
        """
        has_failed = False
        self._isolation.begin_round()
        while self.backlog:
            event = self.backlog.first()
            error = self._isolation.attempt(event)
            if error is None:
                self.is_failing = self._is_warned = False
            elif event.stands_alone and not has_failed:
                self._warn_once(event, error)
                has_failed = True
                self._set_aside.append(event)
            elif not self._isolation.passes(event, error, self.backlog.newest(Heartbeat)):
                self._warn_once(event, error)
                return
            else:
                self.is_failing = False
            self.backlog.remove_first()

    def retry(self) -> None:
        """Give the observer, if it is well, what was set aside."""
        while self._set_aside and not self.is_failing:
            if self._failure(self._set_aside[0]) is not None:
                return
            self._set_aside.pop(0)

    def _failure(self, event: Event) -> Exception | None:
        """Give the observer ``event`` and return what it raises."""
        try:
            self._call(event)
        except Exception as error:  # noqa: BLE001 - foreign code must not harm the run
            return error
        return None

    def _call(self, event: Event) -> Any:
        answer = self._plans[type(event)](event, self._look_up)
        if not isinstance(event, OutputCaptured):  # the line itself is output: no end of it
            self._logger.debug("Observer %s recorded %s", self.name, event.method)
        return answer

    def finish(self) -> None:
        """Try every entry once, the final one included, then ``join``; report what failed.

        An observer that costs `_PATIENCE` seconds in vain is only told the end.
        """
        missed: Counter[str] = Counter()
        wasted = 0.0
        for event, attempt in self._left():
            if wasted > _PATIENCE and not event.final:
                missed[f"{event.method} (not tried)"] += 1
                continue
            started = time.monotonic()
            error = attempt(event)
            if error is None:
                continue
            wasted += time.monotonic() - started
            if not isinstance(error, EventKeptError):
                missed[f"{event.method} ({format_error(error)})"] += 1
                reduced = self._isolation.end_without_values(event)
                if reduced is not None:
                    self._failure(reduced)
        missed.update(self._join())
        if lost := self.backlog.lost + self._isolation.lost:
            missed[f"{lost} events that no longer fitted into memory"] += 1
        if missed:
            self._logger.warning("The observer %s missed: %s", self.name, missed_text(missed))

    def _left(self) -> Iterator[tuple[Event, Callable[[Event], Exception | None]]]:
        """Yield what is left, each with what delivers it and returns what the observer raises."""
        isolation = self._isolation
        while self._set_aside:
            yield self._set_aside.pop(0), self._failure
        while self.backlog and not self.backlog.first().final:
            event = self.backlog.first()
            self.backlog.remove_first()
            if not isolation.is_recorded(event):
                yield event, isolation.attempt
        for event in isolation.last_events(lambda: str(self._look_up("captured_out"))):
            yield event, isolation.attempt_last
        while self.backlog:
            event = self.backlog.first()
            self.backlog.remove_first()
            yield event, isolation.attempt

    def release(self) -> None:
        """Let the observer serve another run."""
        self._copies.remove()
        with _live_lock:
            _live.pop(id(self.observer), None)

    def _join(self) -> list[str]:
        try:
            getattr(self.observer, "join", lambda: None)()
        except Exception as error:  # noqa: BLE001 - foreign code
            return [f"join ({format_error(error)})"]
        return []

    def _warn_once(self, event: Event, error: Exception) -> None:
        self.is_failing = True
        if not self._is_warned and not self._isolation.is_expected:
            self._is_warned = True
            self._logger.warning(
                "The observer %s failed in %s: %s. The run goes on; what it missed is kept "
                "and given to it again.",
                self.name,
                event.method,
                format_error(error),
            )
            self._logger.debug("%s.%s", self.name, event.method, exc_info=error)


def format_error(error: Exception) -> str:
    """Return the message of ``error``, without passwords; of foreign exceptions with the type."""
    if isinstance(error, SacredError):
        return masked_text(message_of(error)).strip()
    return error_text(error)
