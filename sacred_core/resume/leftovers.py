"""Stores what the last process of a run left on this machine, before the run is resumed.

Once the run is resumed its stores refuse what belongs to an earlier segment.
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from sacred_core.delivery.event_files import decode_event
from sacred_core.delivery.loading import load_events
from sacred_core.delivery.used_folders import used_folders
from sacred_core.exceptions import SacredError, StoreError
from sacred_core.observers.base import RunObserver
from sacred_core.resume.stored_runs import entries_of, has_store, open_store_of, run_name
from sacred_core.run.output.filters import Filter
from sacred_core.run.recovery import OutputStore, recover_entry
from sacred_core.run.run import Run
from sacred_core.serialization import message_of
from sacred_core.spool.descriptions import SpooledRun
from sacred_core.spool.entries import Entry, UndeliveredEvents, read_entries
from sacred_core.spool.flushing import flush_entries
from sacred_core.stores.model import StoredRun
from sacred_core.stores.run_store import RunStore
from sacred_core.stores.unfinished import filter_name, unknown_filter


def deliver_spooled_runs(run: Run, observers: Sequence[Any], folder: str | None) -> None:
    """Deliver runs of the same experiment and command that ended in a spool.

    Args:
        run: The run that is going to resume one of them.
        observers: Of the run, without spools.
        folder: The spool of ``--spool`` or `SETTINGS.SPOOL`, or None.
    """
    folders = {*used_folders(), *([Path(folder).expanduser().absolute()] if folder else ())}
    name = str(run.experiment_info.get("name", ""))
    _deliver(
        [
            entry
            for entry in read_entries(sorted(folders))
            if isinstance(entry, SpooledRun) and (entry.name, entry.command) == (name, run.command)
        ],
        observers,
        run.run_logger,
    )


def store_leftovers(run: Run, stored: StoredRun, observers: Sequence[Any]) -> None:
    """Store the last output of a run that is going to be resumed, and undelivered events.

    What cannot be stored is reported.

    Args:
        run: The run that resumes it.
        stored: The stored run.
        observers: Of the run, without spools.
    """
    stores = [open_store_of(observer) for observer in observers if has_store(observer)]
    if not _recover_output(run, stored, stores):
        _complete_folders(stored, observers)
    _deliver(_entries_of(stored.uid, observers), observers, run.run_logger)


def has_undelivered(uid: str) -> bool:
    """Return whether events of a run on this machine could not be delivered when it ended."""
    return any(isinstance(entry, UndeliveredEvents) for entry in _entries_of(uid, ()))


def deliver_undelivered(uid: str, observer: Any, logger: logging.Logger) -> None:
    """Deliver the events of a run that its process could not deliver; report what is left.

    Args:
        uid: Of the run.
        observer: Of the store with the run, over whose connection they are delivered.
        logger: For what is left.
    """
    _deliver(_entries_of(uid, (observer,)), (observer,), logger)


def _recover_output(run: Run, stored: StoredRun, stores: Sequence[RunStore]) -> bool:
    """Store the last output of killed processes, and return whether there is any."""
    has_found = False
    for store in stores:
        for entry in entries_of(stored.uid):  # without the stores that have it already
            if entry.is_locked:
                continue
            has_found = True
            if not entry.has_spool:
                entry.remove()
                continue
            for done in recover_entry(entry, store, _filter_of(run, entry.folder)):
                if done.count is None:
                    run.run_logger.warning(
                        "The last output of %s could not be stored: %s",
                        run_name(stored), done.reason,
                    )  # fmt: skip
    return has_found


def _filter_of(run: Run, folder: Path) -> Filter | None:
    """Return the filter of the experiment, if the output of an earlier process needs it."""
    name = unknown_filter(folder)
    own = run.captured_out_filter
    return own if name is not None and name == filter_name(own) else None


def _complete_folders(stored: StoredRun, observers: Sequence[Any]) -> None:
    """Store output that is in the folder of the run, where another machine or user recorded it."""
    for observer in observers:
        offered = getattr(type(observer), "spool_folder", None)
        if offered is RunObserver.spool_folder or not has_store(observer):
            continue
        store = open_store_of(observer)
        if isinstance(store, OutputStore) and _has_run(store, stored):
            store.complete_output(stored.id, cast(RunStore, store).output(stored.id))


def _has_run(store: Any, stored: StoredRun) -> bool:
    try:
        return bool(store.get(stored.id).uid == stored.uid)
    except StoreError:
        return False


def _entries_of(uid: str, observers: Sequence[Any]) -> list[Entry]:
    """Return what is to be delivered of a run: undelivered events, and the run in a spool."""
    own = (getattr(observer, "failure_dir", None) for observer in observers)
    folders = {*used_folders(), *(Path(folder) for folder in own if folder is not None)}
    return [entry for entry in read_entries(sorted(folders)) if _uid_of(entry) == uid]


def _uid_of(entry: Entry) -> str:
    if isinstance(entry, SpooledRun):
        return entry.uid
    try:
        return decode_event(entry.record["start"]).run
    except (ValueError, TypeError):  # it has no start
        return ""


def _deliver(entries: Sequence[Entry], observers: Sequence[Any], logger: logging.Logger) -> None:
    """Deliver entries; those for the store of an observer over its connection."""
    for entry in entries:
        if entry.is_locked:
            continue
        store = _store_for(entry, observers)
        if isinstance(entry, UndeliveredEvents) and store is not None:
            try:
                left = load_events(entry.path, entry.record, store).left
            except SacredError as error:
                left = (message_of(error),)
            reasons = list(left)
        else:
            done = flush_entries([entry])
            reasons = [each.reason for each in done if each.reason]
        for reason in reasons:
            logger.warning("%s could not be delivered: %s", entry.path, reason)


def _store_for(entry: Entry, observers: Sequence[Any]) -> RunStore | None:
    if isinstance(entry, SpooledRun) or entry.target is None:
        return None
    for observer in observers:
        if has_store(observer) and observer.store_location == entry.target.location:
            return open_store_of(observer)
    return None
