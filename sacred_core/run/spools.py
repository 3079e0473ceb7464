"""The folders for the output of running runs, which is recovered from there after a crash.

Each run that records its output has a separate folder in `spools_folder`. ``run.json`` in it
describes the run and the stores that record it, without secrets; ``lock`` is locked as long as the
run lives. The spool itself, in the files that `sacred_core.stores.unfinished` describes, is in the
folder of the run that an observer offers (`RunObserver.spool_folder`), or else here.
"""

import contextlib
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import attrs

from sacred_core.atomic_files import write_new
from sacred_core.file_locks import lock_file
from sacred_core.run.output.follower import has_writers
from sacred_core.settings import SETTINGS
from sacred_core.shared_methods import ValueMethods
from sacred_core.state_folder import state_folder
from sacred_core.stores.unfinished import OUTPUT_FILE, POSITIONS_FILE, STREAM_FILES, TURNS_FILE

_RUN, _LOCK = "run.json", "lock"
_FILES = (OUTPUT_FILE, TURNS_FILE, *STREAM_FILES, POSITIONS_FILE)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class StoreAddress(ValueMethods):
    """A store that records a run.

    Attributes:
        observer: The name of the class that writes to it.
        location: What `sacred_core.stores.open_store` opens, without secrets.
        run_id: The id of the run there.
    """

    observer: str
    location: str
    run_id: int | str


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SpoolEntry(ValueMethods):
    """The description of a run whose output is stored.

    Attributes:
        path: The folder of this description.
        folder: The folder of the spool.
        run: The identifier that the run has everywhere.
        name, command: Of the experiment.
        start_time: In UTC and aware.
        host, pid: Where it runs.
        stores: Those that record it and whose output may not be complete.
    """

    path: Path
    folder: Path
    run: str
    name: str
    command: str
    start_time: datetime
    host: str
    pid: int
    stores: tuple[StoreAddress, ...]

    def write(self) -> None:
        """Write the description; until it is complete, readers skip it."""
        data = attrs.asdict(self, filter=lambda field, _: field.name != "path")
        data |= {"folder": str(self.folder), "start_time": self.start_time.isoformat()}
        write_new(self.path / _RUN, json.dumps(data).encode())

    def remove(self) -> None:
        """Remove the spool and the description."""
        if self.folder != self.path:
            for name in _FILES:
                with contextlib.suppress(OSError):
                    (self.folder / name).unlink()
        for name in (_RUN, _LOCK):
            with contextlib.suppress(OSError):
                (self.path / name).unlink()
        try:
            self.path.rmdir()
        except OSError:
            shutil.rmtree(self.path, ignore_errors=True)

    @property
    def has_spool(self) -> bool:
        """Whether the spool exists; the folder of the run may have been deleted."""
        return (self.folder / POSITIONS_FILE).is_file()

    @property
    def is_live(self) -> bool:
        """Whether the run, or a process that can write to its spool, is running on this machine."""
        lock = lock_file(self.path / _LOCK)
        if lock is None:
            return True
        os.close(lock)
        return any(map(_is_written, (self.folder / name for name in (OUTPUT_FILE, *STREAM_FILES))))


class LiveSpool:
    """The description of a running run, which is locked until `close`."""

    def __init__(self, entry: SpoolEntry, lock: int) -> None:
        self.entry = entry
        self._lock = lock

    def close(self) -> None:
        """Remove the description: every observer was given the whole output."""
        self.entry.remove()
        os.close(self._lock)


def live_spool(folder: Path | None, **described: Any) -> LiveSpool:
    """Describe a run that starts.

    Args:
        folder: Where its spool will be, or None: beside the description.
        described: The other attributes of `SpoolEntry`.

    Raises:
        OSError: it cannot be written.
    """
    root = spools_folder()
    if not root.is_dir():
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
    _require_private(root)
    path = Path(tempfile.mkdtemp(prefix="run-", dir=root))
    try:
        lock = lock_file(path / _LOCK)
        if lock is None:
            raise BlockingIOError(f"{str(path)!r} is locked by another process")
        entry = SpoolEntry(path=path, folder=path if folder is None else folder, **described)
        entry.write()
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)
        raise
    return LiveSpool(entry, lock)


def spool_entries() -> Iterator[SpoolEntry]:
    """Yield the descriptions of this user, in the order of the runs' starts; others are skipped."""
    found = []
    for path in spools_folder().glob("run-*"):
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            data = json.loads((path / _RUN).read_bytes())
            data["folder"] = Path(data["folder"])
            data["start_time"] = datetime.fromisoformat(data["start_time"])
            data["stores"] = tuple(StoreAddress(**each) for each in data["stores"])
            found.append(SpoolEntry(path=path, **data))
    yield from sorted(found, key=lambda entry: entry.start_time)


def spools_folder() -> Path:
    """Return the folder of all descriptions: `SETTINGS.SPOOL_DIR`, or one for the user's state."""
    if SETTINGS.SPOOL_DIR:
        return Path(SETTINGS.SPOOL_DIR).expanduser().absolute()
    return state_folder("spools")


def _require_private(folder: Path) -> None:
    """Raise an error if other users can read the folder, because its content is not masked."""
    found = folder.stat()
    if found.st_uid != os.getuid():
        raise PermissionError(f"{str(folder)!r} belongs to another user")
    if stat.S_IMODE(found.st_mode) & 0o077:
        folder.chmod(0o700)


def _is_written(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        return has_writers(descriptor)
    finally:
        os.close(descriptor)
