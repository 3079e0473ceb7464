"""The base of observers that forward each event to another observer."""

import copy
import functools
import inspect
import os
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, Self

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

if TYPE_CHECKING:
    from sacred_core.stores.run_store import RunStore

_parameter = functools.partial(inspect.Parameter, kind=inspect.Parameter.KEYWORD_ONLY)


class ForwardingObserver(RunObserver):
    """Forwards each event to another observer, with the arguments that this one requests.

    A subclass calls `cover`. It may override `forward`.

    Attributes:
        covered_observer: Any observer; it need not be a `RunObserver`.
        role: Follows the name of the class of the observer in messages.
    """

    covered_observer: Any
    role = ""

    def __init__(self, observer: Any) -> None:
        self._positions = MetricPositions()
        self._source = EventSource("")
        self.cover(observer)

    def __copy__(self) -> Self:
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
        """Call ``observer`` from now on.

        Raises:
            ObserverSignatureError: a method requires an argument that its event does not have.
        """
        self.covered_observer = observer
        self._plans = call_plans(observer)

    def join(self) -> None:
        """Join the covered observer."""
        getattr(self.covered_observer, "join", lambda: None)()

    def forward(self, event: Event, resolve_lazy: Callable[[str], Any]) -> Any:
        """Call the covered observer with an event and return its answer.

        Args:
            event: Of a kind that it has a method for.
            resolve_lazy: Returns the value of an argument in `Event.lazy_arguments`.
        """
        return self._plans[type(event)](event, resolve_lazy)

    def _receive(self, kind: type[Event], *args: Any, **arguments: Any) -> Any:
        """Pass any event on, with the arguments that Sacred documents by position or by name."""
        if issubclass(kind, RunIdEvent):
            self._positions = MetricPositions()
        if kind not in self._plans:
            return None
        arguments = named_arguments(kind.method, args, arguments)
        lazy_arguments = {name: arguments.pop(name, None) for name in kind.lazy_arguments}
        return self.forward(self._event(kind, arguments), lazy_arguments.__getitem__)

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


def _listener(kind: type[Event], observer: ForwardingObserver) -> Callable[..., Any]:
    """Return the method that requests the whole event, and looks up only what is needed."""
    asked = observer._plans[kind].names if kind in observer._plans else ()
    method = functools.partial(observer._receive, kind)
    defaults = {name: inspect.Parameter.empty if name in asked else None for name in _names(kind)}
    parameters = [_parameter(name, default=default) for name, default in defaults.items()]
    method.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return takes_time_columns(method)


# Properties, because what the method requests depends on the covered observer.
for _kind in EVENTS:
    setattr(ForwardingObserver, _kind.method, property(functools.partial(_listener, _kind)))
