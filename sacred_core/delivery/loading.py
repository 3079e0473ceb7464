"""Stores the events of the folders that `handover` wrote."""

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import attrs

from sacred_core.atomic_files import replace_bytes
from sacred_core.delivery.event_files import (
    decode_event,
    encode_event,
    remove_files,
    with_existing_files,
)
from sacred_core.delivery.failures import format_error
from sacred_core.delivery.handover import EVENTS, FILES, FORMAT, RECORD
from sacred_core.events import Event, Heartbeat, RunIdEvent, RunStarted
from sacred_core.exceptions import SacredError, StoreError, UnavailableError
from sacred_core.observers.call_plan import call_plans
from sacred_core.observers.retry_policy import RetryPolicy
from sacred_core.stores import ContinuingStore, RunStore, StoredRun, open_store
from sacred_core.stores.run_ids import normalize_id

#: Stores round the times of runs: two runs of one id do not start so close together.
_SAME = timedelta(seconds=1)


@attrs.frozen
class Loaded:
    """What was done with one folder.

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
    """Store what the runs in a folder could not store, and remove it from there.

    Repeating it stores nothing twice.

    Args:
        folder: That of one run, or one that contains several.
        store: The store or its location, perhaps with the password that no folder has; by default
            the store that the observer wrote to.

    Raises:
        SacredError: the folder does not exist or is not readable.
        StoreError: a store cannot be opened or reached, or has another run of the id.
    """
    records = (
        [folder / RECORD] if (folder / RECORD).exists() else sorted(folder.glob(f"*/{RECORD}"))
    )
    if not records:
        raise SacredError(f"{str(folder)!r} has no events of a run that were not stored")
    for path in records:
        yield _load(path.parent, store)


def _load(folder: Path, store: str | RunStore | None) -> Loaded:
    record = _read_record(folder)
    given = store or record["location"]
    if given is None:
        raise StoreError(
            f"{record['observer']} of {str(folder)!r} has no store of a known location: name one"
        )
    opened = open_store(given) if isinstance(given, str) else given
    if not isinstance(opened, ContinuingStore):
        raise StoreError(f"{type(opened).__name__} cannot continue runs")
    start = cast(RunIdEvent, decode_event(record["start"]))
    run_id = normalize_id(record["run_id"])
    run = _find(cast(RunStore, opened), run_id, start)
    observer = opened.observer_of(None if run is None else run_id)
    if run is None:
        event = attrs.evolve(start, _id=run_id, asked_id=None)
        answer = call_plans(observer)[type(event)](event, lambda name: "")
        run_id = run_id if answer is None else normalize_id(answer)
    return _deliver(folder, observer, run_id, run)


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
        raise StoreError(f"run {str(run_id)!r} in the store is another one")
    return run


def _deliver(folder: Path, observer: Any, run_id: Any, run: StoredRun | None) -> Loaded:
    policy: RetryPolicy = getattr(observer, "retry_policy", None) or RetryPolicy()
    plans = call_plans(observer)
    waiting = dict(enumerate(_read_events(folder)))
    count, left = 0, []
    try:
        for number, event in list(waiting.items()):
            files = folder / FILES / str(number)
            if event is not None and type(event) in plans:
                try:
                    plans[type(event)](_adapt(event, files, run), lambda name: "")
                except policy.temporary:
                    raise
                except Exception as error:  # noqa: BLE001 - the others may be stored
                    left.append(f"{event.method} ({format_error(error)})")
                    continue
            count += 1
            waiting[number] = None
            remove_files(files)
        getattr(observer, "join", lambda: None)()
    finally:
        lines = ["" if event is None else encode_event(event) for event in waiting.values()]
        replace_bytes(folder / EVENTS, "".join(f"{line}\n" for line in lines).encode())
    if not left:
        shutil.rmtree(folder)
    return Loaded(folder, run_id, count, tuple(left))


def _adapt(event: Event, files: Path, run: StoredRun | None) -> Event:
    """Return the event as it is delivered: a heartbeat does not replace the end of the run."""
    if isinstance(event, Heartbeat) and run is not None and run.stop_time is not None:
        time = max(event.beat_time, run.heartbeat or event.beat_time)
        return attrs.evolve(event, result=run.result, beat_time=time)
    return with_existing_files(event, files)


def _read_record(folder: Path) -> dict[str, Any]:
    path = folder / RECORD
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if record["format"] == FORMAT:
            return record
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise SacredError(f"{str(path)!r} does not describe events of a run that were not stored")


def _read_events(folder: Path) -> list[Event | None]:
    path = folder / EVENTS
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return [decode_event(line) if line else None for line in lines]
    except (OSError, ValueError) as error:
        raise SacredError(f"{str(path)!r} cannot be read: {error}") from error
