"""Gives every run a document and an id of its own."""

import uuid
from typing import Any

import attrs

from sacred_core.exceptions import RunIdError
from sacred_core.loggers import own_logger
from sacred_core.observers.delivering import id_elsewhere
from sacred_core.stores.run_ids import normalize_id
from sacred_tinydb.database import Database, Document

_logger = own_logger(__name__)


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


def insert(database: Database, entry: Document, claim: Claim) -> tuple[int, Document | None]:
    """Insert the document of a new run, and put its ``_id`` into it; only while locked.

    Returns:
        Its number, and the document that it replaced.

    Raises:
        RunIdError: the id that was asked for is taken, or there is no run to overwrite.
    """
    known = {str(entry.get("_id")): number for number, entry in database.all().items()}
    if claim.overwrite is not None:
        overwritten = str(normalize_id(claim.overwrite))
        if overwritten not in known:
            raise RunIdError(
                f"run {overwritten!r} not found in the TinyDB: it cannot be overwritten"
            )
        return _replaced(database, entry, known[overwritten])
    if claim.asked_id is not None and str(claim.asked_id) in known:
        return _taken_over(database, entry, known[str(claim.asked_id)], claim)
    wanted = id_elsewhere(claim.id) if claim.asked_id is None else claim.asked_id
    if wanted is not None and str(wanted) in known:
        wanted = None
    if wanted is None and claim.id is not None:
        entry["run_id"] = normalize_id(claim.id)
    entry["_id"] = uuid.uuid4().hex if wanted is None else wanted
    if "run_id" in entry:
        _logger.warning(
            "The id %r is taken in the TinyDB: the run is kept there as %s",
            entry["run_id"], entry["_id"],
        )  # fmt: skip
    return database.add(entry), None


def _replaced(database: Database, entry: Document, number: int) -> tuple[int, Document]:
    old = database.all()[number]
    entry["_id"] = old["_id"]
    database.put(number, entry)
    return number, old


def _taken_over(
    database: Database, entry: Document, number: int, claim: Claim
) -> tuple[int, Document]:
    old = database.all()[number]
    if old.get("status") != "QUEUED" or not claim.is_start:
        raise RunIdError(f"the id {str(claim.asked_id)!r} is taken in the TinyDB: choose another")
    if queued := (old.get("meta") or {}).get("queue_time"):
        entry["meta"] = {**entry["meta"], "queue_time": queued}
    if "annotations" in old:
        entry["annotations"] = old["annotations"]
    return _replaced(database, entry, number)
