"""The folders for the output of running runs, which is recovered from there after a crash.

Each run that records its output has a separate file in `spools_folder`, which describes the run
and the stores that record it, without secrets, and is locked as long as the run lives. The spool
itself, in the files that `sacred_core.stores.unfinished` describes, is in the folder of the run
that an observer offers (`RunObserver.spool_folder`), or else in one beside the description.
"""

import contextlib
import json
import os
import platform
import shutil
import stat
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import attrs

from sacred_core.atomic_files import replace_bytes
from sacred_core.environment import once_per_environment
from sacred_core.file_locks import is_locked, lock_file
from sacred_core.run.output.follower import has_writers
from sacred_core.settings import SETTINGS
from sacred_core.shared_methods import ValueMethods
from sacred_core.state_folder import state_folder
from sacred_core.stores.unfinished import OUTPUT_FILE, POSITIONS_FILE, STREAM_FILES, TURNS_FILE

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
        path: The file of this description.
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
        """Replace the description, in one step."""
        replace_bytes(self.path, self.to_json())

    def to_json(self) -> bytes:
        """Return the content of the file."""
        data = attrs.asdict(self, filter=lambda field, _: field.name != "path")
        data |= {"folder": str(self.folder), "start_time": self.start_time.isoformat()}
        return json.dumps(data).encode()

    def remove(self) -> None:
        """Remove the spool and the description."""
        remove_spool(self.folder)
        self.remove_description()

    def remove_description(self) -> None:
        """Remove the description, and the folder beside it if the spool was there."""
        if self.folder == _folder_beside(self.path):
            shutil.rmtree(self.folder, ignore_errors=True)
        with contextlib.suppress(OSError):
            self.path.unlink()

    @property
    def has_spool(self) -> bool:
        """Whether the spool exists; the folder of the run may have been deleted."""
        return (self.folder / POSITIONS_FILE).is_file()

    @property
    def is_locked(self) -> bool:
        """Whether the process of the run exists on this machine."""
        return is_locked(self.path)

    @property
    def is_live(self) -> bool:
        """Whether the run, or a process that can write to its spool, is running on this machine."""
        paths = (self.folder / name for name in (OUTPUT_FILE, *STREAM_FILES))
        return self.is_locked or any(map(_is_written, paths))


def remove_spool(folder: Path) -> None:
    """Remove the files of a spool."""
    for name in _FILES:
        with contextlib.suppress(OSError):
            (folder / name).unlink()


def remove_offered_spools(observers: Iterable[Any]) -> None:
    """Remove what earlier segments of a run left in its folders; the stores have its output."""
    for observer in observers:
        folder = getattr(observer, "spool_folder", None)
        if folder is not None:
            remove_spool(Path(folder))


class LiveSpool:
    """The description of a running run, which is locked until `close`."""

    def __init__(self, entry: SpoolEntry, lock: int) -> None:
        self.entry = entry
        self._lock = lock

    def close(self) -> None:
        """Remove the description: every observer was given the whole output."""
        if self.entry.has_spool:  # usually the recording has removed it
            self.entry.remove()
        else:
            self.entry.remove_description()
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
    path = root / f"run-{os.urandom(8).hex()}.json"
    entry = SpoolEntry(path=path, folder=folder or _folder_beside(path), **described)
    lock = lock_file(path, os.O_RDWR | os.O_CREAT | os.O_EXCL)
    try:
        if lock is None:
            raise BlockingIOError(f"{str(path)!r} is locked by another process")
        if folder is None:
            entry.folder.mkdir(mode=0o700)
        os.write(lock, entry.to_json())  # until it is complete, readers skip it
    except BaseException:
        entry.remove_description()
        if lock is not None:
            os.close(lock)
        raise
    return LiveSpool(entry, lock)


def describe_run(
    run: Any, stores: Iterable[tuple[str, str, Any]], folder: Path | None
) -> LiveSpool:
    """Describe a run of this process; see `live_spool`.

    Args:
        run: The run, which has started.
        stores: Of each store the class of its observer, its location and the id of the run there.
        folder: As of `live_spool`.

    Raises:
        OSError: it cannot be written.
    """
    return live_spool(
        folder,
        run=run.uid,
        name=str(run.experiment_info.get("name", "")),
        command=run.command,
        start_time=run.start_time,
        host=platform.node(),
        pid=os.getpid(),
        stores=tuple(
            StoreAddress(observer=name, location=location, run_id=run_id)
            for name, location, run_id in stores
        ),
    )


def _folder_beside(path: Path) -> Path:
    return path.with_suffix("")


def spool_entries() -> Iterator[SpoolEntry]:
    """Yield the descriptions of this user, in the order of the runs' starts; others are skipped."""
    found = []
    for path in spools_folder().glob("run-*.json"):
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            data = json.loads(path.read_bytes())
            data["folder"] = Path(data["folder"])
            data["start_time"] = datetime.fromisoformat(data["start_time"])
            data["stores"] = tuple(StoreAddress(**each) for each in data["stores"])
            found.append(SpoolEntry(path=path, **data))
    yield from sorted(found, key=lambda entry: entry.start_time)


def spools_folder() -> Path:
    """Return the folder of all descriptions: `SETTINGS.SPOOL_DIR`, or one for the user's state."""
    if SETTINGS.SPOOL_DIR:
        return Path(SETTINGS.SPOOL_DIR).expanduser().absolute()
    return _default_folder()


@once_per_environment
def _default_folder() -> Path:
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
