"""Hands the events of one run to its observers, each on its own."""

import logging
import threading
from collections.abc import Callable, Iterable
from typing import Any

import attrs

from sacred_core.events import Announcement, ArtifactAdded, Event, Heartbeat
from sacred_core.exceptions import ObserverStartError
from sacred_core.run.delivery import Delivery, format_error


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
                            f"run: {format_error(error)}"
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
