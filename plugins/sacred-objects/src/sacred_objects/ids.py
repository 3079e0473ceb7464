"""Assigns a separate folder to every run, also if many processes start at once.

Who writes ``config.json`` first has the folder. A run is there once ``run.json`` is.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from sacred_core.stores.claims import already_started_error
from sacred_core.stores.folder_format import CONFIG, RUN
from sacred_core.stores.leases import LeasedIds, exclusively
from sacred_core.stores.run_ids import countable_id, next_number
from sacred_core.stores.tokens import TOKEN
from sacred_objects.bucket import Bucket, read_json
from sacred_objects.object_keys import (
    DELETED_NUMBER,
    IDS,
    JSON,
    STARTED_NUMBER,
    BucketLayout,
)

#: Noted numbers that stay until a run removes those that are lower than its own.
_MOST_NUMBERS = 32


class ObjectIds(LeasedIds):
    """The ids of runs in a bucket, which are the names of their folders.

    Args:
        layout: Where the runs are.
        asked_id: The id that the user requested, or None.
        config: The content of ``config.json``.

    Attributes:
        queued: The record of the queued run that is taken over.
        version: That of the ``run.json`` to be replaced, None if there is none.
        config_version: That of the ``config.json`` that was written.
    """

    def __init__(self, layout: BucketLayout, asked_id: int | str | None, config: bytes) -> None:
        super().__init__(layout.display_name, asked_id)
        self.queued: dict[str, Any] = {}
        self.version: str | None = None
        self.config_version: str | None = None
        self._layout = layout
        self._config = config
        self._new_id: int | None = None
        self._started: list[int] = []

    def create(self, run_id: int | str) -> bool:
        """Write the configuration of the run."""
        key = self._layout.run(str(run_id)) + CONFIG
        self.config_version = self._layout.bucket.put_if_absent(key, self._config, JSON)
        if self.config_version is None:
            return False
        if countable_id(run_id) is not None:
            self._note_number(int(run_id))
        return True

    def take_over(self, run_id: int | str, is_start: bool) -> bool:
        """Claim the run, and replace its configuration."""
        if not super().take_over(run_id, is_start):
            return False
        key = self._layout.run(str(run_id)) + CONFIG
        self.config_version = self._layout.bucket.put(key, self._config, JSON)
        return True

    def new_id(self, previous: int | None) -> int:
        """Return the number after those that runs noted.

        If a run has it and did not note it, such as one of another program, all folders are listed.
        """
        known = known_numbers(self._layout)
        self._started = known[STARTED_NUMBER]
        highest = max(self._started, default=0)
        if highest < (previous or 1):
            highest = highest_folder(self._layout)
        self._new_id = max(previous or 0, highest, *known[DELETED_NUMBER]) + 1
        return self._new_id

    def _note_number(self, number: int) -> None:
        if number == self._new_id:
            raise_number(self._layout, number, self._started)
        elif known := known_numbers(self._layout)[STARTED_NUMBER]:  # else there may be higher ones
            raise_number(self._layout, number, known)

    def claim_files(self, run_id: int | str) -> "ClaimObjects":
        """Return the claims, which are in the folder of the run."""
        return ClaimObjects(self._layout.bucket, self._layout.run(str(run_id)))

    def status(self, run_id: int | str) -> Any:
        """Return the status in ``run.json``, None if there is no such object."""
        key = self._layout.run(str(run_id)) + RUN
        self.version = self._layout.bucket.version(key)  # first: what is read may be newer
        self.queued = read_json(self._layout.bucket, key, {})
        return self.queued.get("status")

    def read_again(self, run_id: int | str) -> None:
        """Read the record of the queued run again, as its worker has renewed the claim meanwhile.

        Raises:
            RunIdError: another process has started the run, or claimed it.
        """
        known = self.queued
        is_queued = self.status(run_id) == "QUEUED"
        if not known or not is_queued or self.queued.get(TOKEN) != known.get(TOKEN):
            raise already_started_error(run_id)


class ClaimObjects:
    """Claims, such as those of a run.

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

    def remove(self, name: str) -> None:
        """See `sacred_core.stores.leases.ClaimFiles`."""
        self._bucket.delete([self._prefix + name])


def lock_uid(layout: BucketLayout, uid: str) -> AbstractContextManager[None]:
    """Return a context in which no other process inserts a run with this uid."""
    return exclusively(ClaimObjects(layout.bucket, f"{layout.root}{IDS}{uid}"))


def highest_folder(layout: BucketLayout) -> int:
    """Return the highest number of a folder."""
    return next_number(layout.bucket.folders(layout.root)) - 1


def known_numbers(layout: BucketLayout) -> dict[str, list[int]]:
    """Return noted numbers, by `STARTED_NUMBER` and `DELETED_NUMBER`; the highest ones count."""
    known: dict[str, list[int]] = {STARTED_NUMBER: [], DELETED_NUMBER: []}
    for key in layout.bucket.list(layout.root + IDS):
        name = key.removeprefix(layout.root)
        for kind, numbers in known.items():
            number = countable_id(name.removeprefix(kind)) if name.startswith(kind) else None
            if number is not None:
                numbers.append(number)
    return known


def raise_number(layout: BucketLayout, number: int, lower: Sequence[int]) -> None:
    """Note the number of a run that starts, if it is higher than those that are noted.

    Each is an object of its own, so that no process overwrites a higher one.

    Args:
        layout: Where the runs are.
        number: There is no higher one.
        lower: Those that are noted.
    """
    if number > max(lower, default=0):
        prefix = layout.root + STARTED_NUMBER
        layout.bucket.put(f"{prefix}{number}", b"")
        if len(lower) >= _MOST_NUMBERS:
            layout.bucket.delete(f"{prefix}{each}" for each in lower)


def note_deleted(layout: BucketLayout, name: str) -> None:
    """Store that the run ``name`` is deleted, if its name is a number."""
    number = countable_id(name)
    if number is None:
        return
    known = known_numbers(layout)[DELETED_NUMBER]
    if number > max(known, default=0):
        prefix = layout.root + DELETED_NUMBER
        layout.bucket.put(f"{prefix}{number}", b"")
        layout.bucket.delete(f"{prefix}{each}" for each in known)
