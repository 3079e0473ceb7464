"""Reading back what observers wrote, the same for every backend.

Names are imported when they are used: a run that is recorded needs none of them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sacred_core.stores.base import Annotation, RunQuery, RunStore, StoredRun
    from sacred_core.stores.finding import find_runs, to_frame
    from sacred_core.stores.opening import open_store
    from sacred_core.stores.skipping import SkippedRuns, check_record
    from sacred_core.stores.unfinished import with_unfinished

_MODULES = {
    "Annotation": "base",
    "RunQuery": "base",
    "RunStore": "base",
    "SkippedRuns": "skipping",
    "StoredRun": "base",
    "check_record": "skipping",
    "find_runs": "finding",
    "open_store": "opening",
    "to_frame": "finding",
    "with_unfinished": "unfinished",
}
__all__ = [
    "Annotation",
    "RunQuery",
    "RunStore",
    "SkippedRuns",
    "StoredRun",
    "check_record",
    "find_runs",
    "open_store",
    "to_frame",
    "with_unfinished",
]


def __getattr__(name: str) -> Any:
    """Import the module that a name comes from."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
