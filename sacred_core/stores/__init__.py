"""Reading back what observers wrote, the same for every backend."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sacred_core.stores.base import Annotation, RunQuery, RunStore, StoredRun
from sacred_core.stores.opening import open_store
from sacred_core.stores.unfinished import with_unfinished

if TYPE_CHECKING:
    from sacred_core.stores.finding import find_runs, to_frame

__all__ = [
    "Annotation",
    "RunQuery",
    "RunStore",
    "StoredRun",
    "find_runs",
    "open_store",
    "to_frame",
    "with_unfinished",
]


def __getattr__(name: str) -> Any:
    """Import what asks questions: a run that is recorded asks none."""
    if name in ("find_runs", "to_frame"):
        return getattr(import_module("sacred_core.stores.finding"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
