"""Calls one observer with the events of a run: in order, each until it was recorded."""

import logging
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from sacred_core.delivery.backlog import Backlog
from sacred_core.delivery.failures import Undelivered, format_error
from sacred_core.delivery.isolation import Isolation
from sacred_core.events import ArtifactAdded, Event, Heartbeat, ResourceAdded
from sacred_core.exceptions import RunLostError
from sacred_core.observers.retry_policy import RetryPolicy

#: Bytes of a file that count as a second at the end of a run.
_BYTES_PER_SECOND = 1_000_000
#: A shorter pause between two attempts would take the time that other threads need.
_SHORTEST = 0.01
#: Events that are delivered together: a heartbeat with what came before it, or a part of a backlog.
_MOST_TOGETHER = 50
#: Why an event was not recorded where the run did not wait for the observer any longer.
_RUNNING, _LEFT = "still running", "not delivered"


class Abandoned(BaseException):
    """The run does not wait for the observer any longer: nothing more is delivered to it."""


class Deliverer:
    """Works in the thread of a `sacred_core.delivery.lane.Lane`; the lane adds the events.

    Args:
        name: Of the observer, for messages.
        call: Calls the observer with an event.
        policy: Of the observer.
        takes_heartbeats: Whether the observer has a method for them.
        resolve_lazy: Returns the value of an argument in `Event.lazy_arguments`.
        logger: Where failures are reported.
        new_backlog: Returns an empty backlog.
        lists_late: See `sacred_core.RunObserver.lists_files_with_heartbeats`.
        passes_interrupts: Raise `KeyboardInterrupt`; the event stays the first one.
        record_together: See `TransactionalObserver.record_together`.
        when_lost: Called with the error if another process has resumed the run.

    Attributes:
        unlisted: Files that were recorded since the last heartbeat, of such an observer.
        backlog: What waits.
        aside: Events that failed and that later ones do not depend on.
        undelivered: What the observer did not record at the end of the run.
        is_failing: Whether the last attempt failed.
        current: The event with which the observer is being called.
    """

    def __init__(
        self,
        name: str,
        call: Callable[[Event], Any],
        policy: RetryPolicy,
        takes_heartbeats: bool,
        resolve_lazy: Callable[[str], Any],
        logger: logging.Logger,
        new_backlog: Callable[[], Backlog],
        lists_late: bool = False,
        passes_interrupts: bool = False,
        record_together: Callable[[Callable[[], None]], bool] | None = None,
        when_lost: Callable[[RunLostError], None] = lambda error: None,
    ) -> None:
        self._name = name
        self._lists_late = lists_late
        self._passes_interrupts = passes_interrupts
        self._record_together = record_together
        self._when_lost = when_lost
        self.unlisted: list[Event] = []
        self._call = call
        self._policy = policy
        self._resolve_lazy = resolve_lazy
        self._logger = logger
        self.backlog, self.aside = new_backlog(), new_backlog()
        self.undelivered = Undelivered(new_backlog())
        self.is_failing = self._is_warned = False
        self.current: Event | None = None
        self._called = self._recorded = time.monotonic()
        self._failed: tuple[Event, Exception] | None = None
        #: Seconds of calls at the end that failed to store a file.
        self._failed_files = 0.0
        self._is_abandoned = False
        self._isolation = Isolation(name, self.failure, takes_heartbeats, logger, new_backlog())

    @property
    def lost(self) -> int:
        """The number of events that fitted neither into memory nor on the disk."""
        waiting = (self.backlog, self.aside, self.undelivered.events)
        return sum(each.lost for each in waiting) + self._isolation.lost

    @property
    def has_waiting(self) -> bool:
        """Whether events are pending."""
        return bool(self.backlog) or bool(self.aside)

    def deliver(self, with_retries: bool = True) -> None:
        """Call the observer with what waits, up to the second failure or an outage.

        A file that cannot be stored is set aside, so that it holds up nothing: it may be missing.
        So is any other event that the observer cannot record while it records others.

        Args:
            with_retries: Then retry what was set aside.
        """
        has_failed = False
        self._isolation.begin_round()
        if not self._deliver_together():
            return
        while (event := self.backlog.first()) is not None:
            if event.final and not self._retry_before_end():
                return
            error = self._isolation.attempt(event)
            if error is None:
                self.is_failing = self._is_warned = has_failed = False
            elif event.order_independent and not has_failed:
                self._warn_once(event, error)
                has_failed = True
                self.backlog.move_first_to(self.aside)
                continue
            elif not self._isolation.passes(event, error, self.backlog.newest(Heartbeat)):
                self._warn_once(event, error)
                return
            else:
                self.is_failing = False
            self.backlog.remove_first()
        if with_retries and not has_failed:
            while self.aside and self._retry_first_aside():
                pass

    def finish(self, pause: Callable[[float], None]) -> None:
        """Deliver everything that waits, for a bounded time; `undelivered` is what failed.

        Args:
            pause: Waits this number of seconds, or until the run does not wait any longer.
        """
        began, self._failed_files = time.monotonic(), 0.0
        self.deliver()
        while self.has_waiting and self._is_outage():
            left = self.end_of_retries(began) - time.monotonic()
            if left <= 0:
                break
            pause(max(_SHORTEST, min(self._policy.retry_interval, left)))
            self.deliver()
        self._try_last(began)

    def end_of_retries(self, began: float) -> float:
        """Return when retries stop (as of `time.monotonic`) if the run ended at ``began``."""
        return max(began, self._recorded) + self._policy.end_timeout

    def end_of_wait(self, began: float) -> float:
        """Return when the run does not wait any longer, if it ended at ``began``.

        A call that is in progress then may take some time after the last retry, as may those that
        follow it, all together. The time of files that failed does not count.
        """
        event = self.current
        allowed = self._policy.call_timeout + (0.0 if event is None else _file_seconds(event))
        end = self.end_of_retries(began)
        return max(end, min(max(began, self._called), end + self._failed_files) + allowed)

    def abandon(self) -> None:
        """End the thread when the current call returns."""
        self._is_abandoned = True

    def take_rest(self) -> None:
        """Move what waits to `undelivered`, once the thread has ended or the lane abandoned it.

        An event waits until it is recorded. What the observer is called with may be a copy of it
        with less, or a heartbeat that only tests whether the observer is available.
        """
        current = self.current
        for waiting in (self.aside, self.backlog):
            if current is not None and waiting.first() is current and not current.final:
                self.undelivered.add(waiting.remove_first(), _RUNNING)
            self.undelivered.add_all(waiting, _LEFT)
        for event in self._isolation.last_events(self._captured_out):
            self.undelivered.add(event, _LEFT)
        if (end := self.backlog.first()) is not None:
            self.undelivered.add(self.backlog.remove_first(), _RUNNING if end is current else _LEFT)

    def unlisted_files(self) -> list[Event]:
        """Return `unlisted` as far as the files still exist."""
        return [event for event in self.unlisted if _has_file(event)]

    def failure(self, event: Event) -> Exception | None:
        """Call the observer and return what it raises.

        Raises:
            Abandoned: the run does not wait any longer.
            KeyboardInterrupt: the observer is called in the thread of the run.
        """
        error = self._failure(event)
        if error is None:
            self._note_recorded(event)
        return error

    def _failure(self, event: Event) -> Exception | None:
        self._raise_if_abandoned()
        self._called, self.current = time.monotonic(), event
        error: Exception | None = None
        try:
            self._call(event)
        except RunLostError as raised:
            self._when_lost(raised)
            raise Abandoned from raised
        except Exception as raised:  # noqa: BLE001 - foreign code must not harm the run
            error = raised
        except BaseException as raised:  # it would end this thread only
            if self._passes_interrupts and isinstance(raised, KeyboardInterrupt):
                raise
            error = RuntimeError(f"it raised {type(raised).__name__}: {raised}")
        self._raise_if_abandoned()
        self.current = None
        if error is not None:
            self._failed_files += min(time.monotonic() - self._called, _file_seconds(event))
        return error

    def _deliver_together(self) -> bool:
        """Deliver the first events in one step of the observer, which records all or none.

        What fails is delivered one by one, so that the event at fault is found.

        Returns:
            False if the observer is unavailable.
        """
        if self._record_together is None or self.is_failing or self._has_set_aside:
            return True
        events = self.backlog.leading(_MOST_TOGETHER)
        if len(events) < 2:
            return True
        try:
            if not self._record_together(partial(self._call_all, events)):
                return True
        except Exception as error:  # noqa: BLE001 - foreign code must not harm the run
            self.current = None
            if not isinstance(error, self._policy.temporary):
                return True
            self._warn_once(events[0], error)
            return False
        self._raise_if_abandoned()
        self._is_warned = False
        self._isolation.note_recorded(events)
        for event in events:
            self._note_recorded(event)
            if self.backlog.first() is event:  # a newer heartbeat may have replaced it
                self.backlog.remove_first()
        return True

    def _call_all(self, events: list[Event]) -> None:
        for event in events:
            error = self._failure(event)
            if error is not None:
                raise error
        self._raise_if_abandoned()

    @property
    def _has_set_aside(self) -> bool:
        return bool(self.aside) or self._isolation.has_waiting

    def _note_recorded(self, event: Event) -> None:
        self._recorded = time.monotonic()
        if event.final or isinstance(event, Heartbeat):
            self.unlisted = []
        elif event.order_independent and self._lists_late:
            self.unlisted.append(event)

    def _raise_if_abandoned(self) -> None:
        if self._is_abandoned:
            raise Abandoned

    def _is_outage(self) -> bool:
        error = self._failed[1] if self._failed is not None else None
        return self.is_failing and isinstance(error, self._policy.temporary)

    def _retry_before_end(self) -> bool:
        """Retry all that was set aside, and return whether the end may be delivered.

        Where other events are recorded, what fails is a file that cannot be stored: it is not
        waited for. Where nothing is recorded, the end has to wait.
        """
        for _ in range(len(self.aside)):
            if not self._retry_first_aside() and self.is_failing:
                return False
        if self._isolation.has_waiting:
            if not self._isolation.responds(self.backlog.newest(Heartbeat)):
                return False
            self._try_isolated()
        return True

    def _try_isolated(self) -> None:
        """Try for the last time what the observer could not record while it recorded others."""
        for event in self._isolation.last_events(self._captured_out):
            error = self._isolation.attempt_last(event)
            if error is not None:
                self._note(event, error)

    def _captured_out(self) -> str:
        return str(self._resolve_lazy("captured_out"))

    def _retry_first_aside(self) -> bool:
        """Retry the first event that was set aside; if it fails, move it behind the others."""
        event = self.aside.first()
        if event is None:
            return False
        error = self.failure(event)
        if error is not None:
            self._failed = event, error
            self.aside.move_first_to(self.aside)
            return False
        self.is_failing = False
        self.aside.remove_first()
        return True

    def _try_last(self, began: float) -> None:
        """Attempt each event that is left once more; after an outage or too late only the end."""
        known, is_outage = self._failed, self._is_outage()
        for waiting in (self.aside, self.backlog):
            while (event := waiting.first()) is not None:
                if event.final:
                    self._try_isolated()
                elif known is not None and is_outage:
                    self.undelivered.add_all(waiting, format_error(known[1]))
                    continue
                elif (known is None or event is not known[0]) and self._is_late(began):
                    self.undelivered.add_all(waiting, "not tried")
                    continue
                if known is not None and event is known[0] and not is_outage:
                    self._note_end(event, known[1])
                elif (error := self._isolation.attempt(event)) is not None:
                    self._note_end(event, error)
                waiting.remove_first()

    def _is_late(self, began: float) -> bool:
        return time.monotonic() > self.end_of_retries(began)

    def _note_end(self, event: Event, error: Exception) -> None:
        """Record the end of the run without the result or traceback that cannot be recorded."""
        self._note(event, error)
        reduced = self._isolation.end_without_values(event)
        if reduced is not None:
            self.failure(reduced)

    def _note(self, event: Event, error: Exception) -> None:
        self.undelivered.add(event, format_error(error))

    def _warn_once(self, event: Event, error: Exception) -> None:
        self.is_failing = True
        self._failed = event, error
        if not self._is_warned and not self._isolation.is_expected:
            self._is_warned = True
            self._logger.warning(
                "The observer %s failed in %s: %s. The run continues; the missed "
                "events are queued and will be retried.",
                self._name, event.method, format_error(error),
            )  # fmt: skip
            self._logger.debug("%s.%s", self._name, event.method, exc_info=error)


def _file_seconds(event: Event) -> float:
    """Return how much longer a call may take that stores a file."""
    if not isinstance(event, (ArtifactAdded, ResourceAdded)):
        return 0.0
    try:
        return Path(event.filename).stat().st_size / _BYTES_PER_SECOND
    except OSError:
        return 0.0


def _has_file(event: Event) -> bool:
    return not isinstance(event, ArtifactAdded) or Path(event.filename).exists()
