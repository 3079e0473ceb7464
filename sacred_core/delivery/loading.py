"""Stores the events of the folders that `handover` wrote."""

import contextlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias, cast

import attrs

from sacred_core.atomic_files import replacing
from sacred_core.delivery.event_files import decode_event, remove_files, with_existing_files
from sacred_core.delivery.failures import format_error
from sacred_core.delivery.handover import EVENTS, FILES, FORMAT, LOCK, RECORD
from sacred_core.delivery.lane import policy_of
from sacred_core.events import Event, Heartbeat, RunIdEvent, RunStarted
from sacred_core.exceptions import SacredError, StoreError, UnavailableError
from sacred_core.file_locks import ProcessLock, holder_of
from sacred_core.observers.call_plan import call_plans
from sacred_core.stores import ContinuingStore, RunStore, StoredRun, open_store
from sacred_core.stores.places import choose_locations
from sacred_core.stores.run_ids import normalize_id

#: The content of a `RECORD`.
Record: TypeAlias = Mapping[str, Any]
#: How far below the folder that is loaded the records are: see `handover.RunFolders`.
_DEPTH = 2
#: Stores round the times of runs: two runs of one id do not start so close together.
_SAME = timedelta(seconds=1)


@attrs.frozen
class Loaded:
    """The result of loading one folder.

    Attributes:
        folder: It is removed if nothing is left in it.
        run_id: The id of the run in the store.
        count: The number of events that were stored.
        left: Why events were not stored, each with its method.
    """

    folder: Path
    run_id: int | str
    count: int
    left: tuple[str, ...] = ()


def load_folders(folder: Path, store: str | RunStore | None = None) -> Iterator[Loaded]:
    """Store what the observers of runs did not record, and remove it from their folders.

    Repeating it stores nothing twice. Where one folder cannot be loaded, the others are.

    Args:
        folder: That of one observer or one run, or one that contains those of several runs.
        store: The store or its location, perhaps with the password that no folder has; by default
            the store that the observer wrote to. Of several stores it is the one with the same
            server and path.

    Raises:
        SacredError: the folder does not exist or is not readable, or another process may deliver
            its events.
        StoreError: a store cannot be opened or reached, or has another run of the id.
    """
    errors: list[SacredError] = []
    records: dict[Path, Record] = {}
    for each in event_folders(folder):
        with _collecting(errors):
            records[each] = read_record(each)
    if not records and not errors:
        raise SacredError(f"{str(folder)!r} contains no undelivered events of a run")
    known = {each: record["location"] for each, record in records.items()}
    for each, location in choose_locations(known, store).items():
        done = None
        with _collecting(errors):
            done = load_events(each, records[each], location)
        if done is not None:
            yield done
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise StoreError("; ".join(map(str, errors)))


def event_folders(folder: Path) -> list[Path]:
    """Return the folders with undelivered events of one observer each: ``folder`` or below it."""
    found = level = [folder]
    for _ in range(_DEPTH):
        level = [below for each in level for below in _subfolders(each)]
        found = [*found, *level]
    return [each for each in found if (each / RECORD).is_file()]


def _subfolders(folder: Path) -> list[Path]:
    """Return the folders in a folder, sorted; none if another process has removed it."""
    try:
        with os.scandir(folder) as entries:
            return sorted(Path(entry.path) for entry in entries if entry.is_dir())
    except OSError:
        return []


def read_record(folder: Path) -> Record:
    """Return the record of a folder with undelivered events of one observer.

    Raises:
        SacredError: it cannot be read.
    """
    path = folder / RECORD
    try:
        record: Record = json.loads(path.read_text(encoding="utf-8"))
        if record["format"] == FORMAT:
            return record
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise SacredError(f"{str(path)!r} does not contain undelivered events of a run")


def load_events(folder: Path, record: Record, location: str | RunStore | None) -> Loaded:
    """Store the events of one observer; see `load_folders`.

    Args:
        folder: One of `event_folders`.
        record: From `read_record`.
        location: The store or its location.
    """
    with _locked(folder):
        return _load(folder, record, location)


@contextlib.contextmanager
def _collecting(errors: list[SacredError]) -> Iterator[None]:
    try:
        yield
    except SacredError as error:
        errors.append(error)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Lock a folder, so that no other process delivers its events at the same time."""
    try:
        lock = ProcessLock.hold(folder / LOCK)
    except FileNotFoundError:
        raise SacredError(f"{str(folder)!r} has been delivered by another process") from None
    except OSError:  # a file system without locks
        yield
        return
    if lock is None:
        holder = holder_of(folder / LOCK)
        process = "another process" if holder is None else f"process {holder}"
        raise SacredError(
            f"{process} may still store events of {str(folder)!r}: an observer has not returned "
            "from a call. Wait until the process has ended, then repeat the command"
        )
    try:
        yield
    finally:
        lock.release()


def _load(folder: Path, record: Record, location: str | RunStore | None) -> Loaded:
    if location is None:
        raise StoreError(
            f"the store of {record['observer']} in {str(folder)!r} has no known location: "
            "pass its LOCATION"
        )
    opened = open_store(location) if isinstance(location, str) else location
    if not isinstance(opened, ContinuingStore):
        raise StoreError(f"{type(opened).__name__} cannot continue runs")
    start = cast(RunIdEvent, decode_event(record["start"]))
    run_id = normalize_id(record["run_id"])
    count = _count_events(folder)  # before anything is stored
    run = _find(cast(RunStore, opened), run_id, start)
    observer = opened.observer_of(None if run is None else run_id)
    if run is None:
        event = attrs.evolve(start, _id=run_id, asked_id=None)
        answer = call_plans(observer)[type(event)](event, lambda name: "")
        run_id = run_id if answer is None else normalize_id(answer)
    left = _deliver(folder, observer, run)
    return Loaded(folder, run_id, count - len(left), tuple(left))


def _find(store: RunStore, run_id: Any, start: RunIdEvent) -> StoredRun | None:
    """Return the run that was started by ``start``; None if it was deleted."""
    try:
        run = store.get(run_id)
    except UnavailableError:
        raise
    except StoreError:
        if any(run.id == run_id for run in store.list()):
            raise
        return None
    began = start.start_time if isinstance(start, RunStarted) else None
    if began is not None and not any(_is_same(each.start_time, began) for each in run.segments):
        raise StoreError(f"run {str(run_id)!r} in the store is another run")
    return run


def _is_same(stored: datetime | None, began: datetime) -> bool:
    return stored is not None and abs(stored - began) < _SAME


def _deliver(folder: Path, observer: Any, run: StoredRun | None) -> list[str]:
    """Deliver the events of a folder, and return why some of them were not stored."""
    policy, plans = policy_of(observer), call_plans(observer)
    left: list[str] = []
    stored: set[int] = set()
    try:
        for number, event in _read_events(folder):
            files = folder / FILES / str(number)
            if event is not None and type(event) in plans:
                try:
                    plans[type(event)](_adapt(event, files, run), lambda name: "")
                except policy.temporary:
                    raise
                except Exception as error:  # noqa: BLE001 - the others may be stored
                    left.append(f"{event.method} ({format_error(error)})")
                    continue
            stored.add(number)
            remove_files(files)
        getattr(observer, "join", lambda: None)()
    finally:
        _remove_events(folder, stored)
    if not left:
        shutil.rmtree(folder)
        with contextlib.suppress(OSError):  # other observers have events there
            folder.parent.rmdir()
    return left


def _adapt(event: Event, files: Path, run: StoredRun | None) -> Event:
    """Return the event as it is delivered: a heartbeat does not replace the end of the run."""
    if isinstance(event, Heartbeat) and run is not None and run.stop_time is not None:
        time = max(event.beat_time, run.heartbeat or event.beat_time)
        return attrs.evolve(event, result=run.result, beat_time=time)
    return with_existing_files(event, files)


def _read_events(folder: Path) -> Iterator[tuple[int, Event | None]]:
    """Yield the number and the event of each line, None for one that is stored already."""
    path = folder / EVENTS
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file):
                yield number, decode_event(line) if line.strip() else None
    except (OSError, ValueError) as error:
        raise SacredError(f"{str(path)!r} cannot be read: {error}") from error


def _count_events(folder: Path) -> int:
    return sum(1 for _, event in _read_events(folder) if event is not None)


def _remove_events(folder: Path, numbers: set[int]) -> None:
    """Replace the lines of these numbers by empty ones."""
    path = folder / EVENTS
    with replacing(path) as partial, path.open("rb") as old, partial.open("wb") as new:
        for number, line in enumerate(old):
            new.write(b"\n" if number in numbers else line)
