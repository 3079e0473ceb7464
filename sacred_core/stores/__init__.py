"""Reading back what observers wrote, the same for every backend.

Names are imported when they are used: a run that is recorded needs none of them.
"""

from typing import TYPE_CHECKING

from sacred_core.importing import lazy_attributes

if TYPE_CHECKING:
    from sacred_core.stores.annotations import Annotation
    from sacred_core.stores.captured import CapturedCall
    from sacred_core.stores.checking import check_metrics, first_items, require_record
    from sacred_core.stores.finding import find_runs
    from sacred_core.stores.guarded import (
        Found,
        GuardedStore,
        Read,
        guard,
        make_run,
        once,
        run_or_foreign,
    )
    from sacred_core.stores.model import DAMAGED, StoredRun
    from sacred_core.stores.opening import open_store
    from sacred_core.stores.recorded_files import FileInfo
    from sacred_core.stores.run_list import RunList, RunSource
    from sacred_core.stores.run_store import ContinuingStore, RunQuery, RunStore
    from sacred_core.stores.segments import Segment
    from sacred_core.stores.summaries import MetricSummary
    from sacred_core.stores.tables import metrics_frame, to_frame
    from sacred_core.stores.unfinished import with_unfinished

_MODULES = {
    "DAMAGED": "model",
    "Annotation": "annotations",
    "CapturedCall": "captured",
    "FileInfo": "recorded_files",
    "Found": "guarded",
    "GuardedStore": "guarded",
    "MetricSummary": "summaries",
    "Read": "guarded",
    "RunQuery": "run_store",
    "ContinuingStore": "run_store",
    "RunList": "run_list",
    "RunSource": "run_list",
    "RunStore": "run_store",
    "Segment": "segments",
    "StoredRun": "model",
    "check_metrics": "checking",
    "find_runs": "finding",
    "first_items": "checking",
    "guard": "guarded",
    "make_run": "guarded",
    "once": "guarded",
    "open_store": "opening",
    "require_record": "checking",
    "run_or_foreign": "guarded",
    "to_frame": "tables",
    "metrics_frame": "tables",
    "with_unfinished": "unfinished",
}
__all__ = [
    "DAMAGED",
    "Annotation",
    "CapturedCall",
    "ContinuingStore",
    "FileInfo",
    "Found",
    "GuardedStore",
    "MetricSummary",
    "Read",
    "RunList",
    "RunQuery",
    "RunSource",
    "RunStore",
    "Segment",
    "StoredRun",
    "check_metrics",
    "find_runs",
    "first_items",
    "guard",
    "make_run",
    "metrics_frame",
    "once",
    "open_store",
    "require_record",
    "run_or_foreign",
    "to_frame",
    "with_unfinished",
]

__getattr__ = lazy_attributes(__name__, _MODULES)
