"""Workers, which execute the queued runs of a store.

Names are imported when they are used.
"""

from typing import TYPE_CHECKING

from sacred_core.importing import lazy_attributes

if TYPE_CHECKING:
    from sacred_core.worker.options import LOCATION_VARIABLE, WorkerOptions
    from sacred_core.worker.working import work

_MODULES = {"LOCATION_VARIABLE": "options", "WorkerOptions": "options", "work": "working"}
__all__ = ["LOCATION_VARIABLE", "WorkerOptions", "work"]

__getattr__ = lazy_attributes(__name__, _MODULES)
