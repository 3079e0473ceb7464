"""The delivery of one run's events to one observer."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sacred_core.delivery.backlog import Backlog
from sacred_core.delivery.deliverer import Deliverer
from sacred_core.delivery.failures import format_error, missed_text
from sacred_core.delivery.file_copies import SafeCopies
from sacred_core.delivery.handover import Handover, RunFolders
from sacred_core.delivery.overflow import Overflow
from sacred_core.delivery.reservations import release, reserve
from sacred_core.events import Event, Heartbeat, RunIdEvent
from sacred_core.exceptions import RunLostError
from sacred_core.observers.call_plan import call_plans
from sacred_core.observers.event_names import misnamed_methods
from sacred_core.observers.retry_policy import RetryPolicy
from sacred_core.plurals import counted


class Lane(ABC):
    """Events wait here in order until the observer is called with them.

    An observer serves one active run at a time: where it is busy, a copy of it serves this one.

    Args:
        observer: Of the run.
        resolve_lazy: Returns the value of an argument in `Event.lazy_arguments`.
        logger: Where failures are reported.
        folders: For what is not recorded.
        when_lost: Called with the error of the observer if another process has resumed the run.

    Attributes:
        observer: The object that is called.
        name: Of the observer, for messages.
        policy: Of the observer.

    Raises:
        ObserverSignatureError: the observer requires an argument that an event does not have.
    """

    #: Whether the observer is called in the thread that starts the run.
    is_direct = False

    def __init__(
        self,
        observer: Any,
        resolve_lazy: Callable[[str], Any],
        logger: logging.Logger,
        folders: RunFolders,
        when_lost: Callable[[RunLostError], None],
    ) -> None:
        plans = call_plans(observer)  # raises before anything is reserved
        self.observer = reserve(observer)
        self._plans = plans if self.observer is observer else call_plans(self.observer)
        self.policy = policy_of(observer)
        covered = getattr(observer, "covered_observer", None)
        self.name = (
            type(observer).__name__
            if covered is None
            else f"{type(covered).__name__} {observer.role}"
        )
        for mistake in misnamed_methods(observer if covered is None else covered):
            logger.warning("%s", mistake)
        self._resolve_lazy = resolve_lazy
        self._logger = logger
        self._copies = SafeCopies()
        self._handover = Handover(self.observer, folders)
        self._deliverer = Deliverer(
            self.name, self._call, self.policy, Heartbeat in self._plans, resolve_lazy, logger,
            self._new_backlog, getattr(observer, "lists_files_with_heartbeats", False),
            passes_interrupts=self.is_direct,
            record_together=getattr(self.observer, "record_together", None),
            when_lost=when_lost,
        )  # fmt: skip
        self._join_error = ""
        self._is_lost = False

    @property
    def run_id(self) -> Any:
        """The id of the run in what the observer writes, once it has recorded the start."""
        return self._handover.run_id

    @run_id.setter
    def run_id(self, run_id: Any) -> None:
        self._handover.run_id = run_id

    @property
    def folder(self) -> Path | None:
        """The folder for what the observer did not record, once the run has ended; or None."""
        return self._handover.folder

    @property
    def is_own_thread(self) -> bool:
        """Whether the caller is a thread of this lane."""
        return False

    @property
    def is_starting(self) -> bool:
        """Whether the call with the start is in progress."""
        return False

    @abstractmethod
    def send_start(self, event: RunIdEvent) -> Any:
        """Call the observer with a start, and return its answer.

        Raises:
            ObserverTimeoutError: it has not answered after `RetryPolicy.start_timeout`.
            BaseException: what the observer raised.
        """

    @abstractmethod
    def add(self, event: Event) -> int | None:
        """Append ``event``; return its number for `wait`, None if there is nothing to wait for.

        `wake` has to follow.
        """

    @abstractmethod
    def wake(self) -> None:
        """Deliver what was added, or let another thread do so, if it is time."""

    @abstractmethod
    def wait(self, number: int, seconds: float) -> None:
        """Wait until the event of this number was handled, at most this number of seconds."""

    @abstractmethod
    def close(self, event: Event | None, began: float, seconds: float) -> None:
        """Deliver all that waits, and ``event`` as the last one.

        Args:
            event: The end of the run, if there is one.
            began: When the end began, as of `time.monotonic`.
            seconds: Wait so long, at most, for another thread to do so.
        """

    @abstractmethod
    def wait_closed(self, is_waited_for: bool = True) -> None:
        """Wait until all is delivered, for a bounded time, and report what was missed.

        An interrupt ends the wait.

        Args:
            is_waited_for: False if an interrupt has ended the wait already.
        """

    @abstractmethod
    def release(self) -> None:
        """Make the observer available for another run when the current call has returned."""

    def abandon(self) -> None:
        """Deliver nothing more after the current call, as another process has resumed the run."""
        self._is_lost = True
        self._deliverer.abandon()

    def drop(self) -> None:
        """Join the observer; what waits is neither delivered nor written to a folder."""
        self.abandon()
        self._join()
        self._handover.close()

    def keep_files(self, event: Event) -> None:
        """Copy the files of ``event`` if it waits: the user may change or remove them."""
        waiting = (self._deliverer.backlog, self._deliverer.aside)
        if any(each.has(event) for each in waiting):
            copied = self._with_safe_files(event)
            any(each.replace(event, copied) for each in waiting)

    def _with_safe_files(self, event: Event) -> Event:
        return self._copies.of(event) if self.policy.wait else event

    def _new_backlog(self) -> Backlog:
        return Backlog(Overflow(self._handover.make_overflow_folder, self._with_safe_files))

    def _free(self) -> None:
        self._copies.remove()
        self._handover.unlock()
        release(self.observer)

    def _report(self, is_started: bool) -> None:
        """Report what was missed, and write it to a folder if the observer recorded the start."""
        if self._is_lost:
            self._handover.close()
            return
        undelivered = self._deliverer.undelivered
        missed = undelivered.missed.copy()
        if self._join_error:
            missed[f"join ({self._join_error})"] += 1
        if lost := self._deliverer.lost:
            missed[f"{counted(lost, 'event')} that did not fit into memory or on the disk"] += 1
        if missed:
            self._logger.warning(
                "The observer %s did not record: %s", self.name, missed_text(missed)
            )
        if undelivered.missed and is_started and self.policy.hands_over:
            self._hand_over()
        self._handover.close()

    def _hand_over(self) -> None:
        try:
            files = self._deliverer.unlisted_files()
            lost = self._handover.write(files, self._deliverer.undelivered)
        except Exception as error:  # noqa: BLE001 - a full disk, or properties of the observer
            self._logger.warning("Undelivered events could not be written: %s", format_error(error))
            return
        if lost:
            self._logger.warning("%s could not be written", counted(lost, "undelivered event"))

    def _call(self, event: Event) -> Any:
        answer = self._plans[type(event)](event, self._resolve_lazy)
        if event.method != "output_event":  # the line itself is output: there would be no end
            self._logger.debug("Observer %s recorded %s", self.name, event.method)
        return answer

    def _join(self) -> None:
        try:
            getattr(self.observer, "join", lambda: None)()
        except Exception as error:  # noqa: BLE001 - foreign code
            self._join_error = format_error(error)


def policy_of(observer: Any) -> RetryPolicy:
    """Return the policy of an observer, which need not be a `RunObserver`."""
    return getattr(observer, "retry_policy", None) or RetryPolicy()
