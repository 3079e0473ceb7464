"""Gives every run a folder of its own, also when many processes start at once.

``mkdir`` succeeds for one process only.
"""

from pathlib import Path
from typing import Any

from sacred_core.atomic_files import is_created, replace_bytes
from sacred_core.stores.folder_format import RUN
from sacred_core.stores.leases import LeasedIds
from sacred_core.stores.record_files import read_json
from sacred_file.numbering import highest_number, write_hint


class FolderIds(LeasedIds):
    """The ids of runs in a folder, which are the names of their folders.

    Args:
        basedir: The folder of all runs.
        asked_id: What the user asked for, or None.
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
