"""Hands the events of one run to its observers, each on its own."""

import copy
import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import attrs

from sacred_core.events import Announcement, ArtifactAdded, Event, Heartbeat, OutputCaptured
from sacred_core.exceptions import EventKeptError, ObserverStartError, SacredError
from sacred_core.masking import masked_text
from sacred_core.observers.backlog import Backlog
from sacred_core.observers.call_plan import call_plans
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
        self.is_failing = False
        self._look_up = look_up
        self._logger = logger

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
        """
        has_failed = False
        while self.backlog:
            event = self.backlog.first()
            if self._is_taken(event):
                self.is_failing = False
            elif has_failed or not event.stands_alone:
                return
            else:
                has_failed = True
                self._set_aside.append(event)
            self.backlog.remove_first()

    def retry(self) -> None:
        """Give the observer, if it is well, what was set aside."""
        while self._set_aside and not self.is_failing:
            if not self._is_taken(self._set_aside[0], is_told=True):
                return
            self._set_aside.pop(0)

    def _is_taken(self, event: Event, is_told: bool = False) -> bool:
        try:
            self._call(event)
        except Exception as error:  # noqa: BLE001 - foreign code must not harm the run
            if not is_told:
                self._warn_once(event, error)
            return False
        return True

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
        for event in self._left():
            if wasted > _PATIENCE and not event.final:
                missed[f"{event.method} (not tried)"] += 1
                continue
            started = time.monotonic()
            try:
                self._call(event)
            except Exception as error:  # noqa: BLE001 - foreign code
                wasted += time.monotonic() - started
                if not isinstance(error, EventKeptError):
                    missed[f"{event.method} ({_told(error)})"] += 1
        missed.update(self._join())
        if self.backlog.lost:
            missed[f"{self.backlog.lost} events that no longer fitted into memory"] += 1
        if missed:
            self._logger.warning("The observer %s missed: %s", self.name, missed_text(missed))

    def _left(self) -> Iterator[Event]:
        while self._set_aside:
            yield self._set_aside.pop(0)
        while self.backlog:
            event = self.backlog.first()
            self.backlog.remove_first()
            yield event

    def release(self) -> None:
        """Let the observer serve another run."""
        self._copies.remove()
        with _live_lock:
            _live.pop(id(self.observer), None)

    def _join(self) -> list[str]:
        try:
            getattr(self.observer, "join", lambda: None)()
        except Exception as error:  # noqa: BLE001 - foreign code
            return [f"join ({_told(error)})"]
        return []

    def _warn_once(self, event: Event, error: Exception) -> None:
        if not self.is_failing:
            self.is_failing = True
            self._logger.warning(
                "The observer %s failed in %s: %s. The run goes on; what it missed is kept "
                "and given to it again.",
                self.name,
                event.method,
                _told(error),
            )
            self._logger.debug("%s.%s", self.name, event.method, exc_info=error)


def _told(error: Exception) -> str:
    if isinstance(error, SacredError):
        return masked_text(message_of(error)).strip()
    return error_text(error)


class Dispatcher:
    """The observers of one run, by descending priority. Calls may come from any thread.

    Args:
        observers: As added to the experiment.
        look_up: Gives the arguments that are no field of an event (`Event.looked_up`).
        logger: Where failures of observers are told.

    Raises:
        ObserverSignatureError: an observer requires an argument that no event has.
    """

    def __init__(
        self, observers: Iterable[Any], look_up: Callable[[str], Any], logger: logging.Logger
    ) -> None:
        # Re-entrant: an observer may add an artifact of its own while it is called.
        self._lock = threading.RLock()
        self._waiting: list[Delivery] = []
        self._started: list[Delivery] = []
        try:
            for observer in sorted(observers, key=_descending_priority):
                self._waiting.append(Delivery(observer, look_up, logger))
        except BaseException:
            self._release()
            raise

    @property
    def observers(self) -> list[Any]:
        """The objects that are called: for an observer that is busy elsewhere, its copy."""
        return [delivery.observer for delivery in self._started + self._waiting]

    @property
    def run_ids(self) -> list[tuple[Any, Any]]:
        """The observers that have been given the start, and the id of the run in each."""
        return [(delivery.observer, delivery.run_id) for delivery in self._started]

    def announce(self, event: Announcement, run_id: Any) -> Any:
        """Tell all observers that the run starts or is queued, and return the run's id.

        Args:
            event: The record; each observer gets it with the id as known so far.
            run_id: What the user asked for, or None: then the first answer counts.

        Returns:
            The id, in the form (string or integer) of the first observer that returned it.

        Raises:
            ObserverStartError: an observer raised; it and those after it hear nothing more.
        """
        answers: list[Any] = []
        with self._lock:
            while self._waiting:
                delivery = self._waiting.pop(0)
                try:
                    answer = delivery.announce(attrs.evolve(event, _id=run_id))
                except BaseException as error:
                    delivery.release()
                    if isinstance(error, Exception):
                        raise ObserverStartError(
                            f"the observer {delivery.name} could not record the start of the "
                            f"run: {_told(error)}"
                        ) from error
                    raise
                delivery.run_id = run_id if answer is None else answer
                self._started.append(delivery)
                answers.append(answer)
                run_id = answer if run_id is None else run_id
        return next((answer for answer in answers if str(answer) == str(run_id)), run_id)

    def send(self, event: Event) -> None:
        """Give ``event`` to every observer; one that failed before waits for the next beat."""
        with self._lock:
            # All first: an interrupt in the midst of a delivery must not lose the event.
            for delivery in self._started:
                delivery.add(event)
            for delivery in self._started:
                if not delivery.is_failing or isinstance(event, Heartbeat):
                    delivery.drain()
                if isinstance(event, Heartbeat):
                    delivery.retry()
                elif isinstance(event, ArtifactAdded):
                    delivery.keep_file(event)

    def finish(self, event: Event | None) -> None:
        """Send the final event, if there is one, then join and release every observer.

        An interrupt (a second Ctrl-C) ends the work for one observer, then is raised again.
        """
        interrupt: BaseException | None = None
        with self._lock:
            for delivery in self._started:
                if event is not None:
                    delivery.add(event)
                try:
                    delivery.finish()
                except BaseException as error:  # noqa: BLE001 - raised again below
                    interrupt = error
            self._release()
        if interrupt is not None:
            raise interrupt

    def _release(self) -> None:
        for delivery in self._started + self._waiting:
            delivery.release()


def _descending_priority(observer: Any) -> float:
    return -float(getattr(observer, "priority", 0))
