"""Methods of observers whose names look like those of events."""

import functools

from sacred_core.events import EVENTS
from sacred_core.observers.base import RunObserver

_METHODS = tuple(event.method for event in EVENTS)


def misnamed_methods(observer: object) -> list[str]:
    """Return a sentence for each public method that looks like an event and is never called.

    These are methods whose names end in ``_event``, or are close to ``log_metrics``.

    Args:
        observer: An observer, or its class.
    """
    return list(_misnamed_of(observer if isinstance(observer, type) else type(observer)))


#: Each run of a loop has observers of the same classes.
@functools.lru_cache(maxsize=64)
def _misnamed_of(cls: type) -> tuple[str, ...]:
    return tuple(
        f"{cls.__name__}.{name} is never called: there is no event of this name ({_hint(name)})"
        for name in dir(cls)
        if _is_misnamed(name) and callable(getattr(cls, name, None))
    )


def _is_misnamed(name: str) -> bool:
    if name.startswith("_") or name in _METHODS or hasattr(RunObserver, name):
        return False
    return name.endswith("_event") or (name.startswith("log_") and bool(_close(name)))


def _hint(name: str) -> str:
    close = _close(name)
    return f"did you mean {close[0]!r}?" if close else f"events: {', '.join(_METHODS)}"


def _close(name: str) -> list[str]:
    import difflib  # only where something is wrong

    return difflib.get_close_matches(name, _METHODS, 1, 0.8)
