"""Gives every run a folder of its own, also when many processes start at once.

Who writes ``config.json`` first has the folder. A run is there once ``run.json`` is.
"""

from typing import Any

import attrs

from sacred_core.exceptions import RunIdError
from sacred_core.loggers import own_logger
from sacred_core.observers.delivering import id_elsewhere
from sacred_core.stores import leases
from sacred_core.stores.folder_format import CONFIG, RUN
from sacred_core.stores.leases import Lease, is_claimed
from sacred_core.stores.run_ids import counted, next_number
from sacred_objects.bucket import Bucket
from sacred_objects.json_objects import read_json
from sacred_objects.layout import DELETED_NUMBER, JSON, Place

_logger = own_logger(__name__)


@attrs.frozen
class Claim:
    """What a run asks for.

    Attributes:
        id: The id of the run elsewhere, or None; used if it is free here.
        asked_id: What the user asked for, or None.
        is_start: The run starts, so that it may take over one that is queued.
    """

    id: Any
    asked_id: Any
    is_start: bool


@attrs.frozen
class Claimed:
    """What a run got.

    Attributes:
        id: Its id in this bucket.
        queued: The record of the queued run that it starts.
        lease: The claim of an id that the user asked for; to be checked before ``run.json`` is
            written.
        version: That of the ``run.json`` to be replaced, None if there is none.
    """

    id: Any
    queued: dict[str, Any] = attrs.field(factory=dict)
    lease: Lease | None = None
    version: str | None = None


def claim(place: Place, wanted: Claim, config: bytes) -> Claimed:
    """Write the configuration of a new run, and return what it got.

    Args:
        place: Where the runs are.
        wanted: What it asks for.
        config: What ``config.json`` will hold.

    Raises:
        RunIdError: the id that was asked for is taken.
    """
    if wanted.asked_id is not None:
        return _asked(place, wanted, config)
    if wanted.id is not None and _is_free(place, wanted.id, config):
        return Claimed(wanted.id)
    number = _numbered(place, config)
    if wanted.id is not None:
        _logger.warning(
            "Run id %r already exists in %s; this run is stored there as %s",
            wanted.id, place.shown, number,
        )  # fmt: skip
    return Claimed(number)


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


def _asked(place: Place, wanted: Claim, config: bytes) -> Claimed:
    """Claim the id that the user asked for, which must be free, queued, or never started."""
    name = str(wanted.asked_id)
    files = ClaimObjects(place.bucket, place.run(name))
    is_new = _is_written(place, name, config)
    if not is_new:
        _startable(place, wanted, is_claimed(files))
    lease = leases.claim(files)
    if lease is None:
        raise RunIdError(f"run {name!r} has already been started by another process")
    # Another process may have written its start before this one claimed the run.
    version = None if is_new else place.bucket.version(place.run(name) + RUN)
    queued = _startable(place, wanted, is_claimed=True)
    if not is_new:
        place.bucket.put(place.run(name) + CONFIG, config, JSON)
    return Claimed(wanted.asked_id, queued, lease, version)


def _startable(place: Place, wanted: Claim, is_claimed: bool) -> dict[str, Any]:
    """Return the record of a queued run, or of one that was claimed and never started."""
    name = str(wanted.asked_id)
    record: dict[str, Any] = read_json(place.bucket, place.run(name) + RUN, {})
    status = record.get("status")
    if not (wanted.is_start and status == "QUEUED") and not (is_claimed and status is None):
        raise RunIdError(f"run id {name!r} already exists in {place.shown}: choose another one")
    return record


def _is_free(place: Place, run_id: Any, config: bytes) -> bool:
    name = id_elsewhere(run_id)
    return name is not None and _is_written(place, str(name), config)


def _numbered(place: Place, config: bytes) -> int:
    number = next_number([*place.bucket.folders(place.root), *deleted_numbers(place)])
    while not _is_written(place, str(number), config):
        number += 1
    return number


def _is_written(place: Place, name: str, config: bytes) -> bool:
    return place.bucket.put_if_absent(place.run(name) + CONFIG, config, JSON) is not None


def deleted_numbers(place: Place) -> list[int]:
    """Return numbers of deleted runs, of which the highest is not used again."""
    prefix = place.root + DELETED_NUMBER
    found = (key.removeprefix(prefix) for key in place.bucket.list(prefix))
    return [number for each in found if (number := counted(each)) is not None]


def note_deleted(place: Place, name: str) -> None:
    """Store that the run ``name`` is deleted, if its name is a number."""
    number = counted(name)
    if number is None:
        return
    known = deleted_numbers(place)
    if number > max(known, default=0):
        prefix = place.root + DELETED_NUMBER
        place.bucket.put(f"{prefix}{number}", b"")
        place.bucket.delete(f"{prefix}{each}" for each in known)
