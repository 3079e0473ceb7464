"""Stores that runs are copied to, and what they have of a run already."""

import contextlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any, Protocol, runtime_checkable

from sacred_core.exceptions import NotARunError, StoreError
from sacred_core.stores.model import StoredRun
from sacred_core.stores.query import Field
from sacred_core.stores.run_store import ContinuingStore, RunQuery, RunStore
from sacred_core.stores.stored_parts import (
    annotation_key,
    has_same_end,
    has_same_segments,
    is_same_file_set,
    is_same_time,
    is_unstarted,
)
from sacred_core.stores.uids import UidIndex

#: What a listing reads to find the runs that are complete in the target.
LISTED_FIELDS = tuple(
    map(Field, ("id", "meta", "stop_time", "heartbeat", "output_length", "metrics", "files",
                "artifacts", "resources", "tags", "segments", "writers"))
)  # fmt: skip


@runtime_checkable
class CopyLock(Protocol):
    """A store to which one process at a time copies a run."""

    def lock_copy(self, uid: str) -> AbstractContextManager[bool]:
        """Return a context that one process is in at a time, and whether it has waited."""


class Target:
    """A store that runs are copied to.

    Args:
        store: From `sacred_core.stores.open_store` or `RunObserver.open_store`.

    Attributes:
        store: The store.

    Raises:
        StoreError: the store can only be read.
    """

    def __init__(self, store: RunStore) -> None:
        if not isinstance(store, ContinuingStore):
            raise StoreError(f"{store!r} can only be read: choose another target")
        self.store: Any = store
        self._uids = UidIndex(store)
        self._listed: dict[str, StoredRun] = {}
        self._has_all_uids = False

    def prepared(self, run: StoredRun) -> StoredRun:
        """Return a run as it is to be stored here."""
        return run

    def list_runs(self) -> None:
        """List all runs, so that `find` reads only the run with a uid.

        Runs that are added later are found by the observer to which they are sent.

        Raises:
            StoreError: the store cannot be read.
        """
        self._listed, self._has_all_uids = {}, True
        for run in self.store.list(RunQuery(fields=LISTED_FIELDS)):
            if has_recorded_uid(run):
                self._listed.setdefault(run.uid, run)
                self._uids.note(run)
            elif run.damage is None:
                self._has_all_uids = False
        self._uids.has_all = self._has_all_uids

    def listed(self, uid: str) -> StoredRun | None:
        """Return the run with a recorded uid, as it was listed; None if it was not."""
        return self._listed.get(uid)

    def find(self, uid: str) -> StoredRun | None:
        """Return the run with a uid, None if there is none.

        Raises:
            StoreError: the store cannot be read.
        """
        listed = self._listed.get(uid)
        if listed is None and self._has_all_uids:
            return None
        if listed is not None:
            try:
                run: StoredRun = self.store.get(listed.id)
            except NotARunError:
                pass  # it was deleted
            else:
                if run.uid == uid:
                    return run
        return self._uids.find(uid)

    @contextlib.contextmanager
    def lock(self, uid: str) -> Iterator[None]:
        """Return a context in which no other process copies a run to the store.

        It is for stores in files, to which one process at a time may append; see `CopyLock`.
        """
        if not isinstance(self.store, CopyLock):
            yield
            return
        with self.store.lock_copy(uid) as has_waited:
            if has_waited:  # what was listed is old
                self._listed.pop(uid, None)
                self._has_all_uids = False
            yield

    def observer_of(self, run_id: int | str | None) -> Any:
        """Return an observer that continues a run, or that starts one; see `ContinuingStore`."""
        observer = self.store.observer_of(run_id)
        if hasattr(observer, "uid_index"):  # else it lists all runs
            observer.uid_index = self._uids
        return observer


def has_recorded_uid(run: StoredRun) -> bool:
    """Return whether the uid of a run is in its metadata; runs of Sacred have none."""
    return isinstance(run.meta.get("uid"), str) and run.meta["uid"] == run.uid


def is_complete(run: StoredRun, copy: StoredRun) -> bool:
    """Return whether a copy has all of a run, as far as their records have facts.

    The end is sent last: a copy of a run without facts, such as one of Sacred, has all before it.
    A run that is running is complete up to its last heartbeat; one whose process was killed may
    have more.

    Args:
        run: In the source.
        copy: In the target.
    """
    keys = [annotation_key(each) for each in copy.annotations]
    if not all(annotation_key(each) in keys for each in run.annotations):
        return False
    if run.recorded_status != copy.recorded_status:
        return False
    if is_unstarted(run):
        return True
    is_other = len(run.recorded_segments) != len(copy.recorded_segments)
    if is_other or not has_same_segments(run, copy) or run.writers != copy.writers:
        return False
    has_no_end = run.is_running() or run.recorded_status == "QUEUED"
    is_current = has_no_end and run.heartbeat is not None
    return (
        (is_same_time(run.heartbeat, copy.heartbeat) if is_current else has_same_end(run, copy))
        and (run.output_length or 0) in (0, copy.output_length)
        and (run.metrics is None or _counts(run) == _counts(copy))
        and is_same_file_set(run.resource_info, copy.resource_info)
        and is_same_file_set(run.artifact_info, copy.artifact_info)
    )


def _counts(run: StoredRun) -> dict[str, int]:
    return {name: summary.stop for name, summary in (run.metrics or {}).items() if summary.stop}
