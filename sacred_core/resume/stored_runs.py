"""The stored run that is resumed: where it is, and whether its process has ended."""

import logging
import platform
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sacred_core.exceptions import ResumeError, StoreError
from sacred_core.observers.base import RunObserver
from sacred_core.plurals import counted
from sacred_core.readable_times import time_text
from sacred_core.run.spools import SpoolEntry, spool_entries
from sacred_core.spool.observer import SpoolObserver
from sacred_core.stores.model import DAMAGED, StoredRun
from sacred_core.stores.run_ids import normalize_id
from sacred_core.stores.run_store import RunStore
from sacred_core.stores.worker_claims import WorkerClaim

#: Seconds between two looks at a run that may be running.
_PAUSE = 0.5


def run_name(stored: StoredRun) -> str:
    """Return what messages call a run."""
    return f"run {str(stored.id)!r}"


def direct_observers(observers: Iterable[Any]) -> list[Any]:
    """Return observers with the inner ones of each `SpoolObserver` in its place."""
    found: list[Any] = []
    for observer in observers:
        found += observer.inner if isinstance(observer, SpoolObserver) else [observer]
    return found


def first_store(observers: Sequence[Any]) -> RunStore:
    """Return the store of the first observer that has one.

    Raises:
        ResumeError: no observer has a store.
        StoreError: it cannot be opened.
    """
    for observer in observers:
        if has_store(observer):
            return open_store_of(observer)
    raise ResumeError(
        "--resume requires an observer with a store, in which the run is found: use -F FOLDER, or "
        "add one to ex.observers"
    )


def has_store(observer: Any) -> bool:
    """Return whether an observer has a store that can be read."""
    own = getattr(type(observer), "open_store", None)
    is_opened_itself = own is not None and own is not RunObserver.open_store
    return is_opened_itself or getattr(observer, "store_location", None) is not None


def open_store_of(observer: Any) -> RunStore:
    """Return the store of an observer that has one."""
    if hasattr(observer, "open_store"):
        store: RunStore = observer.open_store()
        return store
    from sacred_core.stores.opening import open_store

    return open_store(observer.store_location)


def find_run(store: RunStore, run_id: str) -> StoredRun:
    """Return the stored run with an id.

    Raises:
        ResumeError: the store has no such run.
        StoreError: the store cannot be read.
    """
    try:
        return store.get(normalize_id(run_id))
    except StoreError as error:
        raise ResumeError(f"--resume {run_id}: {error}") from error


def check_status(
    stored: StoredRun, is_fork: bool = False, claim: WorkerClaim | None = None
) -> None:
    """Check that a run has a status in which it can be resumed, or be forked.

    Args:
        stored: The run.
        is_fork: It is forked.
        claim: That of the worker that resumes it, or None.

    Raises:
        ResumeError: it has not.
    """
    status, name = stored.status, run_name(stored)
    if status == DAMAGED:
        raise ResumeError(f"{name} cannot be resumed: its record is damaged ({stored.damage})")
    if status == "QUEUED" and stored.start_time is None:
        raise ResumeError(f"{name} is queued and has not started: start it with --id={stored.id}")
    own = "" if claim is None else claim.token
    if status == "QUEUED" and stored.claim and stored.claim.token != own and not is_fork:
        raise ResumeError(
            f"{name} is queued and the worker {stored.claim.worker!r} resumes it now: stop that "
            "worker first"
        )
    if status == "COMPLETED" and not is_fork:
        raise ResumeError(f"{name} has completed: to start a new run from it, add --fork")


def wait_for_end(
    store: RunStore,
    stored: StoredRun,
    logger: logging.Logger,
    claim: WorkerClaim | None = None,
) -> StoredRun:
    """Return a run once it is not running; wait until its heartbeats have ended.

    A run whose process was on this machine, and has ended, is not waited for.

    Raises:
        ResumeError: it is running, or has ended meanwhile so that it cannot be resumed.
        StoreError: the store cannot be read.
    """
    if stored.status == "RUNNING" and not _has_ended_here(stored):
        logger.warning(
            "Waiting whether %s is still running: the last heartbeat was %s. It is resumed if no "
            "other one comes within %s.",
            run_name(stored), _last_beat(stored),
            counted(round(stored.grace_period.total_seconds(), 1), "second"),
        )  # fmt: skip
        stored = _wait(store, stored)
    check_status(stored, claim=claim)
    return stored


def _wait(store: RunStore, stored: StoredRun) -> StoredRun:
    seen = stored.heartbeat
    while stored.status == "RUNNING":
        time.sleep(_PAUSE)
        stored = store.get(stored.id)
        if stored.status == "RUNNING" and stored.heartbeat != seen:
            raise ResumeError(
                f"{run_name(stored)} is still running: its last heartbeat was "
                f"{_last_beat(stored)}. Stop that process first"
            )
    return stored


def entries_of(uid: str) -> list[SpoolEntry]:
    """Return the descriptions on this machine of a run whose output may not be stored."""
    return [entry for entry in spool_entries() if entry.run == uid]


def _has_ended_here(stored: StoredRun) -> bool:
    """Return whether the process of a run was on this machine, and has ended."""
    entries = [entry for entry in entries_of(stored.uid) if entry.host == platform.node()]
    return bool(entries) and not any(entry.is_locked for entry in entries)


def _last_beat(stored: StoredRun) -> str:
    last = stored.heartbeat or stored.start_time
    host = stored.segments[-1].host.get("hostname") or "an unknown host"
    return f"{'unknown' if last is None else time_text(last, datetime.now(UTC))} on {host}"
