"""Descriptions of the runs in a spool."""

import json
import os
import platform
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import attrs

from sacred_core.atomic_files import create_folder, replacing
from sacred_core.events import RunStarted
from sacred_core.exceptions import SpoolError
from sacred_core.file_locks import ProcessLock, holder_of, is_locked
from sacred_core.shared_methods import ValueMethods

#: The folder of the descriptions in a spool, and the files of each.
DESCRIPTIONS = "_spool"
_RUN, _LOCK = "run.json", "lock"
_FORMAT = "sacred spool 1"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SpoolTarget(ValueMethods):
    """A store to which a run is to be delivered.

    Attributes:
        observer: The name of the class that writes to it.
        location: What `sacred_core.stores.open_store` opens, without secrets.
    """

    observer: str
    location: str

    def __str__(self) -> str:
        return f"{self.observer} ({self.location})"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SpooledRun(ValueMethods):
    """The description of a run that is to be delivered.

    Attributes:
        path: The folder of the description.
        uid: Identifies the run in all stores.
        run_id: The id in the spool; None if the process ended while it started the run.
        name, command: Of the experiment.
        start_time: In UTC and aware.
        host, pid: Where it is recorded.
        keep: The run stays in the spool when it is delivered.
        targets: The stores that do not have the whole run.
        writer, run: Of a part of a run, its writer and the uid of the run; else empty.
    """

    path: Path
    uid: str
    run_id: int | str | None = None
    name: str
    command: str
    start_time: datetime
    host: str
    pid: int
    keep: bool = False
    targets: tuple[SpoolTarget, ...]
    writer: str = ""
    run: str = ""

    @property
    def spool(self) -> Path:
        """The folder of the spool."""
        return self.path.parent.parent

    @property
    def is_locked(self) -> bool:
        """Whether a process on this machine records or delivers the run."""
        return is_locked(self.path / _LOCK)

    @property
    def holder(self) -> int | None:
        """The id of the process that records or delivers the run, or did so last."""
        return holder_of(self.path / _LOCK)

    def write(self) -> None:
        """Write the description in one step, so that a power cut leaves the old or the new one.

        Raises:
            OSError: it cannot be written.
        """
        data = attrs.asdict(self, filter=lambda field, _: field.name != "path")
        data |= {"format": _FORMAT, "start_time": self.start_time.isoformat()}
        with replacing(self.path / _RUN) as partial, partial.open("wb") as file:
            file.write(json.dumps(data, indent=1).encode())
            file.flush()
            os.fsync(file.fileno())

    def remove(self) -> None:
        """Remove the description; the run itself stays."""
        (self.path / _RUN).unlink(missing_ok=True)  # first: what is left is not a description
        shutil.rmtree(self.path, ignore_errors=True)

    def lock(self) -> ProcessLock | None:
        """Lock the description; return None if another process has done so, or has removed it.

        Raises:
            SpoolError: the file cannot be written.
        """
        try:
            return ProcessLock.hold(self.path / _LOCK)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SpoolError(
                f"cannot lock {str(self.path / _LOCK)!r}: {error.strerror or error}"
            ) from error

    def reread(self) -> "SpooledRun | None":
        """Return the description as it is now, None if it was removed."""
        return read_description(self.path)


def new_description(spool: Path, **described: Any) -> tuple[SpooledRun, ProcessLock]:
    """Describe a run that starts, and lock the description.

    Args:
        spool: The folder of the spool, which is created.
        described: The attributes of `SpooledRun`.

    Raises:
        OSError: it cannot be written.
        SpoolError: the file system has no locks.
    """
    path = spool / DESCRIPTIONS / described["uid"]
    create_folder(spool)
    path.parent.mkdir(exist_ok=True)
    path.mkdir(exist_ok=True)
    described_run = SpooledRun(path=path, **described)
    lock = None
    try:
        lock = described_run.lock()
        if lock is None:
            raise SpoolError(
                f"cannot lock {str(path / _LOCK)!r}: the file system of the spool must support "
                "locks; use another folder"
            )
        described_run.write()
    except BaseException:
        described_run.remove()
        if lock is not None:
            lock.release()
        raise
    return described_run, lock


def describe_start(
    spool: Path, event: RunStarted, **described: Any
) -> tuple[SpooledRun, ProcessLock]:
    """Describe a run that this process starts; see `new_description`.

    Args:
        spool: The folder of the spool, which is created.
        event: The start of the run.
        described: The attributes of `SpooledRun` that do not depend on the event and the process.
    """
    return new_description(
        spool,
        name=str(event.ex_info.get("name", "")),
        command=event.command,
        start_time=event.start_time,
        host=platform.node(),
        pid=os.getpid(),
        **described,
    )


def read_descriptions(spool: Path) -> Iterator[SpooledRun]:
    """Yield the descriptions in a spool, in the order in which the runs started.

    Those that cannot be read are skipped: another process may be removing them.
    """
    found = map(read_description, (spool / DESCRIPTIONS).glob("*"))
    yield from sorted(filter(None, found), key=lambda run: (run.start_time, run.uid))


def read_description(path: Path) -> SpooledRun | None:
    """Return the description in a folder, None if there is none."""
    try:
        data = json.loads((path / _RUN).read_bytes())
        if data.pop("format") != _FORMAT:
            return None
        data["start_time"] = datetime.fromisoformat(data["start_time"])
        data["targets"] = tuple(SpoolTarget(**each) for each in data["targets"])
        return SpooledRun(path=path, **data)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
