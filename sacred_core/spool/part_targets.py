"""The store to which a part of a run is copied: that of the parts of its run.

The run is found by its uid. A rank that did not find the run of rank 0 does not know the uid: then
it is the run whose metadata have the key of the same group.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import attrs

from sacred_core.exceptions import SpoolError
from sacred_core.stores.model import StoredRun
from sacred_core.stores.query import Condition, Field
from sacred_core.stores.run_store import RunQuery
from sacred_core.stores.writers import RUN, WRITER, WriterStore, part_meta, stored_parts, writer_of
from sacred_core.transfer.known_runs import Target

#: Runs of one group that started further apart are of different starts of a job.
_LONGEST_DELAY = timedelta(days=1)


class PartsTarget(Target):
    """The parts of one run.

    Args:
        store: Of the run.
        main: The run.

    Raises:
        SpoolError: the store has no parts.
        StoreError: the run was deleted.
    """

    def __init__(self, store: Any, main: StoredRun) -> None:
        if not isinstance(store, WriterStore):
            raise SpoolError(
                f"{type(store).__name__} cannot store what other processes of a run record"
            )
        super().__init__(store.writer_observer(main.id).open_store())
        self._main = main

    def prepared(self, run: StoredRun) -> StoredRun:
        """Return a part with the metadata of a part of this run."""
        meta = {**run.meta, **part_meta(self._main.uid, writer_of(run))}
        return attrs.evolve(run, meta=meta, status=run.recorded_status)


def is_part(run: StoredRun) -> bool:
    """Return whether a run in a spool is a part of another run."""
    meta = run.meta
    is_known = RUN in meta or ("group" in meta and "world_size" in meta)
    return is_known and isinstance(meta.get(WRITER), str)


def open_parts(target: Target, part: StoredRun) -> Target:
    """Return the store of the parts of the run to which a part belongs.

    Args:
        target: The store of the run.
        part: As it is in the spool.

    Raises:
        SpoolError: the run is not there, or its store has no parts.
        StoreError: the store cannot be read.
    """
    uid = part.meta.get(RUN)
    main = _find_by_group(target.store, part) if uid is None else target.find(str(uid))
    if main is None:
        known = f"group {part.meta.get('group')}" if uid is None else f"uid {uid}"
        raise SpoolError(f"the run with the {known}, to which it belongs, is not there")
    return PartsTarget(target.store, main)


def _find_by_group(store: Any, part: StoredRun) -> StoredRun | None:
    """Return the run of the group that started nearest to a part, and has no other part of it."""
    where = Condition(Field("meta", ("group",)), "=", (str(part.meta["group"]),))
    runs: Iterable[StoredRun] = store.list(RunQuery(where=where))
    for run in sorted(runs, key=lambda run: _delay(run, part)):
        if _delay(run, part) <= _LONGEST_DELAY and _is_free(store, run, part):
            return run
    return None


def _delay(run: StoredRun, part: StoredRun) -> timedelta:
    if run.start_time is None or part.start_time is None:
        return timedelta.max
    return abs(run.start_time - part.start_time)


def _is_free(store: Any, run: StoredRun, part: StoredRun) -> bool:
    """Return whether a run has no part of a writer, or one that is a copy of ``part``."""
    known = stored_parts(store, run.id).get(writer_of(part))
    return known is None or known.start_time == part.start_time
