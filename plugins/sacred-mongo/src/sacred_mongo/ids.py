"""Gives every run a document of its own, also when many processes start at once."""

import random
import time
from typing import Any

import attrs
from pymongo import errors

from sacred_core.exceptions import RunIdError
from sacred_core.loggers import own_logger
from sacred_core.stores.run_ids import normalize_id
from sacred_mongo.connection import Document, Runs

_logger = own_logger(__name__)
#: Seconds that one loser of a race for a number waits, at most.
_PAUSE = 0.02


@attrs.frozen
class Claim:
    """What a run asks for.

    Attributes:
        id: The id of the run elsewhere, or None; used if it is free.
        asked_id: What the user asked for, or None.
        overwrite: The run to be replaced, or None.
        is_start: The run starts, so that it may take over one that is queued.
    """

    id: Any
    asked_id: Any
    overwrite: Any
    is_start: bool


def insert(runs: Runs, document: Document, claim: Claim) -> tuple[Any, Document | None]:
    """Insert the document of a new run; return its id, and the document that it replaced.

    Raises:
        RunIdError: the id that was asked for is taken, or there is no run to overwrite.
    """
    if claim.overwrite is not None:
        return claim.overwrite, _replaced(runs, document, claim.overwrite)
    if claim.asked_id is not None:
        asked = normalize_id(claim.asked_id)
        if _is_inserted(runs, document, asked):
            return asked, None
        return asked, _taken_over(runs, document, asked, claim)
    if claim.id is not None and _is_inserted(runs, document, normalize_id(claim.id)):
        return normalize_id(claim.id), None
    if claim.id is not None:
        document["run_id"] = normalize_id(claim.id)
    number = _numbered(runs, document)
    if claim.id is not None:
        _logger.warning(
            "The id %r is taken in %s: the run is kept there as %s",
            claim.id, runs.full_name, number,
        )  # fmt: skip
    return number, None


def _numbered(runs: Runs, document: Document) -> int:
    """Insert under the number after the highest; whoever loses a race looks again."""
    while True:
        number = _highest(runs) + 1
        if _is_inserted(runs, document, number):
            return number
        time.sleep(random.uniform(0, _PAUSE))


def _highest(runs: Runs) -> int:
    found = runs.find_one({"_id": {"$type": "number"}}, {"_id": 1}, sort=[("_id", -1)])
    return int(found["_id"]) if found else 0


def _is_inserted(runs: Runs, document: Document, run_id: Any) -> bool:
    try:
        runs.insert_one({"_id": run_id, **document})
    except errors.DuplicateKeyError:
        return False
    return True


def _replaced(runs: Runs, document: Document, run_id: Any) -> Document:
    old = runs.find_one_and_replace({"_id": run_id}, document)
    if old is None:
        raise RunIdError(f"{runs.full_name} holds no run {run_id!r} to overwrite")
    return old


def _taken_over(runs: Runs, document: Document, run_id: Any, claim: Claim) -> Document:
    waiting = {"_id": run_id, "status": "QUEUED"}
    queued = runs.find_one(waiting, {"meta.queue_time": 1}) if claim.is_start else None
    if queued is None:
        raise RunIdError(f"the id {str(run_id)!r} is taken in {runs.full_name}: choose another one")
    if queue_time := (queued.get("meta") or {}).get("queue_time"):
        document["meta"] = {**document["meta"], "queue_time": queue_time}
    old = runs.find_one_and_replace(waiting, document)
    if old is None:
        raise RunIdError(f"the queued run {str(run_id)!r} was started by somebody else")
    return old
