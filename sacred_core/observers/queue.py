"""Lets an observer work on a thread of its own, which tries again what failed."""

import copy
import functools
import inspect
import os
from collections.abc import Callable, Hashable
from typing import Any

import attrs

from sacred_core.events import EVENTS, IDENTITY, Announcement, Event, EventSource, MetricsLogged
from sacred_core.observers.base import RunObserver
from sacred_core.observers.call_plan import call_plans
from sacred_core.observers.delivering import MetricPositions, current_event, named_arguments
from sacred_core.observers.delivery_thread import DeliveryThread

_parameter = functools.partial(inspect.Parameter, kind=inspect.Parameter.KEYWORD_ONLY)

#: Seconds; a shorter interval would take the time that the user's code needs.
_SHORTEST = 0.01


class QueueObserver(RunObserver):
    """Gives what happens to another observer later, on a thread of its own.

    The run does not wait for the observer, and what the observer fails to take is given to it
    again, in order, until it takes it. Only the start is told at once: its answer is the run's
    id, and its failure fails the run. A file that cannot be stored while other things can does
    not hold them up. Files are read when their turn comes: leave them as they are until then.
    At the end everything that waits is given at once; one warning tells what is not taken.

    Args:
        covered_observer: Any observer; it need not be a `RunObserver`.
        interval: Seconds between two looks at what waits.
        retry_interval: Seconds between a failure and the next try.
        join_timeout: Seconds for which a failing observer is tried again at the end of the run,
            counted from the last thing that it took. One call may take ten times as long.

    Attributes:
        covered_observer: As given; a copy of it if it did not return from an earlier run.

    Raises:
        ObserverSignatureError: a method of the observer requires what its event does not have.
    """

    def __init__(
        self,
        covered_observer: Any,
        interval: float = 20.0,
        retry_interval: float = 10.0,
        join_timeout: float = 60.0,
    ) -> None:
        self._seconds = max(interval, _SHORTEST), max(retry_interval, _SHORTEST), join_timeout
        self._thread: DeliveryThread | None = None
        self._positions = MetricPositions()
        self._source = EventSource("")
        self._cover(covered_observer)

    def __copy__(self) -> "QueueObserver":
        """Return one for another run at the same time: it has its own thread and observer."""
        twin = type(self).__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin._thread = None
        twin._cover(copy.copy(self.covered_observer))
        return twin

    @property
    def priority(self) -> int:  # type: ignore[override]
        """That of the covered observer."""
        return getattr(self.covered_observer, "priority", 0)

    @property
    def spool_folder(self) -> "os.PathLike[str] | None":  # type: ignore[override]
        """That of the covered observer."""
        return getattr(self.covered_observer, "spool_folder", None)

    def recording_location(self) -> Hashable:
        """Return that of the covered observer, with its class."""
        location = getattr(self.covered_observer, "recording_location", lambda: None)()
        return None if location is None else (type(self.covered_observer), location)

    @property
    def store_location(self) -> str | None:  # type: ignore[override]
        """That of the covered observer."""
        return getattr(self.covered_observer, "store_location", None)

    def join(self) -> None:
        """Give the observer what waits, for a bounded time, and tell what it did not take."""
        if self._thread is not None:
            self._thread.join()

    def _cover(self, observer: Any) -> None:
        self.covered_observer = observer
        self._plans = call_plans(observer)

    def _hear(self, kind: type[Event], *args: Any, **arguments: Any) -> Any:
        """Take any event, with the arguments that Sacred documents by position or by name."""
        if kind not in self._plans and not kind.names_run:
            return None
        arguments = named_arguments(kind.method, args, arguments)
        looked_up = {name: arguments.pop(name, None) for name in kind.looked_up}
        event = self._event(kind, arguments)
        if isinstance(event, Announcement):
            return self._announce(event)
        if self._thread is not None:
            self._thread.add(event, looked_up)
        return None

    def _event(self, kind: type[Event], arguments: dict[str, Any]) -> Event:
        """Return the current event, with the arguments that an override changed."""
        event = current_event(kind)
        if event is None:
            unknown = dict.fromkeys(name for name in kind.arguments() if name not in kind.looked_up)
            event = self._source.make(kind, **unknown)
        changed = {n: v for n, v in arguments.items() if v is not getattr(event, n)}
        if isinstance(event, MetricsLogged):
            metrics = changed.get("metrics_by_name", event.metrics_by_name) or {}
            changed["starts"] = {**(event.starts or {}), **self._positions.starts(metrics)}
        return attrs.evolve(event, **changed) if changed else event

    def _announce(self, event: Announcement) -> Any:
        self._positions = MetricPositions()
        if self._thread is not None:
            self._thread.join()
            if self._thread.thread.is_alive():
                # Its call may return at any time and must not write into the new run.
                self._cover(copy.copy(self.covered_observer))
        plan = self._plans.get(type(event))
        answer = plan(event, lambda name: None) if plan else None
        self._thread = DeliveryThread(self.covered_observer, self._plans, self._seconds)
        return answer


def _names(kind: type[Event]) -> tuple[str, ...]:
    return IDENTITY + kind.arguments()


def _listener(kind: type[Event], observer: QueueObserver) -> Callable[..., Any]:
    """Return the method that asks for the whole event, and looks up only what is needed."""
    asked = observer._plans[kind].names if kind in observer._plans else ()
    method = functools.partial(observer._hear, kind)
    defaults = {name: inspect.Parameter.empty if name in asked else None for name in _names(kind)}
    parameters = [_parameter(name, default=default) for name, default in defaults.items()]
    method.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return method


# Properties, because what the method asks for depends on the covered observer.
for _kind in EVENTS:
    setattr(QueueObserver, _kind.method, property(functools.partial(_listener, _kind)))
