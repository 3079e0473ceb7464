"""Which event an observer cannot record, and how the others pass it."""

import logging
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

import attrs

from sacred_core import events
from sacred_core.delivery.backlog import Backlog
from sacred_core.delivery.failures import error_text
from sacred_core.exceptions import StoreError
from sacred_core.observers.retry_policy import OUTAGES

#: Points of one metric that may fail before later ones are tried.
_ATTEMPTS = 2
Deliver = Callable[[events.Event], Exception | None]


class Isolation:
    """The events that one observer cannot record, for example as its backend refuses a value.

    Where an observer is unavailable, everything fails: then all events wait, in their order. An
    event that fails twice is at fault if the observer then records a heartbeat, if need be without
    the user's values, and the event still fails. It is set aside until the end of the run:

    - of several metrics only those that cannot be recorded. They are tried once more before later
      points of the metric. If these are recorded and they are not, the later points take their
      places, and they come last if they can be recorded at the end;
    - output is replaced by ``?``, character by character, so that later offsets are right;
    - a heartbeat is recorded with the information and the result of the last one that was.

    Args:
        name: Of the observer, for warnings.
        deliver: Calls the observer with an event and returns what it raised.
        takes_heartbeats: Whether the observer has a method for them.
        logger: Where events that are set aside are reported.
        waiting: An empty backlog for them.
    """

    def __init__(
        self,
        name: str,
        deliver: Deliver,
        takes_heartbeats: bool,
        logger: logging.Logger,
        waiting: Backlog,
    ) -> None:
        self._name = name
        self._deliver = deliver
        self._takes_heartbeats = takes_heartbeats
        self._logger = logger
        #: What failed in the round before, and may be at fault.
        self._suspect: events.Event | None = None
        self._is_available = False
        #: Whether the last failure is the first one of an event like others that are set aside.
        self.is_expected = False
        #: The last heartbeat that was recorded, and one that was recorded before its turn.
        self._recorded: events.Heartbeat | None = None
        self._early: events.Heartbeat | None = None
        self._waiting = waiting
        #: By metric: where its next point would be, and the number of points that are set aside.
        self._ends: dict[str, int] = {}
        self._missing: Counter[str] = Counter()
        #: Metrics of which later points are in the places of those that are set aside.
        self._passed: set[str] = set()
        self._missing_output: events.OutputCaptured | None = None
        self._reported: set[str] = set()
        self._methods: set[str] = set()

    @property
    def has_waiting(self) -> bool:
        """Whether `last_events` returns events."""
        return bool(self._waiting) or self._missing_output is not None

    @property
    def lost(self) -> int:
        """The number of events that were dropped, as they did not fit into memory."""
        return self._waiting.lost

    def begin_round(self) -> None:
        """Forget that the observer was available: the next events are tried some time later."""
        self._is_available = False

    def is_recorded(self, event: events.Event) -> bool:
        """Return whether the observer recorded ``event`` before its turn."""
        return event is self._early

    def attempt(self, event: events.Event) -> Exception | None:
        """Deliver the first event that waits, in its place, and return what the observer raised."""
        if self.is_recorded(event):
            self._note_recorded(event)
            return None
        self._deliver_earlier(event)
        return self._try(event)

    def note_recorded(self, recorded: Iterable[events.Event]) -> None:
        """Update the state after the observer recorded events while nothing was set aside."""
        for event in recorded:
            self._reposition(event)
            self._note_recorded(event)

    def attempt_last(self, event: events.Event) -> Exception | None:
        """Deliver an event of `last_events`, and return what the observer raised."""
        error = self._deliver(event)
        if error is None and isinstance(event, events.MetricsLogged):
            self._missing -= _points_of(event)
        return error

    def _deliver_earlier(self, event: events.Event) -> None:
        """Try the points that are set aside of the metrics of ``event``, which come before it.

        Those of each metric up to the second failure; nothing of metrics of which later points were
        recorded already.
        """
        if not isinstance(event, events.MetricsLogged):
            return
        tried = self._missing_of(event) - self._passed
        before: Counter[str] = Counter()
        failures: Counter[str] = Counter()
        for _ in range(len(self._waiting) if tried else 0):
            waiting = self._waiting.first()
            if waiting is None:  # what is on disk cannot be read
                return
            if isinstance(waiting, events.MetricsLogged):
                if tried.issuperset(waiting.metrics_by_name):
                    if self._deliver(_shift(waiting, before)) is None:
                        self._missing -= _points_of(waiting)
                        self._passed |= failures.keys() & waiting.metrics_by_name.keys()
                        self._waiting.remove_first()
                        continue
                    failures.update(waiting.metrics_by_name.keys())
                    tried -= {name for name, count in failures.items() if count == _ATTEMPTS}
                before += _points_of(waiting)
            self._waiting.move_first_to(self._waiting)

    def _reposition(self, event: events.Event) -> events.Event:
        """Return ``event`` with its points in the places of those that are set aside."""
        if not isinstance(event, events.MetricsLogged):
            return event
        for name, metric in event.metrics_by_name.items():
            self._ends[name] = event.starts.get(name, 0) + len(metric["steps"])
        return _shift(event, self._missing)

    def _note_recorded(self, event: events.Event) -> None:
        """Update the state after the observer recorded ``event``."""
        if isinstance(event, events.Heartbeat):
            self._recorded = event
        elif isinstance(event, events.MetricsLogged):
            self._passed |= self._missing_of(event)

    def passes(self, event: events.Event, error: Exception, beat: events.Heartbeat | None) -> bool:
        """Return whether ``event``, which failed, need not be waited for.

        Args:
            event: The first one that waits.
            error: What the observer raised for it.
            beat: The newest heartbeat that waits.
        """
        self.is_expected = False
        if event.final:
            return False
        if event is not self._suspect:
            self._suspect = event
            if not self._is_available:
                self.is_expected = event.method in self._methods
                return False
        self._is_available = self.responds(beat, error)
        if not self._is_available:
            return False
        if isinstance(event, events.Heartbeat) and self._has_later(event):
            return True
        again = self._try(event)  # an outage may have ended before the heartbeat
        if again is not None:
            self._set_aside(event, again)
        return True

    def last_events(self, captured_out: Callable[[], str]) -> Iterator[events.Event]:
        """Yield what was set aside, to be tried for the last time; before the end of the run.

        An event is removed when the next one is requested.

        Args:
            captured_out: Returns the whole output.
        """
        while (event := self._waiting.first()) is not None:
            yield self._place_last(event)
            self._waiting.remove_first()
        if (missing := self._missing_output) is not None:
            yield attrs.evolve(missing, text=captured_out()[missing.offset :])
            self._missing_output = None

    def end_without_values(self, event: events.Event) -> events.Event | None:
        """Return the end of a run without the result or the traceback, which may be at fault.

        None of an observer without heartbeats: it sends a message that was refused, for example.
        """
        if not self._takes_heartbeats:
            return None
        if isinstance(event, events.RunCompleted):
            return None if event.result is None else attrs.evolve(event, result=None)
        if isinstance(event, (events.RunFailed, events.RunInterrupted)):
            return attrs.evolve(event, fail_trace=[]) if event.fail_trace else None
        return None

    def responds(self, beat: events.Heartbeat | None, error: Exception | None = None) -> bool:
        """Return whether the observer records a heartbeat, if need be without the user's values.

        Args:
            beat: The newest one; without any, the type of ``error`` decides.
            error: What the observer raised before.
        """
        if beat is not None and beat is not self._suspect:
            error = self._deliver(beat)
            if error is None:
                self._recorded = self._early = beat
                return True
        beat = beat or self._recorded
        if beat is None or not self._takes_heartbeats:
            return not isinstance(error, (OSError, StoreError))
        known = self._recorded
        if isinstance(error, OUTAGES):
            return known is not None and self._deliver(known) is None
        info, result = ({}, None) if known is None else (known.info, known.result)
        return self._deliver(attrs.evolve(beat, info=info, result=result)) is None

    def _has_later(self, event: events.Heartbeat) -> bool:
        """Return whether a later heartbeat was recorded, which has all that ``event`` has."""
        return self._early is not None and self._early.seq > event.seq

    def _missing_of(self, event: events.MetricsLogged) -> set[str]:
        """Return the metrics of ``event`` of which points are set aside."""
        return {name for name in event.metrics_by_name if self._missing[name]}

    def _set_aside(self, event: events.Event, error: Exception) -> None:
        if isinstance(event, events.MetricsLogged) and len(event.metrics_by_name) > 1:
            for part in _by_metric(event):
                failure = self._try(part)
                if failure is not None:
                    self._set_aside(part, failure)
            return
        self._report(event, error)
        if isinstance(event, events.OutputCaptured):
            self._replace(event)
        elif not isinstance(event, events.Heartbeat):  # a later one has all that it has
            self._waiting.add(event)
            if isinstance(event, events.MetricsLogged):
                self._missing += _points_of(event)

    def _replace(self, event: events.OutputCaptured) -> None:
        self._deliver(attrs.evolve(event, text=re.sub(r"[^\n]", "?", event.text)))
        if self._missing_output is None or event.offset < self._missing_output.offset:
            self._missing_output = event

    def _place_last(self, event: events.Event) -> events.Event:
        if not isinstance(event, events.MetricsLogged):
            return event
        # Where no later points are in their places, the points go to their own.
        passed = self._passed & event.metrics_by_name.keys()
        starts = {name: self._ends[name] - self._missing[name] for name in passed}
        return attrs.evolve(event, starts={**event.starts, **starts})

    def _try(self, event: events.Event) -> Exception | None:
        error = self._deliver(self._reposition(event))
        if error is None:
            self._note_recorded(event)
        return error

    def _report(self, event: events.Event, error: Exception) -> None:
        what = event.method
        self._methods.add(what)
        if isinstance(event, events.MetricsLogged):
            what += f" of {', '.join(map(repr, event.metrics_by_name))}"
        if what in self._reported:
            return
        self._reported.add(what)
        self._logger.warning(
            "The observer %s cannot record %s: %s. Such events are set aside and retried at "
            "the end of the run; other events are recorded.",
            self._name, what, error_text(error),
        )  # fmt: skip


def _points_of(event: events.MetricsLogged) -> Counter[str]:
    """Return the number of points by metric."""
    return Counter({name: len(metric["steps"]) for name, metric in event.metrics_by_name.items()})


def _shift(event: events.MetricsLogged, missing: Mapping[str, int]) -> events.MetricsLogged:
    """Return ``event`` with its points moved forward by the numbers of missing points."""
    starts = {name: start - missing.get(name, 0) for name, start in event.starts.items()}
    return attrs.evolve(event, starts=starts)


def _by_metric(event: events.MetricsLogged) -> list[events.MetricsLogged]:
    """Return an event for each metric, with a separate writer: it is not the same event."""
    return [
        attrs.evolve(
            event,
            writer=f"{event.writer}:{name}",
            metrics_by_name={name: metric},
            starts={name: event.starts[name]},
        )
        for name, metric in event.metrics_by_name.items()
    ]
