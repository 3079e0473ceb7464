"""Stores the events of the folders that `handover` wrote."""

import contextlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import attrs

from sacred_core.atomic_files import replacing
from sacred_core.delivery.event_files import decode_event, remove_files, with_existing_files
from sacred_core.delivery.failures import format_error
from sacred_core.delivery.handover import EVENTS, FILES, FORMAT, LOCK, RECORD
from sacred_core.delivery.lane import policy_of
from sacred_core.events import Event, Heartbeat, RunIdEvent, RunStarted
from sacred_core.exceptions import SacredError, StoreError, UnavailableError
from sacred_core.file_locks import lock_file
from sacred_core.masking import mask_text
from sacred_core.observers.call_plan import call_plans
from sacred_core.stores import ContinuingStore, RunStore, StoredRun, open_store
from sacred_core.stores.locations import absolute_path
from sacred_core.stores.opening import split_flag
from sacred_core.stores.run_ids import normalize_id

#: How far below the folder that is loaded the records are: see `handover.RunFolders`.
_DEPTHS = ("", "*/", "*/*/")
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
    paths = [path for depth in _DEPTHS for path in sorted(folder.glob(f"{depth}{RECORD}"))]
    if not paths:
        raise SacredError(f"{str(folder)!r} contains no undelivered events of a run")
    errors: list[SacredError] = []
    records: dict[Path, dict[str, Any]] = {}
    for path in paths:
        with _collecting(errors):
            records[path.parent] = _read_record(path)
    for each, location in _locations(records, store).items():
        done = None
        with _collecting(errors), _locked(each):
            done = _load(each, records[each], location)
        if done is not None:
            yield done
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise StoreError("; ".join(map(str, errors)))


@contextlib.contextmanager
def _collecting(errors: list[SacredError]) -> Iterator[None]:
    try:
        yield
    except SacredError as error:
        errors.append(error)


def _locations(
    folders: Mapping[Path, Mapping[str, Any]], store: str | RunStore | None
) -> dict[Path, str | RunStore | None]:
    """Return the store of each folder: ``store`` where it is meant, else the one in its record."""
    known = {folder: record["location"] for folder, record in folders.items()}
    if store is None:
        return known
    if not isinstance(store, str) or len(set(map(_place, known.values()))) <= 1:
        return dict.fromkeys(known, store)
    meant = {folder for folder, location in known.items() if _place(location) == _place(store)}
    if not meant:
        places = ", ".join(sorted({str(location) for location in known.values()}))
        raise StoreError(
            f"{mask_text(store)!r} is not one of the stores of these events ({places}); pass "
            "the folder of one observer"
        )
    return {folder: store if folder in meant else location for folder, location in known.items()}


def _place(location: str | None) -> str | None:
    """Return a location without a user, a password, a driver and options; a path is absolute."""
    if location is None:
        return None
    if "://" not in location:
        return str(absolute_path(split_flag(location)[1]))
    scheme, _, rest = location.partition("://")
    server, slash, path = rest.partition("?")[0].partition("/")
    return f"{scheme.partition('+')[0]}://{server.rpartition('@')[2]}{slash}{path}".rstrip("/")


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Lock a folder, so that no other process delivers its events at the same time."""
    try:
        lock = lock_file(folder / LOCK)
    except OSError:  # a file system without locks
        yield
        return
    if lock is None:
        process = "another process"
        with contextlib.suppress(OSError, ValueError):
            process = f"process {int((folder / LOCK).read_text())}"
        raise SacredError(
            f"{process} may still store events of {str(folder)!r}: an observer has not returned "
            "from a call. Wait until the process has ended, then repeat the command"
        )
    try:
        yield
    finally:
        os.close(lock)


def _load(folder: Path, record: Mapping[str, Any], location: str | RunStore | None) -> Loaded:
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
    if began is not None and (run.start_time is None or abs(run.start_time - began) >= _SAME):
        raise StoreError(f"run {str(run_id)!r} in the store is another run")
    return run


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


def _read_record(path: Path) -> dict[str, Any]:
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if record["format"] == FORMAT:
            return record
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise SacredError(f"{str(path)!r} does not contain undelivered events of a run")


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
