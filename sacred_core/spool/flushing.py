"""Delivers what is left in spools."""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import attrs

from sacred_core.delivery.failures import format_error
from sacred_core.delivery.handover import RECORD
from sacred_core.delivery.loading import load_events
from sacred_core.delivery.used_folders import forget_folder, note_folder
from sacred_core.exceptions import StoreError
from sacred_core.observers.retry_policy import OUTAGES
from sacred_core.spool.descriptions import SpooledRun, SpoolTarget
from sacred_core.spool.entries import Entry, UndeliveredEvents, read_entries
from sacred_core.spool.folder_format import folder_format_spec
from sacred_core.spool.part_targets import open_parts
from sacred_core.spool.parts import remove_private_folder
from sacred_core.spool.updating import RunUpdater
from sacred_core.stores.model import StoredRun
from sacred_core.stores.opening import open_target
from sacred_core.stores.places import choose_locations
from sacred_core.stores.run_store import RunStore
from sacred_core.transfer.known_runs import Target

#: A part of an entry that goes to one store.
Part = tuple[Path, str]


@attrs.frozen(kw_only=True)
class Flushed:
    """What was done for one entry and one store.

    Attributes:
        entry: The run or the events.
        target: The store; None if it has no known location.
        run_id: The id of the run in the store; None if something is left.
        count: The number of events that were stored.
        reason: Why something is left; empty if everything was stored.
        is_active: A process records or delivers the entry: nothing was done.
    """

    entry: Entry
    target: SpoolTarget | None
    run_id: int | str | None = None
    count: int = 0
    reason: str = ""
    is_active: bool = False


def flush(
    folders: Iterable[Path], store: str | RunStore | None = None, keep: bool = False
) -> Iterator[Flushed]:
    """Deliver what is left in folders, each run and event once, and remove what was delivered.

    Several processes can do so at the same time. Runs that are being recorded are not changed. A
    run whose process was killed is delivered as it is, with all output that it has written.

    Args:
        folders: Spools, and folders with undelivered events.
        store: A store or its location, perhaps with the password that no folder has. Of several
            stores it is the one with the same server and path.
        keep: Delivered runs stay in the spool.

    Raises:
        StoreError: ``store`` is not one of several stores.
        SpoolError: there are runs, and sacred-file is not installed.
    """
    folders = list(folders)
    yield from flush_entries(read_entries(folders), store, keep)
    for folder in folders:
        _forget_empty(folder)


def flush_entries(
    entries: Sequence[Entry], store: str | RunStore | None = None, keep: bool = False
) -> Iterator[Flushed]:
    """Deliver entries; see `flush`.

    Args:
        entries: From `sacred_core.spool.entries.read_entries`.
        store, keep: As of `flush`.

    Raises:
        StoreError, SpoolError: as `flush` does.
    """
    known: dict[Part, str | None] = {}
    for entry in entries:
        for target in _targets(entry):
            known[_part(entry, target)] = None if target is None else target.location
    stores = _Stores(choose_locations(known, store))
    for entry in entries:
        if isinstance(entry, UndeliveredEvents):
            yield from _flush_events(entry, stores)
        else:
            yield from _flush_run(entry, stores, keep)


class _Stores:
    """Opens each store once; one that does not answer is not tried again."""

    def __init__(self, locations: dict[Part, str | RunStore | None]) -> None:
        self._locations = locations
        self._opened: dict[str, Target] = {}
        self._failed: dict[str, str] = {}

    def open(self, part: Part) -> Target:
        """Return the store of a part.

        Raises:
            StoreError: it has no known location, or cannot be opened.
        """
        location = self._locations[part]
        if location is None:
            raise StoreError("the store has no known location: pass its TARGET")
        if not isinstance(location, str):
            return Target(location)
        if location in self._failed:
            raise StoreError(self._failed[location])
        if location not in self._opened:
            self._opened[location] = Target(open_target(location))
        return self._opened[location]

    def failure(self, entry: Entry, target: SpoolTarget | None, error: Exception) -> Flushed:
        """Return the result for a part that was not delivered."""
        reason = format_error(error)
        location = self._locations[_part(entry, target)]
        if isinstance(error, OUTAGES) and isinstance(location, str):
            self._failed[location] = reason
        return Flushed(entry=entry, target=target, reason=reason)


def _targets(entry: Entry) -> tuple[SpoolTarget | None, ...]:
    return entry.targets if isinstance(entry, SpooledRun) else (entry.target,)


def _part(entry: Entry, target: SpoolTarget | None) -> Part:
    return entry.path, "" if target is None else target.location


def _flush_events(entry: UndeliveredEvents, stores: _Stores) -> Iterator[Flushed]:
    part = _part(entry, entry.target)
    if entry.is_locked:
        yield Flushed(entry=entry, target=entry.target, is_active=True)
        return
    try:
        done = load_events(entry.path, entry.record, stores.open(part).store)
    except Exception as error:  # noqa: BLE001 - of a driver; the others may be delivered
        if (entry.path / RECORD).exists():  # else another process has delivered it
            yield stores.failure(entry, entry.target, error)
        return
    yield Flushed(
        entry=entry,
        target=entry.target,
        run_id=None if done.left else done.run_id,
        count=done.count,
        reason="; ".join(done.left),
    )


def _flush_run(found: SpooledRun, stores: _Stores, keep: bool) -> Iterator[Flushed]:
    """Deliver one run under its lock: the process that recorded it has ended."""
    lock = found.lock()
    if lock is None:
        if found.reread() is not None:  # else another process has delivered it
            yield Flushed(entry=found, target=None, is_active=True)
        return
    try:
        run = found.reread()
        if run is None:
            found.remove()  # the file of the lock, which was created again
            return
        local = folder_format_spec().open(str(run.spool))
        run_id = _id_in_spool(local, run)
        if run_id is None:  # the process was killed before the run was there, or after the delivery
            run.remove()
            return
        yield from _deliver(run, local, run_id, stores, keep)
    finally:
        lock.release()


def _deliver(
    run: SpooledRun, local: Any, run_id: int | str, stores: _Stores, keep: bool
) -> Iterator[Flushed]:
    left = run.targets
    for target in run.targets:
        try:
            copied = RunUpdater(
                local, run_id, partial(_open_target, run, local.get(run_id), target, stores)
            ).finish()
        except Exception as error:  # noqa: BLE001 - of a driver; the others may be delivered
            yield stores.failure(run, target, error)
            continue
        left = tuple(each for each in left if each != target)
        if left:
            attrs.evolve(run, targets=left).write()
        elif (keep or run.keep) and not run.writer:
            run.remove()
        else:
            with local.translate_errors():  # `delete` refuses a run that had a heartbeat just now
                local.remove(local.require(run_id))
            run.remove()
        yield Flushed(entry=run, target=target, run_id=copied)


def _open_target(
    run: SpooledRun, stored: StoredRun, target: SpoolTarget, stores: _Stores
) -> Target:
    """Return the store of a run, or of the parts of the run to which it belongs."""
    opened = stores.open(_part(run, target))
    return open_parts(opened, stored) if run.writer else opened


def _id_in_spool(local: Any, run: SpooledRun) -> int | str | None:
    """Return the id of a run in the spool, None if it is not there."""
    if run.run_id is not None:
        with contextlib.suppress(StoreError):
            if local.get(run.run_id).uid == run.uid:
                return run.run_id
        return None
    return next((each.id for each in local.list() if each.uid == run.uid), None)


def _forget_empty(folder: Path) -> None:
    """Forget a folder without entries; a run that starts there meanwhile is noted again.

    One for the child processes of a run is removed.
    """
    if read_entries([folder]):
        return
    remove_private_folder(folder)
    forget_folder(folder)
    if read_entries([folder]):
        note_folder(folder)
