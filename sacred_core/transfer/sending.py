"""Sends the events of a stored run to the observer of another store."""

import time
from collections.abc import Callable, Iterable
from typing import Any

import attrs

from sacred_core.delivery.failures import format_error
from sacred_core.delivery.lane import policy_of
from sacred_core.events import Event, MetricsLogged, RunIdEvent, RunStarted
from sacred_core.exceptions import RunRemovedError, StoreError
from sacred_core.observers.call_plan import call_plans
from sacred_core.stores.replay import POINTS
from sacred_core.stores.run_ids import normalize_id

#: Seconds before each attempt to repeat what failed because the store was unavailable.
PAUSES = (0.1, 0.5, 2.0)
#: Events that are sent in one transaction.
_MOST_TOGETHER = 50


@attrs.define
class Sender:
    """Calls an observer with events in their order; each is sent until it is stored.

    Events without files are sent together where the observer can store them in one transaction.

    Attributes:
        observer: Of the target.
        run_id: The id of the run in the target, None until it has started there.
        note_sent: Called with each event that is stored.
        pauses: See `PAUSES`.
        failures: Files that could not be stored, and why.
        count: The number of events that were sent.
    """

    observer: Any
    run_id: int | str | None = None
    note_sent: Callable[[Event], None] = lambda event: None
    pauses: tuple[float, ...] = PAUSES
    failures: list[str] = attrs.field(factory=list, init=False)
    count: int = attrs.field(default=0, init=False)
    _together: list[Event] = attrs.field(factory=list, init=False)
    _weight: int = attrs.field(default=0, init=False)
    _plans: dict[type[Event], Any] = attrs.field(init=False)
    _outages: Any = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._plans = call_plans(self.observer)
        self._outages = policy_of(self.observer).temporary

    def send(self, events: Iterable[Event]) -> None:
        """Send all events.

        Raises:
            UnavailableError: the target cannot be reached, also after `PAUSES`.
            StoreError: the target cannot store an event that is not about a file.
        """
        for event in events:
            if isinstance(event, RunIdEvent):
                self._begin(event)
            elif event.order_independent:
                self._flush()
                self._send_file(event)
            else:
                self._add(event)
        self._flush()
        getattr(self.observer, "join", lambda: None)()

    def _begin(self, event: RunIdEvent) -> None:
        if isinstance(event, RunStarted) and self.run_id is not None:  # of a queued run
            event = attrs.evolve(event, _id=self.run_id, asked_id=self.run_id)
        answer = self._deliver([event])
        if answer is not None:
            self.run_id = normalize_id(answer)

    def _send_file(self, event: Event) -> None:
        try:
            self._deliver([event])
        except (*self._outages, RunRemovedError):
            raise
        except Exception as error:  # noqa: BLE001 - what a driver raises; the rest can be stored
            name = getattr(event, "name", getattr(event, "filename", "sources"))
            self.failures.append(f"{event.method} {name!r} ({format_error(error)})")

    def _add(self, event: Event) -> None:
        self._together.append(event)
        if isinstance(event, MetricsLogged):
            self._weight += sum(len(metric["steps"]) for metric in event.metrics_by_name.values())
        if len(self._together) >= _MOST_TOGETHER or self._weight >= POINTS:
            self._flush()

    def _flush(self) -> None:
        events, self._together, self._weight = self._together, [], 0
        if events:
            try:
                self._deliver(events)
            except (*self._outages, StoreError):
                raise
            except Exception as error:
                reason = format_error(error)
                raise StoreError(f"the target cannot store the run: {reason}") from error

    def _deliver(self, events: list[Event]) -> Any:
        """Send events, again after an outage, and return the answer to the last one."""
        for pause in (*self.pauses, None):
            try:
                answer = self._call_together(events)
            except self._outages:
                if pause is None:
                    raise
                time.sleep(pause)
            else:
                break
        for event in events:
            self.count += 1
            self.note_sent(event)
        return answer

    def _call_together(self, events: list[Event]) -> Any:
        record_together = getattr(self.observer, "record_together", None)
        if record_together is None or len(events) < 2:
            return self._call_all(events)
        is_recorded = record_together(lambda: self._call_all(events))
        return None if is_recorded else self._call_all(events)

    def _call_all(self, events: list[Event]) -> Any:
        answer = None
        for event in events:
            plan = self._plans.get(type(event))
            answer = None if plan is None else plan(event, lambda name: "")
        return answer
