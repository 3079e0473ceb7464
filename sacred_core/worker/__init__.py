"""Workers, which execute the queued runs of a store.

Names are imported when they are used.
"""

from typing import TYPE_CHECKING

from sacred_core.importing import lazy_attributes

if TYPE_CHECKING:
    from sacred_core.worker.options import WorkerOptions

_MODULES = {"WorkerOptions": "options"}
__all__ = ["WorkerOptions"]

__getattr__ = lazy_attributes(__name__, _MODULES)
