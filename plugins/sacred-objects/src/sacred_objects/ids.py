"""Gives every run a folder of its own, also when many processes start at once.

Who writes ``config.json`` first has the folder. A run is there once ``run.json`` is.
"""

import logging
from typing import Any

import attrs
from sacred_file.folders import named

from sacred_core.exceptions import RunIdError
from sacred_objects.json_objects import read_json
from sacred_objects.layout import CONFIG, JSON, RUN, TAKEN_OVER, Place

_logger = logging.getLogger(__name__)


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


def claim(place: Place, wanted: Claim, config: bytes) -> tuple[Any, dict[str, Any]]:
    """Write the configuration of a new run; return its id and the record of the queued one.

    Args:
        place: Where the runs are.
        wanted: What it asks for.
        config: What ``config.json`` will hold.

    Raises:
        RunIdError: the id that was asked for is taken, or cannot be one.
    """
    if wanted.asked_id is not None:
        return wanted.asked_id, _of_id(place, wanted, config)
    if wanted.id is not None and _is_free(place, wanted.id, config):
        return wanted.id, {}
    number = _numbered(place, config)
    if wanted.id is not None:
        _logger.warning(
            "The id %r is taken in %s: the run is kept there as %s", wanted.id, place.shown, number
        )
    return number, {}


def _of_id(place: Place, wanted: Claim, config: bytes) -> dict[str, Any]:
    run_id = wanted.asked_id
    if _is_written(place, named(run_id), config):
        return {}
    prefix = place.run(named(run_id))
    queued: dict[str, Any] = read_json(place.bucket, prefix + RUN, {})
    if queued.get("status") != "QUEUED" or not wanted.is_start:
        raise RunIdError(f"the id {str(run_id)!r} is taken in {place.shown}: choose another one")
    if not place.bucket.put_if_absent(prefix + TAKEN_OVER, b""):
        raise RunIdError(f"the queued run {str(run_id)!r} was started by somebody else")
    place.bucket.put(prefix + CONFIG, config, JSON)
    return queued


def _is_free(place: Place, run_id: Any, config: bytes) -> bool:
    try:
        return _is_written(place, named(run_id), config)
    except RunIdError:  # no name for a folder
        return False


def _numbered(place: Place, config: bytes) -> int:
    names = place.bucket.folders(place.root)
    number = max((int(name) for name in names if name.isdecimal()), default=0) + 1
    while not _is_written(place, str(number), config):
        number += 1
    return number


def _is_written(place: Place, name: str, config: bytes) -> bool:
    return place.bucket.put_if_absent(place.run(name) + CONFIG, config, JSON)
