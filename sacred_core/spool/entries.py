"""What is to be delivered from spools: runs, and events that observers did not record."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import attrs

from sacred_core.delivery.event_files import decode_event
from sacred_core.delivery.handover import LOCK
from sacred_core.delivery.loading import Record, event_folders, read_record
from sacred_core.delivery.used_folders import UNDELIVERED
from sacred_core.events import RunQueued, RunStarted
from sacred_core.exceptions import SacredError
from sacred_core.file_locks import is_locked
from sacred_core.spool.descriptions import SpooledRun, SpoolTarget, read_descriptions


@attrs.frozen(kw_only=True)
class UndeliveredEvents:
    """Events that one observer did not record.

    Attributes:
        path: Their folder, see `sacred_core.delivery.handover`.
        record: The description there.
    """

    path: Path
    record: Record

    @property
    def is_locked(self) -> bool:
        """Whether a process may deliver the events."""
        return is_locked(self.path / LOCK)

    @property
    def target(self) -> SpoolTarget | None:
        """The store; None if it has no known location."""
        location, observer = self.record["location"], str(self.record["observer"])
        if location is None:
            return None
        return SpoolTarget(observer=observer, location=location)


Entry = SpooledRun | UndeliveredEvents


@attrs.frozen(kw_only=True)
class EntryInfo:
    """What is shown of an entry.

    Attributes:
        spool: The folder of the spool, or of the events.
        kind: ``"run"``, ``"part"`` (of a run, by another process) or ``"events"``.
        run_id: In the spool, or of the events in the store; None if it is unknown.
        name: Of the experiment.
        start_time: In UTC and aware; None if it is unknown.
        is_active: Whether a process records or delivers it.
        targets: The stores that do not have it.
        writer: Of a part of a run; else empty.
    """

    spool: Path
    kind: str
    run_id: int | str | None
    name: str
    start_time: datetime | None
    is_active: bool
    targets: tuple[str, ...]
    writer: str = ""


def read_entries(folders: Iterable[Path]) -> list[Entry]:
    """Return what is to be delivered from folders.

    Events come first: some belong to runs of a spool. Parts follow the runs that they belong to.
    What cannot be read is skipped.

    Args:
        folders: Spools, and folders with undelivered events.
    """
    events: dict[Path, UndeliveredEvents] = {}
    runs: dict[Path, SpooledRun] = {}
    for folder in folders:
        for path in (*event_folders(folder), *event_folders(folder / UNDELIVERED)):
            try:
                events[path] = UndeliveredEvents(path=path, record=read_record(path))
            except SacredError:
                continue
        for run in read_descriptions(folder):
            runs[run.path] = run
    return [*events.values(), *sorted(runs.values(), key=lambda run: bool(run.writer))]


def describe_entry(entry: Entry) -> EntryInfo:
    """Return what is shown of an entry."""
    if isinstance(entry, SpooledRun):
        return EntryInfo(
            spool=entry.spool,
            kind="part" if entry.writer else "run",
            run_id=None if entry.writer else entry.run_id,
            name=entry.name,
            start_time=entry.start_time,
            is_active=entry.is_locked,
            targets=tuple(map(str, entry.targets)),
            writer=entry.writer,
        )
    target, name, start_time = entry.target, "", None
    try:
        start = decode_event(entry.record["start"])
    except (ValueError, TypeError):
        start = None
    if isinstance(start, (RunStarted, RunQueued)):
        name = str(start.ex_info.get("name", ""))
        start_time = start.start_time if isinstance(start, RunStarted) else start.queue_time
    return EntryInfo(
        spool=entry.path,
        kind="events",
        run_id=entry.record["run_id"],
        name=name,
        start_time=start_time,
        is_active=entry.is_locked,
        targets=(str(target or entry.record["observer"]),),
    )
