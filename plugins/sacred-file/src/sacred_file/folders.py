"""Gives every run a folder of its own, also when many processes start at once."""

from pathlib import Path
from typing import Any

import attrs

from sacred_core.atomic_files import is_created, replace_bytes
from sacred_core.exceptions import RunIdError
from sacred_core.loggers import own_logger
from sacred_core.observers.delivering import id_elsewhere
from sacred_core.stores import leases
from sacred_core.stores.folder_format import RUN
from sacred_core.stores.leases import Lease, is_claimed
from sacred_core.stores.record_files import read_json
from sacred_file.numbering import next_number, write_hint

_logger = own_logger(__name__)


@attrs.frozen
class Place:
    """Where a new run is recorded.

    Attributes:
        id: Its id in this store.
        folder: Its folder, which exists.
        lease: The claim of an id that the user asked for; to be checked before ``run.json`` is
            written.
    """

    id: Any
    folder: Path
    lease: Lease | None = None


def claim(basedir: Path, _id: Any, asked_id: Any, is_start: bool) -> Place:
    """Return where a new run is recorded.

    Args:
        basedir: The folder of all runs.
        _id: That of the run elsewhere, or None; it is used if it is free here.
        asked_id: What the user asked for, or None.
        is_start: The run starts, so that it may take over one that is queued.

    Raises:
        RunIdError: see `_asked`.
    """
    if asked_id is not None:
        return _asked(basedir, asked_id, is_start)
    if _id is not None and is_free(basedir, _id):
        return Place(_id, basedir / str(_id))
    number, folder = new_folder(basedir)
    if _id is not None:
        _logger.warning(
            "Run id %r already exists in %s; this run is stored there as %s", _id, basedir, number
        )
    return Place(number, folder)


def new_folder(basedir: Path) -> tuple[int, Path]:
    """Create the folder of a new run and return its number with it.

    ``mkdir`` succeeds for one process only.
    """
    number = next_number(basedir)
    while True:
        folder = basedir / str(number)
        try:
            folder.mkdir()
        except FileExistsError:
            number += 1
        else:
            write_hint(basedir, number + 1)
            return number, folder


def is_free(basedir: Path, run_id: Any) -> bool:
    """Claim the folder of ``run_id`` if it is free, and return whether it was."""
    name = id_elsewhere(run_id)
    if name is None:
        return False
    try:
        (basedir / str(name)).mkdir()
    except FileExistsError:
        return False
    return True


class _ClaimFiles:
    """The claims in the folder of a run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, name: str) -> bytes | None:
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None

    def create(self, name: str, data: bytes) -> bool:
        """Create the file with its content in one step: an empty claim is taken for an old one."""
        return is_created(self._folder / name, data)

    def replace(self, name: str, data: bytes) -> None:
        replace_bytes(self._folder / name, data)


def _asked(basedir: Path, run_id: Any, is_start: bool) -> Place:
    """Claim the id that the user asked for, which must be free, queued, or never started.

    Raises:
        RunIdError: the id is taken.
    """
    folder = basedir / str(run_id)
    files = _ClaimFiles(folder)
    try:
        folder.mkdir()
    except FileExistsError:
        _require_startable(folder, is_start, is_claimed(files))
    lease = leases.claim(files)
    if lease is None:
        raise RunIdError(f"run {str(run_id)!r} has already been started by another process")
    # Another process may have written its start before this one claimed the run.
    _require_startable(folder, is_start, is_claimed=True)
    return Place(run_id, folder, lease)


def _require_startable(folder: Path, is_start: bool, is_claimed: bool) -> None:
    status = read_json(folder / RUN, {}).get("status")
    if not (is_start and status == "QUEUED") and not (is_claimed and status is None):
        raise RunIdError(
            f"run id {folder.name!r} already exists in {str(folder.parent)!r}: choose another one"
        )
