"""The interface of observers. Those of installed plugins can be imported from here by name."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sacred_core.observers.base import RunObserver
    from sacred_core.observers.queue import QueueObserver
    from sacred_core.observers.retry_policy import RetryPolicy

__all__ = ["QueueObserver", "RetryPolicy", "RunObserver"]


def __getattr__(name: str) -> Any:
    """Import an observer of an installed plugin.

    Raises:
        ImportError: the name is that of an official plugin which is not installed or broken.
        AttributeError: no plugin offers the name.
    """
    if name == "RunObserver":
        from sacred_core.observers.base import RunObserver

        return RunObserver
    if name == "QueueObserver":
        from sacred_core.observers.queue import QueueObserver

        return QueueObserver
    if name == "RetryPolicy":
        from sacred_core.observers.retry_policy import RetryPolicy

        return RetryPolicy
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from sacred_core.hooks.lookup import find_export

    return find_export(__name__, name)
