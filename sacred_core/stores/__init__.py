"""Reading back what observers wrote, the same for every backend."""

from sacred_core.stores.base import RunQuery, RunStore, StoredRun
from sacred_core.stores.opening import open_store
from sacred_core.stores.unfinished import with_unfinished

__all__ = ["RunQuery", "RunStore", "StoredRun", "open_store", "with_unfinished"]
