"""Assigns a separate folder to every run, also if many processes start at once.

Who writes ``config.json`` first has the folder. A run is there once ``run.json`` is.
"""

from typing import Any

from sacred_core.stores.folder_format import CONFIG, RUN
from sacred_core.stores.leases import LeasedIds
from sacred_core.stores.run_ids import countable_id, next_number
from sacred_objects.bucket import Bucket, read_json
from sacred_objects.object_keys import DELETED_NUMBER, JSON, BucketLayout


class ObjectIds(LeasedIds):
    """The ids of runs in a bucket, which are the names of their folders.

    Args:
        layout: Where the runs are.
        asked_id: The id that the user requested, or None.
        config: The content of ``config.json``.

    Attributes:
        queued: The record of the queued run that is taken over.
        version: That of the ``run.json`` to be replaced, None if there is none.
    """

    def __init__(self, layout: BucketLayout, asked_id: int | str | None, config: bytes) -> None:
        super().__init__(layout.display_name, asked_id)
        self.queued: dict[str, Any] = {}
        self.version: str | None = None
        self._layout = layout
        self._config = config

    def create(self, run_id: int | str) -> bool:
        """Write the configuration of the run."""
        key = self._layout.run(str(run_id)) + CONFIG
        return self._layout.bucket.put_if_absent(key, self._config, JSON) is not None

    def take_over(self, run_id: int | str, is_start: bool) -> bool:
        """Claim the run, and replace its configuration."""
        if not super().take_over(run_id, is_start):
            return False
        self._layout.bucket.put(self._layout.run(str(run_id)) + CONFIG, self._config, JSON)
        return True

    def highest_number(self) -> int:
        """Return the highest number of a folder or of a deleted run."""
        folders = self._layout.bucket.folders(self._layout.root)
        return next_number([*folders, *deleted_numbers(self._layout)]) - 1

    def claim_files(self, run_id: int | str) -> "ClaimObjects":
        """Return the claims, which are in the folder of the run."""
        return ClaimObjects(self._layout.bucket, self._layout.run(str(run_id)))

    def status(self, run_id: int | str) -> Any:
        """Return the status in ``run.json``, None if there is no such object."""
        key = self._layout.run(str(run_id)) + RUN
        self.version = self._layout.bucket.version(key)  # first: what is read may be newer
        self.queued = read_json(self._layout.bucket, key, {})
        return self.queued.get("status")


class ClaimObjects:
    """The claims of one run.

    Args:
        bucket: Where they are.
        prefix: Of their keys.
    """

    def __init__(self, bucket: Bucket, prefix: str) -> None:
        self._bucket = bucket
        self._prefix = prefix

    def read(self, name: str) -> bytes | None:
        """See `sacred_core.stores.leases.ClaimFiles`."""
        return self._bucket.get(self._prefix + name)

    def create(self, name: str, data: bytes) -> bool:
        """See `sacred_core.stores.leases.ClaimFiles`."""
        return self._bucket.put_if_absent(self._prefix + name, data, JSON) is not None

    def replace(self, name: str, data: bytes) -> None:
        """See `sacred_core.stores.leases.ClaimFiles`."""
        self._bucket.put(self._prefix + name, data, JSON)


def deleted_numbers(layout: BucketLayout) -> list[int]:
    """Return numbers of deleted runs, of which the highest is not used again."""
    prefix = layout.root + DELETED_NUMBER
    found = (key.removeprefix(prefix) for key in layout.bucket.list(prefix))
    return [number for each in found if (number := countable_id(each)) is not None]


def note_deleted(layout: BucketLayout, name: str) -> None:
    """Store that the run ``name`` is deleted, if its name is a number."""
    number = countable_id(name)
    if number is None:
        return
    known = deleted_numbers(layout)
    if number > max(known, default=0):
        prefix = layout.root + DELETED_NUMBER
        layout.bucket.put(f"{prefix}{number}", b"")
        layout.bucket.delete(f"{prefix}{each}" for each in known)
