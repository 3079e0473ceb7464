"""Writes the events that observers did not record to folders; `loading` delivers them."""

import contextlib
import json
import re
import shutil
import tempfile
import threading
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Any

from sacred_core.delivery.event_files import encode_event, with_copied_files, write_line
from sacred_core.delivery.failures import Undelivered, format_error
from sacred_core.delivery.used_folders import note_folder, undelivered_folder
from sacred_core.events import Event, RunIdEvent
from sacred_core.file_locks import ProcessLock
from sacred_core.loggers import own_logger

FORMAT = "sacred undelivered 1"
#: The file that describes the run and its observer, and the one with the events, one a line.
RECORD, EVENTS = "undelivered.json", "events.jsonl"
#: The folder with the files of each event, in a folder with the number of its line.
FILES = "files"
#: Is locked as long as a process may deliver the events of the folder, and contains its id.
LOCK = "lock"
#: The folder with events that do not fit into memory.
_OVERFLOW = "overflow"

_logger = own_logger(__name__)


class RunFolders:
    """The folder of a run in each ``failure_dir`` of its observers, created when it is needed."""

    def __init__(self) -> None:
        self._by_parent: dict[Path, Path] = {}
        self._lock = threading.Lock()

    def make(self, observer: Any, start: RunIdEvent | None, run_id: Any) -> Path:
        """Create the folder of an observer in that of the run, and return it.

        Args:
            observer: Of the run. Its ``failure_dir`` is by default one for the user's state.
            start: The event with which the run started.
            run_id: The id of the run in what the observer writes.

        Raises:
            OSError: it cannot be created.
        """
        given = getattr(observer, "failure_dir", None)
        parent = undelivered_folder() if given is None else Path(given)
        if given is not None:
            note_folder(parent)
        with self._lock:
            if parent not in self._by_parent:
                name = "" if start is None else start.ex_info.get("name", "")
                self._by_parent[parent] = _new_folder(parent, f"{name}-{run_id}")
        return _new_folder(self._by_parent[parent], _class_name(observer))


class Handover:
    """The folder for what one observer of a run did not record, created when it is needed.

    It is locked as long as this process may call the observer.

    Args:
        observer: Of the run.
        folders: Of the run.

    Attributes:
        start: The event with which the run started.
        run_id: The id of the run in what the observer writes.
        folder: What was written, None if there is nothing.
    """

    def __init__(self, observer: Any, folders: RunFolders) -> None:
        self.start: RunIdEvent | None = None
        self.run_id: Any = None
        self.folder: Path | None = None
        self._observer = observer
        self._folders = folders
        self._path: Path | None = None
        self._lock: ProcessLock | None = None

    def make_overflow_folder(self) -> Path:
        """Create a folder for events that do not fit into memory, and return it.

        Raises:
            OSError: it cannot be created.
        """
        parent = self._make() / _OVERFLOW
        parent.mkdir(exist_ok=True)
        return Path(tempfile.mkdtemp(dir=parent))

    def write(self, files: Iterable[Event], undelivered: Undelivered) -> int:
        """Write events, with the files that they need; then `folder` is set.

        Heartbeats alone are written only for an observer with a ``store_location``.

        Args:
            files: Events of files that the record does not list; they come first.
            undelivered: The others. They are removed.

        Returns:
            The number of events that could not be written, as the disk is full.

        Raises:
            OSError: the folder cannot be written.
        """
        location = getattr(self._observer, "store_location", None)
        if location is None and undelivered.has_heartbeats_only:
            return 0
        folder = self._make()
        record = {
            "format": FORMAT,
            "observer": _class_name(self._observer),
            "location": location,
            "run_id": self.run_id,
            "start": None if self.start is None else encode_event(self.start),
            "reasons": sorted(undelivered.reasons),
        }
        # First, while there is space; in its place only when all is written.
        partial = folder / f".{RECORD}.partial"
        partial.write_text(json.dumps(record, indent=1), encoding="utf-8")
        lost = _write_events(folder, files, undelivered)
        partial.replace(folder / RECORD)
        self.folder = folder
        return lost

    def close(self) -> None:
        """Remove what is not needed any longer; nothing is written from now on."""
        if self._path is not None:
            shutil.rmtree(self._path / _OVERFLOW, ignore_errors=True)
            if self.folder is None:
                shutil.rmtree(self._path, ignore_errors=True)
                with contextlib.suppress(OSError):  # other observers need it
                    self._path.parent.rmdir()

    def unlock(self) -> None:
        """Release the lock, so that ``sacred spool flush`` can deliver the events."""
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.release()

    def _make(self) -> Path:
        if self._path is None:
            path = self._folders.make(self._observer, self.start, self.run_id)
            self._lock = _lock(path)
            self._path = path
        return self._path


def _new_folder(parent: Path, name: str) -> Path:
    parent.mkdir(parents=True, exist_ok=True)
    prefix = re.sub(r"[^\w.-]+", "_", name)[:60]
    return Path(tempfile.mkdtemp(prefix=f"{prefix}-", dir=parent))


def _class_name(observer: Any) -> str:
    return type(getattr(observer, "covered_observer", observer)).__name__


def _lock(folder: Path) -> ProcessLock | None:
    try:
        return ProcessLock.hold(folder / LOCK)
    except OSError as error:  # a full disk, or a file system without locks
        _logger.debug("%s cannot be locked: %s", folder, error)
        return None


def _write_events(folder: Path, files: Iterable[Event], undelivered: Undelivered) -> int:
    number = lost = 0
    with (folder / EVENTS).open("wb", buffering=0) as file:
        for event in chain(files, undelivered.events.drain()):
            try:
                write_line(file, _line(event, folder / FILES / str(number)))
                number += 1
            except OSError as error:
                if not lost:
                    _logger.error("Events of the run are lost: %s", format_error(error))
                lost += 1
    return lost


def _line(event: Event | str, folder: Path) -> str:
    if isinstance(event, str):
        return event
    try:
        return encode_event(with_copied_files(event, folder))
    except OSError as error:
        _logger.warning("Could not copy the files of %s: %s", event.method, error)
        return encode_event(event)
