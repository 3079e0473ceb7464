"""Gives every run a document of its own, also when many processes start at once."""

import math
import random
import time
from decimal import Decimal
from typing import Any

import attrs
from bson import Decimal128, ObjectId
from bson.errors import InvalidId
from pymongo import errors

from sacred_core.exceptions import RunIdError
from sacred_core.loggers import own_logger
from sacred_core.observers.delivering import id_elsewhere
from sacred_core.stores.run_ids import LARGEST, normalize_id
from sacred_mongo.connection import Document, Runs
from sacred_mongo.numbers import highest_deleted
from sacred_mongo.values import is_unicode, stored

_logger = own_logger(__name__)
#: Fields of what users said of a run, which its start does not change.
_SAID = ("annotations", "omniboard")
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
        old = _replaced(runs, document, claim.overwrite)
        return old["_id"], old
    if claim.asked_id is not None:
        if _is_inserted(runs, document, claim.asked_id):
            return claim.asked_id, None
        return _taken_over(runs, document, claim)
    wanted = id_elsewhere(claim.id)
    if wanted is not None and _is_inserted(runs, document, wanted):
        return wanted, None
    if claim.id is not None:
        document["run_id"] = stored(normalize_id(claim.id))
    number = _numbered(runs, document)
    if claim.id is not None:
        _logger.warning(
            "The id %r is taken in %s: the run is kept there as %s",
            claim.id, runs.full_name, number,
        )  # fmt: skip
    return number, None


def spellings(run_id: Any) -> list[Any]:
    """Return the values of ``_id`` that are listed as ``run_id``, which need not be valid.

    Sacred inserts what a user asked for as a string, clients of other languages numbers as
    floats or decimals, and many programs an `bson.ObjectId`.
    """
    normalized = normalize_id(run_id)
    if isinstance(normalized, int):
        return [normalized, str(normalized)]
    if not is_unicode(normalized):  # nor can a document hold it
        return []
    found: list[Any] = [normalized]
    for kind in (ObjectId, float, Decimal128):
        try:
            value = kind(normalized)
        except (InvalidId, ValueError, ArithmeticError):
            continue
        found += [value] if listed_id(value) == normalized else []
    return found


def listed_id(value: Any) -> int | str:
    """Return a value of ``_id`` as the id of a run."""
    if isinstance(value, Decimal128):
        value = value.to_decimal()
    if isinstance(value, (float, Decimal)) and math.isfinite(value) and value == int(value):
        value = int(value)
    return normalize_id(value)


def _numbered(runs: Runs, document: Document) -> int:
    """Insert under the number after the highest; whoever loses a race looks again."""
    number = 0
    while True:
        number = max(number, _highest(runs), highest_deleted(runs)) + 1
        if _is_inserted(runs, document, number):
            return number
        time.sleep(random.uniform(0, _PAUSE))


def _highest(runs: Runs) -> int:
    """Return the highest number that counts; what another program inserted may be anything."""
    counted = {"$type": ["int", "long", "double"], "$gte": 0, "$lte": LARGEST}
    found = runs.find_one({"_id": counted}, {"_id": 1}, sort=[("_id", -1)])
    return int(found["_id"]) if found else 0


def _is_inserted(runs: Runs, document: Document, run_id: int | str) -> bool:
    if runs.find_one({"_id": {"$in": spellings(run_id)}}, {"_id": 1}) is not None:
        return False
    try:
        runs.insert_one({"_id": run_id, **document})
    except errors.DuplicateKeyError:
        return False
    return True


def _replaced(runs: Runs, document: Document, run_id: Any) -> Document:
    for spelling in spellings(run_id):
        if (old := runs.find_one_and_replace({"_id": spelling}, document)) is not None:
            return old
    raise RunIdError(f"run {str(normalize_id(run_id))!r} not found in {runs.full_name}")


def _taken_over(runs: Runs, document: Document, claim: Claim) -> tuple[Any, Document]:
    shown = repr(str(claim.asked_id))
    waiting = {"_id": {"$in": spellings(claim.asked_id)}, "status": "QUEUED"}
    wanted = {"meta.queue_time": 1, **dict.fromkeys(_SAID, 1)}
    queued = runs.find_one(waiting, wanted) if claim.is_start else None
    if queued is None:
        raise RunIdError(f"run id {shown} already exists in {runs.full_name}: choose another one")
    if queue_time := (queued.get("meta") or {}).get("queue_time"):
        document["meta"] = {**document["meta"], "queue_time": queue_time}
    document.update({name: queued[name] for name in _SAID if name in queued})
    old = runs.find_one_and_replace({"_id": queued["_id"], "status": "QUEUED"}, document)
    if old is None:
        raise RunIdError(f"queued run {shown} has already been started by another process")
    return old["_id"], old
