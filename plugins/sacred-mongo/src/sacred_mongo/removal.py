"""Deletes runs, and the files that only they used."""

import contextlib
from typing import Any

from pymongo.errors import PyMongoError

from sacred_core.exceptions import DamagedRecordError
from sacred_core.stores import guard
from sacred_core.stores.run_ids import counted
from sacred_core.stores.tokens import TOKEN, new_token
from sacred_mongo.connection import Document
from sacred_mongo.ids import listed_id
from sacred_mongo.numbers import note_deleted
from sacred_mongo.places import Place, RunKey
from sacred_mongo.points import metric_documents
from sacred_mongo.references import own_files, remove_unused, resource_pairs, shared_files

#: The field with the token that a run had before it was deleted.
_TOKEN_BEFORE = "token_before"


def delete(place: Place, entry: Document) -> bool:
    """Delete a run; return False where it is not there any more.

    The document goes last: a deletion that was interrupted can be repeated. It first gets a token
    that no process of the run has, so that nothing more is written to the run.
    """
    note_deleted(place.runs, counted(listed_id(entry["_id"])))
    changed = {"$set": {TOKEN: f"deleted-{new_token()}", _TOKEN_BEFORE: _token(entry)}}
    if place.runs.update_one(RunKey.of(entry).filter, changed).matched_count == 0:
        return False
    # What a damaged document names is removed as far as it can be read.
    with contextlib.suppress(DamagedRecordError), guard("the document", (PyMongoError,)):
        former = {**entry, TOKEN: _token(entry)}
        place.metrics.delete_many({"run_id": entry["_id"], **metric_documents(place, former)})
    with contextlib.suppress(DamagedRecordError), guard("the document", (PyMongoError,)):
        found = (place.files.find(*pair) for pair in resource_pairs(entry))
        files = {each for each in found if each is not None}
        remove_unused(place, entry, files | own_files(entry) | shared_files(entry))
    place.runs.delete_one({"_id": {"$eq": entry["_id"]}, **changed["$set"]})
    return True


def _token(entry: Document) -> Any:
    """Return the token that the run had, also where a deletion was interrupted."""
    return entry[_TOKEN_BEFORE] if _TOKEN_BEFORE in entry else entry.get(TOKEN)
