"""Which arguments of which events an observer requests."""

import functools
import inspect
from collections.abc import Callable
from types import FunctionType, MethodType
from typing import Any, NamedTuple

from sacred_core.events import EVENTS, IDENTITY, Event, MetricsLogged
from sacred_core.exceptions import ObserverSignatureError
from sacred_core.observers.base import RunObserver
from sacred_core.observers.delivering import delivering, points_for

_KINDS = inspect.Parameter
_BY_METHOD = {event.method: event for event in EVENTS}


class CallPlan(NamedTuple):
    """One method of one observer and the names of the arguments that it is given."""

    call: Callable[..., Any]
    names: tuple[str, ...]

    def __call__(self, event: Event, resolve_lazy: Callable[[str], Any]) -> Any:
        """Call the method with the fields of ``event``; ``resolve_lazy`` returns the rest."""
        lazy_arguments = type(event).lazy_arguments
        arguments = {
            name: resolve_lazy(name) if name in lazy_arguments else getattr(event, name)
            for name in self.names
        }
        if isinstance(event, MetricsLogged) and "metrics_by_name" in arguments:
            arguments["metrics_by_name"] = points_for(self.call, event.metrics_by_name)
        with delivering(event):
            return self.call(**arguments)


def call_plans(observer: object) -> dict[type[Event], CallPlan]:
    """Return the plans of all events that ``observer`` listens to.

    Raises:
        ObserverSignatureError: a method requires an argument that its event does not have.
    """
    plans = {}
    for event in EVENTS:
        method = getattr(observer, event.method, None)
        if callable(method) and not _is_untouched(observer, event.method):
            plans[event] = CallPlan(method, _names(event, method, observer))
    return plans


def _is_untouched(observer: object, name: str) -> bool:
    own = getattr(RunObserver, name)
    return getattr(type(observer), name, None) is own and name not in _own_attributes(observer)


def _own_attributes(observer: object) -> dict[str, Any]:
    """Return the attributes of the object itself (none for one with slots)."""
    return getattr(observer, "__dict__", {})


def _names(event: type[Event], method: Callable[..., Any], observer: object) -> tuple[str, ...]:
    if isinstance(method, MethodType) and isinstance(method.__func__, FunctionType):
        return _names_of_function(event.method, method.__func__, type(observer).__name__)
    return _read_names(event, inspect.signature(method), type(observer).__name__)


#: Each run of a loop has the same observers.
@functools.lru_cache(maxsize=256)
def _names_of_function(event: str, function: FunctionType, owner: str) -> tuple[str, ...]:
    return _read_names(_BY_METHOD[event], inspect.signature(MethodType(function, owner)), owner)


def _read_names(event: type[Event], signature: inspect.Signature, owner: str) -> tuple[str, ...]:
    names: list[str] = []
    offered = [name for name in event.arguments() if name not in event.only_by_name]
    for parameter in signature.parameters.values():
        if parameter.kind is _KINDS.VAR_KEYWORD:
            names += [name for name in offered if name not in names]
        elif parameter.kind is not _KINDS.VAR_POSITIONAL:
            names += _one_name(parameter, event, owner)
    return tuple(names)


def _one_name(parameter: inspect.Parameter, event: type[Event], owner: str) -> list[str]:
    required = parameter.default is _KINDS.empty
    known = parameter.name in event.arguments() + IDENTITY
    if required and (not known or parameter.kind is _KINDS.POSITIONAL_ONLY):
        raise ObserverSignatureError(
            f"{owner}.{event.method} requires the argument "
            f"{parameter.name!r}, which is not passed by keyword to it: it may take "
            f"{', '.join(event.arguments())}"
        )
    if not known or (parameter.name in event.lazy_arguments and not required):
        return []
    return [parameter.name]
