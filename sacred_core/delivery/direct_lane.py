"""The delivery of one run's events to one observer, in the thread that starts the run."""

import contextlib
import threading
import time
from typing import Any

from sacred_core.delivery.deliverer import Abandoned
from sacred_core.delivery.lane import Lane
from sacred_core.events import Event, Heartbeat, RunIdEvent


class DirectLane(Lane):
    """Calls the observer in the thread that starts the run, without a time limit.

    Events of other threads wait for the next event of that thread.
    """

    is_direct = True

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._thread = threading.current_thread()
        self._tried = 0.0
        self._is_due = self._has_heartbeat = self._is_delivering = False
        self._is_started = self._is_done = False

    def send_start(self, event: RunIdEvent) -> Any:
        """Call the observer with a start, and return its answer."""
        self._thread, self._handover.start = threading.current_thread(), event
        answer = self._call(event) if type(event) in self._plans else None
        self._is_started = True
        return answer

    def add(self, event: Event) -> int | None:
        """Append ``event``; what failed before is retried with heartbeats and after a pause."""
        if type(event) in self._plans:
            self._deliverer.backlog.add(event)
        self._is_due = True
        self._has_heartbeat = self._has_heartbeat or isinstance(event, Heartbeat)
        return None

    def wake(self) -> None:
        """Deliver what was added, if this is the thread of the run."""
        is_here = self._thread is threading.current_thread() and not self._is_delivering
        is_retry = self._has_heartbeat or self._pause_is_over()
        if not is_here or not self._is_due or (self._deliverer.is_failing and not is_retry):
            return
        self._is_due, self._has_heartbeat, self._is_delivering = False, False, True
        try:
            with contextlib.suppress(Abandoned):  # the run is lost
                self._deliverer.deliver(is_retry)
        finally:
            self._tried, self._is_delivering = time.monotonic(), False

    def wait(self, number: int, seconds: float) -> None:
        """Do nothing: `wake` has delivered the event."""

    def close(self, event: Event | None, began: float, seconds: float) -> None:
        """Deliver all that waits, and ``event`` as the last one, then join the observer."""
        if not self._is_started:
            self._is_done = True
            return
        if event is not None and type(event) in self._plans:
            self._deliverer.backlog.add(event)
        with contextlib.suppress(Abandoned):  # the run is lost
            self._deliverer.finish(time.sleep)
        self._join()
        self._is_done = True

    def wait_closed(self, is_waited_for: bool = True) -> None:
        """Report what was missed."""
        if not self._is_done:
            self._deliverer.take_rest()
        self._report(self._is_started)

    def release(self) -> None:
        """Make the observer available for another run."""
        self._free()

    def _pause_is_over(self) -> bool:
        return time.monotonic() - self._tried >= self.policy.retry_interval
