"""The runs of a sweep in a store."""

from collections.abc import Mapping
from typing import Any

from sacred_core.stores.model import StoredRun
from sacred_core.stores.query import Condition, Field
from sacred_core.stores.run_store import RunQuery, RunStore

SWEEP = Field("meta", ("sweep",))
UID = Field("meta", ("sweep", "uid"))


def sweep_of(run: StoredRun) -> Mapping[str, Any]:
    """Return what a run records of its sweep; empty if it belongs to none."""
    found = run.meta.get("sweep")
    return found if isinstance(found, dict) else {}


def read_points(store: RunStore | None, uid: str) -> dict[str, Mapping[str, Any]]:
    """Return what the runs of a sweep record of it, by the digest of the point.

    Args:
        store: None if it does not exist yet.
        uid: Of the sweep.
    """
    if store is None:
        return {}
    query = RunQuery(where=Condition(UID, "=", (uid,)), fields=(SWEEP,))
    found = (sweep_of(run) for run in store.list(query))
    return {str(each["point"]): each for each in found if "point" in each}
