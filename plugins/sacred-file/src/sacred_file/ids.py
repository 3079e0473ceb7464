"""Which run a folder belongs to, also when many processes start at once.

``mkdir`` succeeds for one process only. Each number is used once, also after its run is deleted:
``_ids/next`` is a hint, which saves listing thousands of folders: it may be stale, or missing.
``_ids/deleted-N`` has the highest number of a deleted run in its name. Several processes may create
such files at once, and the highest one counts; so no lock is needed.
"""

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sacred_core.atomic_files import (
    create_folder,
    create_if_missing,
    read_start,
    replace_bytes,
    replacing,
    write_new,
)
from sacred_core.exceptions import RunRemovedError
from sacred_core.file_locks import hold_when_free
from sacred_core.stores import run_ids
from sacred_core.stores.folder_format import LEASE, METRIC_LINES, OUTPUT, RUN, json_bytes
from sacred_core.stores.leases import LeasedIds, exclusively
from sacred_core.stores.record_files import read_json
from sacred_core.stores.tokens import TOKEN, run_removed_error
from sacred_file import layout
from sacred_file.layout import NEXT_ID

if TYPE_CHECKING:
    from sacred_core.stores.worker_claims import WorkerClaim

_DELETED = "deleted-"
#: Bytes of a hint that are read.
_LONGEST_HINT = 64


class FolderIds(LeasedIds):
    """The ids of runs in a folder, which are the names of their folders.

    Args:
        basedir: The folder of all runs.
        asked_id: The id that the user requested, or None.
    """

    def __init__(self, basedir: Path, asked_id: int | str | None) -> None:
        super().__init__(repr(str(basedir)), asked_id)
        self._basedir = basedir
        self._new_id: int | str | None = None

    def create(self, run_id: int | str) -> bool:
        """Create the folder of a run."""
        try:
            (self._basedir / str(run_id)).mkdir()
        except FileExistsError:
            return False
        if isinstance(run_id, int) and run_id == self._new_id:
            write_hint(self._basedir, run_id + 1)
        return True

    def highest_number(self) -> int:
        """Return the highest number that is known."""
        return highest_number(self._basedir)

    def new_id(self, previous: int | None) -> int | str:
        """Return the next number."""
        self._new_id = super().new_id(previous)
        return self._new_id

    def claim_files(self, run_id: int | str) -> "_ClaimFiles":
        """Return the claims, which are in the folder of the run."""
        return _ClaimFiles(self._basedir / str(run_id))

    def status(self, run_id: int | str) -> Any:
        """Return the status in ``run.json``, None if there is no such file."""
        return read_json(self._basedir / str(run_id) / RUN, {}).get("status")


class _ClaimFiles:
    """Claims in a folder, such as that of a run.

    Args:
        folder: Of the claims.
        prefix: The beginning of the names of the files.
    """

    def __init__(self, folder: Path, prefix: str = "") -> None:
        self._folder = folder
        self._prefix = prefix

    def read(self, name: str) -> bytes | None:
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError:
            return None

    def create(self, name: str, data: bytes) -> bool:
        """Create the file with its content in one step: an empty claim is taken for an old one."""
        return create_if_missing(self._path(name), data)

    def replace(self, name: str, data: bytes) -> None:
        replace_bytes(self._path(name), data)

    def remove(self, name: str) -> None:
        self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._folder / f"{self._prefix}{name}"


def lock_uid(basedir: Path, uid: str) -> AbstractContextManager[None]:
    """Return a context in which no other process inserts a run with this uid."""
    folder = (basedir / NEXT_ID).parent
    create_folder(folder)
    return exclusively(_ClaimFiles(folder, uid))


def lock_copy(basedir: Path, uid: str) -> AbstractContextManager[bool]:
    """Return a context in which no other process copies the run, and whether it has waited."""
    folder = (basedir / NEXT_ID).parent
    create_folder(folder)
    return hold_when_free(folder / f"{uid}.copy")


def highest_number(basedir: Path) -> int:
    """Return the highest number of a run, or of a deleted run; newer runs may have higher ones."""
    following = _read_hint(basedir) or run_ids.next_number(path.name for path in basedir.iterdir())
    return max(following - 1, highest_deleted(basedir))


def write_hint(basedir: Path, number: int) -> None:
    """Replace the hint in one step: two writers at once must not make one number of two.

    A hint of the same length is written in place, which is one step, too: to replace a file that
    exists makes a file system write the new one to the disk.
    """
    with contextlib.suppress(OSError):  # it is only a hint
        path, data = basedir / NEXT_ID, str(number).encode()
        if not _write_in_place(path, data):
            path.parent.mkdir(exist_ok=True)
            replace_bytes(path, data)


def _write_in_place(path: Path, data: bytes) -> bool:
    try:
        descriptor = os.open(path, os.O_WRONLY)
    except FileNotFoundError:
        return False
    try:
        is_as_long = os.fstat(descriptor).st_size == len(data)
        return is_as_long and os.write(descriptor, data) == len(data)
    finally:
        os.close(descriptor)


def highest_deleted(basedir: Path) -> int:
    """Return the highest number of a deleted run, 0 if none was deleted."""
    return max(_deleted_numbers(basedir), default=0)


def note_deleted(basedir: Path, name: str) -> None:
    """Store that the run ``name`` is deleted, if its name is a number.

    Raises:
        OSError: it cannot be stored.
    """
    number = run_ids.countable_id(name)
    if number is None or number <= highest_deleted(basedir):
        return
    folder = (basedir / NEXT_ID).parent
    folder.mkdir(exist_ok=True)
    (folder / f"{_DELETED}{number}").touch()
    for other in _deleted_numbers(basedir):
        if other < number:
            (folder / f"{_DELETED}{other}").unlink(missing_ok=True)


def _deleted_numbers(basedir: Path) -> Iterator[int]:
    with contextlib.suppress(OSError):
        for found in os.listdir((basedir / NEXT_ID).parent):  # noqa: PTH208 - in each run
            _, is_deleted, name = found.rpartition(_DELETED)
            number = run_ids.countable_id(name)
            if is_deleted and number is not None:
                yield number


def _read_hint(basedir: Path) -> int:
    """Return the hint, or 0 if it is missing or is not the number of a run."""
    try:
        hint = read_start(basedir / NEXT_ID, _LONGEST_HINT).decode("ascii")
    except (OSError, ValueError):
        return 0
    return run_ids.countable_id(hint.strip()) or 0


class OwnFolder:
    """The folder of a run, with a token of this run; see `sacred_core.stores.tokens`.

    While the run lasts the token is in the file `layout.SPARE`, which is read before each write;
    it is in ``run.json`` too.

    Args:
        folder: Which; it exists.
        token: Of the run.

    Attributes:
        is_recorded: The start of the run is written: before, there is no token to check.
    """

    def __init__(self, folder: Path, token: str, is_recorded: bool = False) -> None:
        self.path = folder
        self.token = token
        self.is_recorded = is_recorded

    def begin(self) -> None:
        """Store the token, in place of that of an earlier run in this folder."""
        token = self.token.encode()
        write_new(self.path / layout.SPARE, token.ljust(layout.SPARE_BYTES, b"\0"))

    def replace_token(self, old: str, new: str) -> bool:
        """Use the token ``new`` from now on, and return False if that of the run is not ``old``.

        The file that names the token after ``old`` is created by one process only. What grows is
        replaced by a copy: a process that has opened it may be about to write.
        """
        if current_token(self.path) != old or not layout.is_run_folder(self.path):
            return False
        if new != old and not create_if_missing(_successor(self.path, old), new.encode()):
            return False
        while True:
            self.token = _follow(self.path, new)
            self.begin()
            # Another process may have resumed the run after this one, and have begun before it.
            if _follow(self.path, self.token) == self.token:
                break
        for name in (OUTPUT, METRIC_LINES):
            with contextlib.suppress(FileNotFoundError), replacing(self.path / name) as copy:
                shutil.copyfile(self.path / name, copy)
        return self.token == new

    def require(self) -> Path:
        """Return the folder.

        Raises:
            RunRemovedError: the run was deleted; another one may have its folder.
        """
        if self.is_recorded and not self._is_own():
            raise self.removed_error()
        return self.path

    def removed_error(self) -> RunRemovedError:
        """Return the error for a run that was deleted."""
        return run_removed_error(self.path.name, repr(str(self.path.parent)))

    def _is_own(self) -> bool:
        token = self.token.encode()
        try:
            return read_start(self.path / layout.SPARE, len(token)) == token
        except (FileNotFoundError, NotADirectoryError):  # it has ended, or is deleted
            entry = read_json(self.path / RUN, {})
            return isinstance(entry, dict) and entry.get(TOKEN) == self.token


def write_beats(folder: Path, claim: "WorkerClaim | None") -> None:
    """Write the renewals of a claim on the run in a folder."""
    from sacred_core.stores.worker_claims import beats_of  # few runs are queued

    if claim is not None:
        replace_bytes(folder / LEASE, json_bytes(beats_of(claim)))


def current_token(folder: Path) -> str:
    """Return the token of the run in a folder; an empty string if it has none."""
    entry = read_json(folder / RUN, {})
    token = entry.get(TOKEN) if isinstance(entry, dict) else None
    return _follow(folder, token if isinstance(token, str) else "")


def _follow(folder: Path, token: str) -> str:
    """Return the last of the tokens that processes put in place of one another, from one on."""
    with contextlib.suppress(FileNotFoundError):
        while True:
            token = _successor(folder, token).read_text(encoding="utf-8")
    return token


def _successor(folder: Path, token: str) -> Path:
    digest = hashlib.md5(token.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()
    return folder / layout.RESUMED.format(digest)
