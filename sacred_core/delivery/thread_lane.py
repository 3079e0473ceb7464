"""The delivery of one run's events to one observer, in a separate thread."""

import contextvars
import threading
import time
from functools import partial
from typing import Any, cast

from sacred_core.delivery.deliverer import Abandoned
from sacred_core.delivery.lane import Lane
from sacred_core.events import Event, Heartbeat, RunIdEvent
from sacred_core.exceptions import ObserverTimeoutError
from sacred_core.plurals import counted
from sacred_core.reused_threads import ReusedThread

#: Seconds that the thread has to end once its work is done, or once it is abandoned between calls.
_ENDING = 0.5


class ThreadLane(Lane):
    """A daemon thread calls the observer.

    It calls it from the first event on, in a copy of the context of the start of the run. After the
    run it may serve another one.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._context = contextvars.copy_context()
        self._thread: ReusedThread | None = None
        self._changed = threading.Condition()
        self._answer: Any = None
        self._start_error: BaseException | None = None
        self._is_starting = False
        self._is_due = self._has_round = self._is_retry = False
        self._is_idle = True
        self._is_late = False
        self._added = 0
        self._closed_at: float | None = None
        self._is_finished = self._is_done = self._is_released = False

    @property
    def is_own_thread(self) -> bool:
        """Whether the caller is the thread of this lane."""
        return self._thread is not None and self._thread.is_current

    def send_start(self, event: RunIdEvent) -> Any:
        """Call the observer with a start, wait for it, and return its answer.

        Raises:
            ObserverTimeoutError: it has not answered after `RetryPolicy.start_timeout`.
            BaseException: what the observer raised.
        """
        self._context, self._handover.start = contextvars.copy_context(), event
        if type(event) not in self._plans:
            return None
        self._is_starting = True
        self._require_thread()
        with self._changed:
            self._changed.wait_for(lambda: not self._is_starting, self.policy.start_timeout)
            if self._is_starting:
                raise ObserverTimeoutError(
                    f"it did not answer within {counted(self.policy.start_timeout, 'second')}"
                )
        if self._start_error is not None:
            raise self._start_error
        return self._answer

    @property
    def is_starting(self) -> bool:
        """Whether the call with the start is in progress."""
        return self._is_starting

    def add(self, event: Event) -> int | None:
        """Append ``event``; return its number for `wait`, None if there is nothing to wait for.

        `wake` has to follow.

        What failed before is retried only with heartbeats and after a pause.
        """
        is_retry = isinstance(event, Heartbeat)
        is_taken = type(event) in self._plans
        if not is_taken and not (is_retry and self._deliverer.is_failing):
            return None
        with self._changed:
            if is_taken:
                self._deliverer.backlog.add(event)
                self._added += 1
            is_due = not self.policy.interval and (is_retry or not self._deliverer.is_failing)
            if is_due:
                self._is_due = True
                self._is_retry = self._is_retry or is_retry
            number = self._added
        self._require_thread()
        return number if is_due and not self._is_late and self.policy.wait else None

    def wake(self) -> None:
        """Wake the thread to deliver pending events, if the interval has passed."""
        with self._changed:
            if self._is_due:
                self._is_due = False
                self._has_round, self._is_idle = True, False
                self._changed.notify_all()

    def wait(self, number: int, seconds: float) -> None:
        """Wait until the event of this number was handled, at most this number of seconds.

        If that is not enough, events are not waited for until the observer has handled them all.
        """
        backlog = self._deliverer.backlog
        with self._changed:
            if not self._changed.wait_for(
                lambda: self._is_idle or self._is_finished or backlog.removed >= number, seconds
            ):
                self._is_late = True

    def close(self, event: Event | None, began: float, seconds: float) -> None:
        """Deliver all pending events, then ``event``, and end the thread.

        Args:
            event: The end of the run, if there is one.
            began: When the end began, as of `time.monotonic`.
            seconds: Wait so long, at most, for the thread to end.
        """
        with self._changed:
            if event is not None and type(event) in self._plans:
                self._deliverer.backlog.add(event)
            self._closed_at = began
            self._changed.notify_all()
        self._require_thread()
        with self._changed:
            self._changed.wait_for(lambda: self._is_finished, seconds)

    def wait_closed(self, is_waited_for: bool = True) -> None:
        """Wait for the end of the thread, for a bounded time, and report what was missed.

        An interrupt ends the wait.

        Args:
            is_waited_for: False if an interrupt has ended the wait already.
        """
        try:
            with self._changed:
                while is_waited_for and not self._is_finished and (left := self._time_left()) > 0:
                    self._changed.wait(left)
        finally:
            self._abandon()
            self._report(not self._is_starting and self._start_error is None)

    def drop(self) -> None:
        """End the thread, then drop what waits; an observer that is being called is not joined."""
        self._abandon()
        if self._thread is None or self._is_finished:
            super().drop()

    def release(self) -> None:
        """Make the observer available for another run when the current call has returned."""
        with self._changed:
            self._is_released = True
            is_in_use = self._thread is not None and not self._is_finished
        if not is_in_use:
            self._free()

    def _time_left(self) -> float:
        began = self._closed_at or 0.0
        if self._is_starting:
            limit = began + self.policy.wait
        else:
            limit = self._deliverer.end_of_wait(began)
        return limit - time.monotonic()

    def _abandon(self) -> None:
        """End the thread, and take over its undelivered events."""
        if not self._is_finished:
            self._deliverer.abandon()
            with self._changed:
                self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(_ENDING)
        if not self._is_done:
            self._deliverer.take_rest()

    def _require_thread(self) -> None:
        if self._thread is None:
            self._thread = ReusedThread(partial(self._context.run, self._work), "sacred-observer")
            self._thread.start()

    def _work(self) -> None:
        try:
            if not self._is_starting or self._is_start_recorded():
                while self._has_next_round():
                    self._deliver()
                self._deliverer.finish(self._pause)
                self._join()
            self._is_done = True
        except Abandoned:
            pass
        except Exception as error:  # properties of the observer, or a mistake of ours
            self._logger.warning("The delivery to %s failed", self.name, exc_info=error)
        finally:
            with self._changed:
                self._is_finished = True
                self._changed.notify_all()
                is_released = self._is_released
            if is_released:
                self._free()

    def _is_start_recorded(self) -> bool:
        try:
            self._answer = self._call(cast(Event, self._handover.start))
        except BaseException as error:  # noqa: BLE001 - raised in the thread that waits
            self._start_error = error
        with self._changed:
            self._is_starting = False
            self._changed.notify_all()
        return self._start_error is None

    def _has_next_round(self) -> bool:
        """Wait until there is something to deliver; False at the end of the run."""
        with self._changed:
            due = (
                None if (pause := self._pause_before_round()) is None else time.monotonic() + pause
            )
            while not self._has_round and self._closed_at is None:
                left = None if due is None else due - time.monotonic()
                if left is not None and left <= 0:
                    self._has_round = self._is_retry = True
                else:
                    self._changed.wait(left)
            self._is_idle = False
            return self._closed_at is None

    def _pause_before_round(self) -> float | None:
        if self._deliverer.is_failing:
            return self.policy.retry_interval
        return self.policy.interval or None

    def _deliver(self) -> None:
        with self._changed:
            with_retries, self._has_round, self._is_retry = self._is_retry, False, False
        self._deliverer.deliver(with_retries)
        with self._changed:
            if not self._has_round:
                self._is_idle, self._is_late = True, False
            self._changed.notify_all()

    def _pause(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait(seconds)
