"""The documented name of the interface of observers."""

from typing import TYPE_CHECKING, Any

from sacred_core.observers.base import RunObserver

if TYPE_CHECKING:
    from sacred_core.observers.queue import QueueObserver

__all__ = ["QueueObserver", "RunObserver"]


def __getattr__(name: str) -> Any:
    """Import the observer that needs more than the interface when it is requested."""
    if name == "QueueObserver":
        from sacred_core.observers.queue import QueueObserver

        return QueueObserver
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
