"""Removes runs, and the files that only they used."""

import contextlib
from collections.abc import Iterator
from typing import Any

from pymongo.errors import PyMongoError

from sacred_core.exceptions import DamagedRecordError
from sacred_core.stores import guard
from sacred_mongo.address import RESERVED
from sacred_mongo.connection import Document
from sacred_mongo.places import Place
from sacred_mongo.start import remove_own


def removed(place: Place, entry: Document) -> None:
    """Remove a run with its points, and its files unless another run uses them.

    What a damaged document names is removed as far as it can be read.
    """
    place.runs.delete_one({"_id": {"$eq": entry["_id"]}})
    with contextlib.suppress(DamagedRecordError), guard("the document", (PyMongoError,)):
        remove_own(place, entry, _collections(place))
    with contextlib.suppress(DamagedRecordError), guard("the document", (PyMongoError,)):
        place.files.delete(
            file_id
            for file_id, users in _shared(place, entry)
            if not any(runs.find_one(users, {"_id": 1}) for runs in _collections(place))
        )


def _shared(place: Place, entry: Document) -> Iterator[tuple[Any, Document]]:
    """Yield the ids of files that other runs may use, and the filter of those that do."""
    experiment = entry.get("experiment") or {}
    for name, file_id in experiment.get("sources") or []:
        yield file_id, {"experiment.sources": [name, file_id]}
    for repository in experiment.get("repositories") or []:
        if file_id := repository.get("patch"):
            yield file_id, {"experiment.repositories.patch": file_id}
    for name, md5 in entry.get("resources") or []:
        file_id = place.files.find(name, md5)
        if file_id is not None:
            yield file_id, {"resources": [name, md5]}


def _collections(place: Place) -> list[Any]:
    """Return every collection of the database that may hold runs."""
    database = place.runs.database
    names = database.list_collection_names()
    return [
        database[name]
        for name in names
        if name not in RESERVED and not name.endswith("_metrics") and name[:7] != "system."
    ]
