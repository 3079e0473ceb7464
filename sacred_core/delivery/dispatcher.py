"""Sends the events of one run to its observers, each in its own lane."""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import attrs

from sacred_core.delivery.direct_lane import DirectLane
from sacred_core.delivery.failures import format_error
from sacred_core.delivery.handover import RunFolders
from sacred_core.delivery.lane import Lane, policy_of
from sacred_core.delivery.thread_lane import ThreadLane
from sacred_core.delivery.used_folders import flush_command
from sacred_core.events import ArtifactAdded, Event, ResourceAdded, RunIdEvent
from sacred_core.exceptions import ObserverStartError, RunLostError

#: Seconds for which an event is waited for in any case, if its observer is not late: to record it
#: usually takes much less. A longer wait counts for `RetryPolicy.wait`.
_SHORT_WAIT = 0.1
#: Seconds at the end of a run for which observers work one after the other, by priority.
_IN_ORDER = 1.0


class Dispatcher:
    """The observers of one run, by descending priority. Calls may come from any thread.

    Args:
        observers: As added to the experiment.
        resolve_lazy: Returns the value of an argument in `Event.lazy_arguments`.
        logger: Where failures of observers are reported.
        when_lost: Called once, in any thread, if another process has resumed the run: from then on
            no event is delivered.

    Attributes:
        lost: The error of the observer that reported it; None before.

    Raises:
        ObserverSignatureError: an observer requires an argument that no event has.
    """

    def __init__(
        self,
        observers: Iterable[Any],
        resolve_lazy: Callable[[str], Any],
        logger: logging.Logger,
        when_lost: Callable[[], None] = lambda: None,
    ) -> None:
        self._lock = threading.RLock()  # events have one order for all observers
        self._losing = threading.Lock()  # the other one may be held by a thread that waits
        self._waiting: list[Lane] = []
        self._started: list[Lane] = []
        self._logger = logger
        self._when_lost = when_lost
        self.lost: RunLostError | None = None
        #: Seconds that calls of the user waited, beyond `_SHORT_WAIT` each.
        self._waited = 0.0
        folders = RunFolders()
        try:
            for observer in sorted(observers, key=_descending_priority):
                kind = ThreadLane if policy_of(observer).has_own_thread else DirectLane
                self._waiting.append(kind(observer, resolve_lazy, logger, folders, self._lose))
        except BaseException:
            self._release()
            raise

    @property
    def observers(self) -> list[Any]:
        """The objects that are called: for an observer that is busy elsewhere, its copy."""
        return [lane.observer for lane in self._started + self._waiting]

    @property
    def run_ids(self) -> list[tuple[Any, Any]]:
        """The observers that have recorded the start, and the id of the run in each."""
        return [(lane.observer, lane.run_id) for lane in self._started]

    def send_start(self, event: RunIdEvent, run_id: Any) -> Any:
        """Send the start of a run, or that it is queued, to all observers, and return its id.

        Args:
            event: The record; each observer receives it with the id as known so far.
            run_id: The id that the user requested, or None: then the first answer counts.

        Returns:
            The id, in the form (string or integer) of the first observer that returned it.

        Raises:
            ObserverStartError: an observer raised, or did not answer in time; those after it
                receive nothing.
        """
        answers: list[Any] = []
        while self._waiting:
            lane = self._waiting.pop(0)
            try:
                answer = lane.send_start(attrs.evolve(event, _id=run_id))
            except BaseException as error:
                self._dismiss(lane)
                if isinstance(error, Exception):
                    raise ObserverStartError(
                        f"the observer {lane.name} could not record the start of the "
                        f"run: {format_error(error)}"
                    ) from error
                raise
            lane.run_id = run_id if answer is None else answer
            self._started.append(lane)
            answers.append(answer)
            run_id = answer if run_id is None else run_id
        return next((answer for answer in answers if str(answer) == str(run_id)), run_id)

    def add(self, event: Event) -> None:
        """Add ``event`` to what the next call of `send` or `finish` delivers."""
        with self._lock:
            for lane in self._receivers:
                lane.add(event)

    def send(self, event: Event) -> None:
        """Deliver ``event`` to every observer, and wait until it was handled, for a bounded time.

        Observers are called by descending priority, as far as they answer in time.

        An observer that failed before records it later. A thread of an observer does not wait.
        """
        with self._lock:
            numbers = [(lane, lane.add(event)) for lane in self._receivers]
        try:
            if not any(lane.is_own_thread for lane in self._started):
                self._wait(event, numbers)
        finally:  # also after an interrupt
            for lane, _ in numbers:
                lane.wake()
        if event.order_independent:
            for lane in self._receivers:
                lane.keep_files(event)

    def finish(self, event: Event | None, began: float | None = None) -> None:
        """Send the final event, if there is one, then join and release every observer.

        All observers have the same time; calls in this thread do not count. An interrupt (a second
        Ctrl-C) ends the wait for one observer, then is re-raised.

        Args:
            event: The end of the run.
            began: When the end began, as of `time.monotonic`: now by default.
        """
        if self.lost is not None:
            self._drop()
            return
        now = time.monotonic()
        in_order_until, began = now + _IN_ORDER, now if began is None else began
        interrupt: BaseException | None = None
        interrupted: list[Lane] = []
        for lane in self._started:
            closed_at = time.monotonic()
            try:
                lane.close(event, began, max(0.0, in_order_until - closed_at))
            except BaseException as error:  # noqa: BLE001 - re-raised below
                interrupt = error
                interrupted.append(lane)
            if lane.is_direct:
                began += time.monotonic() - closed_at
        for lane in self._started:
            try:
                lane.wait_closed(is_waited_for=lane not in interrupted)
            except BaseException as error:  # noqa: BLE001 - re-raised below
                interrupt = error
        if self.lost is None:
            self._report_folders()
        self._release()
        if interrupt is not None:
            raise interrupt

    @property
    def _receivers(self) -> list[Lane]:
        return self._started if self.lost is None else []

    def _lose(self, error: RunLostError) -> None:
        """Deliver nothing more to any observer, since another process has resumed the run."""
        with self._losing:
            is_first, self.lost = self.lost is None, self.lost or error
        for lane in self._started:
            lane.abandon()
        if is_first:
            self._when_lost()

    def _drop(self) -> None:
        """Join and release every observer of a run that another process has resumed."""
        for lane in self._started:
            lane.drop()
        self._release()

    def _wait(self, event: Event, numbers: list[tuple[Lane, int | None]]) -> None:
        """Wait for one lane after the other; those that are late work meanwhile."""
        waited = 0.0
        for lane, number in numbers:
            lane.wake()
            if number is None:
                continue
            began = time.monotonic()
            limit = lane.policy.wait - self._waited - waited
            lane.wait(number, max(limit, min(lane.policy.wait, _SHORT_WAIT)))
            waited += time.monotonic() - began
        if isinstance(event, (ArtifactAdded, ResourceAdded)):  # others come from heartbeats
            self._waited += max(0.0, waited - _SHORT_WAIT)

    def _report_folders(self) -> None:
        """Report where the events are that were not recorded, with one command that stores them."""
        written = (lane.folder for lane in self._started)
        folders = sorted({str(folder.parent) for folder in written if folder is not None})
        if folders:
            self._logger.warning(
                "Undelivered events of the run are in %s. To store them: %s",
                " and ".join(folders),
                flush_command(*folders),
            )

    def _dismiss(self, lane: Lane) -> None:
        """Release a lane whose start failed; one that is still being started receives the end."""
        if lane.is_starting:
            self._started.append(lane)
        else:
            lane.release()

    def _release(self) -> None:
        for lane in self._started + self._waiting:
            lane.release()


def _descending_priority(observer: Any) -> float:
    return -float(getattr(observer, "priority", 0))
