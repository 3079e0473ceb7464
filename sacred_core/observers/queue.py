"""An observer that calls another observer in the background."""

import copy
import functools
import inspect
import os
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any

import attrs

from sacred_core.events import EVENTS, IDENTITY, Event, EventSource, MetricsLogged, RunIdEvent
from sacred_core.observers.base import RunObserver, missing_store_error
from sacred_core.observers.call_plan import call_plans
from sacred_core.observers.delivering import (
    MetricPositions,
    current_event,
    named_arguments,
    takes_time_columns,
)
from sacred_core.observers.retry_policy import RetryPolicy

if TYPE_CHECKING:
    from sacred_core.stores.run_store import RunStore

_parameter = functools.partial(inspect.Parameter, kind=inspect.Parameter.KEYWORD_ONLY)

#: Seconds; a shorter interval would take the time that the user's code needs.
_SHORTEST = 0.01
#: One call at the end may take this multiple of ``join_timeout``: it may be storing a large file.
_LONG_CALL = 10


class QueueObserver(RunObserver):
    """Calls another observer in the background: the run does not wait for it.

    The run waits only for the start, whose return value is the id of the run. Events that are not
    recorded are retried in order. A file that cannot be stored does not delay other events. Files
    are read when they are delivered, so do not change them until then. At the end of the run all
    pending events are delivered at once; one warning lists those that were not recorded.

    Args:
        covered_observer: Any observer; it need not be a `RunObserver`.
        interval: Seconds between two deliveries of pending events.
        retry_interval: Seconds between a failure and the next attempt.
        join_timeout: Seconds for which a failing observer is retried at the end of the run,
            counted from the last event that it recorded. One call may take ten times as long.

    Attributes:
        covered_observer: The observer.
        retry_policy: The policy with these times.

    Raises:
        ObserverSignatureError: a method requires an argument that its event does not have.
    """

    def __init__(
        self,
        covered_observer: Any,
        interval: float = 20.0,
        retry_interval: float = 10.0,
        join_timeout: float = 60.0,
    ) -> None:
        self.retry_policy = RetryPolicy(
            wait=0.0,
            interval=max(interval, _SHORTEST),
            retry_interval=max(retry_interval, _SHORTEST),
            end_timeout=join_timeout,
            call_timeout=_LONG_CALL * join_timeout,
            temporary=(Exception,),
        )
        self._positions = MetricPositions()
        self._source = EventSource("")
        self.cover(covered_observer)

    def __copy__(self) -> "QueueObserver":
        """Return one for another run at the same time, with a copy of the covered observer."""
        twin = type(self).__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin._positions = MetricPositions()
        twin.cover(copy.copy(self.covered_observer))
        return twin

    @property
    def priority(self) -> int:  # type: ignore[override]
        """The attribute of the covered observer."""
        return getattr(self.covered_observer, "priority", 0)

    @property
    def spool_folder(self) -> "os.PathLike[str] | None":  # type: ignore[override]
        """The attribute of the covered observer."""
        return getattr(self.covered_observer, "spool_folder", None)

    def recording_location(self) -> Hashable:
        """Return that of the covered observer, with its class."""
        location = getattr(self.covered_observer, "recording_location", lambda: None)()
        return None if location is None else (type(self.covered_observer), location)

    @property
    def store_location(self) -> str | None:  # type: ignore[override]
        """The attribute of the covered observer."""
        return getattr(self.covered_observer, "store_location", None)

    @property
    def display_location(self) -> str | None:  # type: ignore[override]
        """The attribute of the covered observer."""
        return getattr(self.covered_observer, "display_location", None)

    @property
    def failure_dir(self) -> "os.PathLike[str] | None":  # type: ignore[override]
        """The attribute of the covered observer."""
        return getattr(self.covered_observer, "failure_dir", None)

    @property
    def lists_files_with_heartbeats(self) -> bool:  # type: ignore[override]
        """The attribute of the covered observer."""
        return getattr(self.covered_observer, "lists_files_with_heartbeats", False)

    def open_store(self) -> "RunStore":
        """Return the store of the covered observer."""
        if not hasattr(self.covered_observer, "open_store"):
            raise missing_store_error(self.covered_observer)
        store: RunStore = self.covered_observer.open_store()
        return store

    def cover(self, observer: Any) -> None:
        """Call ``observer`` from now on."""
        self.covered_observer = observer
        self._plans = call_plans(observer)

    def join(self) -> None:
        """Join the covered observer."""
        getattr(self.covered_observer, "join", lambda: None)()

    def _forward(self, kind: type[Event], *args: Any, **arguments: Any) -> Any:
        """Pass any event on, with the arguments that Sacred documents by position or by name."""
        if issubclass(kind, RunIdEvent):
            self._positions = MetricPositions()
        if kind not in self._plans:
            return None
        arguments = named_arguments(kind.method, args, arguments)
        lazy_arguments = {name: arguments.pop(name, None) for name in kind.lazy_arguments}
        return self._plans[kind](self._event(kind, arguments), lazy_arguments.__getitem__)

    def _event(self, kind: type[Event], arguments: dict[str, Any]) -> Event:
        """Return the current event, with the arguments that an override changed."""
        event = current_event(kind)
        if event is None:
            unknown = dict.fromkeys(
                name for name in kind.arguments() if name not in kind.lazy_arguments
            )
            event = self._source.make(kind, **unknown)
        changed = {n: v for n, v in arguments.items() if v is not getattr(event, n)}
        if isinstance(event, MetricsLogged):
            metrics = changed.get("metrics_by_name", event.metrics_by_name) or {}
            changed["starts"] = {**(event.starts or {}), **self._positions.starts(metrics)}
        return attrs.evolve(event, **changed) if changed else event


def _names(kind: type[Event]) -> tuple[str, ...]:
    return IDENTITY + kind.arguments()


def _listener(kind: type[Event], observer: QueueObserver) -> Callable[..., Any]:
    """Return the method that requests the whole event, and looks up only what is needed."""
    asked = observer._plans[kind].names if kind in observer._plans else ()
    method = functools.partial(observer._forward, kind)
    defaults = {name: inspect.Parameter.empty if name in asked else None for name in _names(kind)}
    parameters = [_parameter(name, default=default) for name, default in defaults.items()]
    method.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return takes_time_columns(method)


# Properties, because what the method requests depends on the covered observer.
for _kind in EVENTS:
    setattr(QueueObserver, _kind.method, property(functools.partial(_listener, _kind)))
