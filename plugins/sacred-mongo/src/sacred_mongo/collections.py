"""The collections in which runs are stored, and the ids that runs have there.

Every run gets a separate document, also when many processes start at once.
"""

import contextlib
import difflib
import math
import random
import re
import time
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import attrs
from bson import Decimal128, ObjectId
from bson.errors import InvalidId
from pymongo import errors

from sacred_core.exceptions import StoreError
from sacred_core.stores.claims import RunIds, already_started_error
from sacred_core.stores.run_ids import LARGEST, normalize_id
from sacred_core.stores.tokens import TOKEN, run_removed_error
from sacred_mongo.changes import CHANGED, UID, with_change_time
from sacred_mongo.connection import RESERVED, Connection, Document, Runs
from sacred_mongo.files import Files, derived_id
from sacred_mongo.values import encode, is_unicode

#: The field with the token that a run had before it was deleted.
TOKEN_BEFORE = "token_before"
#: Annotations and tags of a run, which its start does not change.
_ANNOTATIONS = ("annotations", "omniboard")
#: The field of a run that has parts.
HAS_PARTS = "has_parts"
#: Between the id of a run and that of a part.
_OF_PART = "/"
#: Seconds that one loser of a race for a number waits, at most.
_PAUSE = 0.02
#: The collection with the highest number of a deleted run of each collection of runs.
_DELETED = "sacred_deleted"
#: The field with the first token of a run that was resumed; empty if it had none.
FIRST_TOKEN = "first_token"
#: The field of the points of a resumed run with the token of the process that may add some.
FENCE = "fence"
#: Names that an error has.
_MOST_NAMES = 20


@attrs.frozen(repr=False)
class MainRun:
    """The run whose parts are recorded; see `sacred_mongo.parts`.

    Attributes:
        runs: Its collection.
        id: Its ``_id``.
        uid: The one in its document; None of a run that Sacred recorded.
    """

    runs: Runs
    id: Any
    uid: str | None

    def note_change(self) -> None:
        """Set the time of the last change of the run, and the mark that it has parts.

        Raises:
            RunRemovedError: the run was deleted, or another process deletes it now.
        """
        found = {"_id": {"$eq": self.id}, UID: self.uid, TOKEN_BEFORE: None}
        changed = with_change_time({"$set": {HAS_PARTS: True}})
        if self.runs.update_one(found, changed).matched_count == 0:
            raise run_removed_error(self.id, self.runs.full_name)


@attrs.frozen(repr=False)
class Collections:
    """The collections of one kind of runs.

    Attributes:
        connection: Kept alive as long as they are used.
        runs, metrics: One document a run; one or several a metric.
        files: What all collections of the database share.
        main: The run whose parts are in ``runs``; None if runs are.
    """

    connection: Connection
    runs: Runs
    metrics: Runs
    files: Files
    main: MainRun | None = None

    def require_existing(self) -> None:
        """Raise an error if the collection of the runs does not exist.

        Users who may not list collections or databases get no error.

        Raises:
            StoreError: with the names that exist.
        """
        database, name = self.runs.database, self.runs.name
        server = self.connection.display_name
        with contextlib.suppress(errors.OperationFailure):
            names = database.list_collection_names()
            if name in names:
                return
            if names:
                missing = f"the database {database.name!r} at {server} has no collection {name!r}"
                raise StoreError(missing + _known_names(name, names))
            names = self.connection.client.list_database_names()
            missing = f"MongoDB at {server} has no database {database.name!r}"
            raise StoreError(missing + _known_names(database.name, names))


def _known_names(name: str, names: Iterable[str]) -> str:
    known = sorted(set(names) - RESERVED - {"admin", "config", "local"})
    near = difflib.get_close_matches(name, known, 1)
    hint = f": did you mean {near[0]!r}?" if near else ""
    return f"{hint} (it has {', '.join(known[:_MOST_NAMES]) or 'none'})"


def open_collections(
    connection: Connection, db_name: str, collection: str, prefix: str = ""
) -> Collections:
    """Return the collections of runs in a database."""
    database = connection.database(db_name)
    return Collections(
        connection,
        database[f"{prefix}_{collection}" if prefix else collection],
        database[f"{prefix}_metrics" if prefix else "metrics"],
        Files(database),
    )


@attrs.frozen(repr=False)
class RunReference:
    """A run in its collections.

    Attributes:
        collections: Where its documents are.
        id: Of the run; another run may get it when this one is deleted.
        token: See `sacred_core.stores.tokens`; None of a run that Sacred or an earlier release
            recorded.
        first_token: That of the process that started the run, which is in its points and in the
            ids of its files; None if it had none.
        is_resumed: Another process recorded the run before.
    """

    collections: Collections
    id: Any
    token: str | None
    first_token: str | None
    is_resumed: bool = False

    @classmethod
    def of(cls, collections: Collections, entry: Document) -> "RunReference":
        """Return that of a document."""
        token = entry.get(TOKEN)
        first_token = entry.get(FIRST_TOKEN, token) or None
        return cls(collections, entry["_id"], token, first_token, FIRST_TOKEN in entry)

    @property
    def filter(self) -> Document:
        """The filter for the document of the run."""
        return {"_id": {"$eq": self.id}, TOKEN: self.token}

    @property
    def owner(self) -> str:
        """The run's part in the ids of its documents and files."""
        name = f"{self.collections.runs.name}/{type(self.id).__name__}/{self.id}"
        return name if self.first_token is None else f"{name}/{self.first_token}"

    @property
    def collection_field(self) -> Document:
        """The field that separates metrics of these runs from those of runs with the same ids."""
        name = self.collections.runs.name
        return {} if name == "runs" else {"collection": name}

    @property
    def metrics_filter(self) -> Document:
        """The filter for the metrics of the run that sacred-mongo wrote."""
        found = {"run_id": self.id, "collection": None, TOKEN: self.first_token}
        return {**found, **self.collection_field}

    def metric_id(self, name: str, number: int) -> Any:
        """Return the id of a document with points of a metric."""
        return derived_id("metric", self.owner, name, str(number))

    def points_filter(self, metric_id: Any) -> Document:
        """The filter for a document with points that no other process has taken over."""
        return {"_id": metric_id, FENCE: self.token if self.is_resumed else {"$exists": False}}

    def replace_token(self, old: str, new: str) -> bool:
        """Replace the token in the document and in the points; see `DocumentObserver`.

        The former process may have checked its token already when it adds points.
        """
        found = {"_id": {"$eq": self.id}, TOKEN: old or None}
        if old == new:
            is_replaced = self.collections.runs.find_one(found, {"_id": 1}) is not None
        else:
            changed = with_change_time({"$set": {TOKEN: new, FIRST_TOKEN: self.first_token or ""}})
            is_replaced = bool(self.collections.runs.update_one(found, changed).matched_count)
        if is_replaced:
            self.collections.metrics.update_many(self.metrics_filter, {"$set": {FENCE: new}})
        return is_replaced

    def set(self, fields: Document) -> None:
        """Change fields of the run, as `change` does."""
        self.change({"$set": fields})

    def change(self, update: Any, condition: Document | None = None) -> None:
        """Update the document and the time of its last change, if it fulfils a condition.

        Raises:
            RunRemovedError: the run was deleted.
        """
        if self.collections.main is not None:
            self.collections.main.note_change()
        found = {**self.filter, **(condition or {})}
        changed = with_change_time(update)
        if self.collections.runs.update_one(found, changed).matched_count == 0:
            self.require()

    def require(self) -> None:
        """Check that the run is there, before something is written that is not in its document.

        Raises:
            RunRemovedError: it was deleted.
        """
        runs = self.collections.runs
        if runs.find_one(self.filter, {"_id": 1}) is None:
            raise run_removed_error(self.id, runs.full_name)


class DocumentIds(RunIds):
    """The ids of a collection.

    Args:
        runs: The collection.
        document: Of the new run, without its id.

    Attributes:
        replaced: The document that the new one replaced, or None.
    """

    def __init__(self, runs: Runs, document: Document) -> None:
        super().__init__(runs.full_name)
        self.replaced: Document | None = None
        self._runs = runs
        self._document = document
        document.pop(CHANGED, None)  # of the document that it is a copy of

    def insert(self, run_id: int | str, other_id: int | str | None) -> bool:
        """Insert the document."""
        if other_id is not None:
            self._document["run_id"] = encode(other_id)
        if self._runs.find_one({"_id": {"$in": spellings(run_id)}}, {"_id": 1}) is not None:
            return False
        try:
            self._runs.insert_one({"_id": run_id, **self._document})
        except errors.DuplicateKeyError:
            return False
        return True

    def take_over(self, run_id: int | str, is_start: bool) -> bool:
        """Replace a document whose status is QUEUED."""
        waiting = {"_id": {"$in": spellings(run_id)}, "status": "QUEUED"}
        wanted = {"meta.queue_time": 1, **dict.fromkeys(_ANNOTATIONS, 1)}
        queued = self._runs.find_one(waiting, wanted) if is_start else None
        if queued is None:
            return False
        document = self._document
        if queue_time := (queued.get("meta") or {}).get("queue_time"):
            document["meta"] = {**document["meta"], "queue_time": queue_time}
        document.update({name: queued[name] for name in _ANNOTATIONS if name in queued})
        found = {"_id": queued["_id"], "status": "QUEUED"}
        self.replaced = self._runs.find_one_and_replace(found, document)
        if self.replaced is None:
            raise already_started_error(run_id)
        return True

    def overwrite(self, run_id: int | str) -> bool:
        """Replace the document of any status."""
        for spelling in spellings(run_id):
            self.replaced = self._runs.find_one_and_replace({"_id": spelling}, self._document)
            if self.replaced is not None:
                return True
        return False

    def highest_number(self) -> int:
        """Return the highest number; what another program inserted may be anything."""
        counted = {"$type": ["int", "long", "double"], "$gte": 0, "$lte": LARGEST}
        found = self._runs.find_one({"_id": counted}, {"_id": 1}, sort=[("_id", -1)])
        return max(int(found["_id"]) if found else 0, _highest_deleted(self._runs))

    def new_id(self, previous: int | None) -> int | str:
        """Return the next number; those who lose a race wait for a random time."""
        if previous is not None:
            time.sleep(random.uniform(0, _PAUSE))
        return super().new_id(previous)


def spellings(run_id: Any) -> list[Any]:
    """Return the values of ``_id`` that are listed as ``run_id``, which need not be valid.

    Sacred inserts what a user requested as a string, clients of other languages numbers as
    floats or decimals, and many programs an `bson.ObjectId`.
    """
    normalized = normalize_id(run_id)
    if isinstance(normalized, int):
        return [normalized, str(normalized)]
    if not is_unicode(normalized):  # nor can a document contain it
        return []
    found: list[Any] = [normalized]
    for kind in (ObjectId, float, Decimal128):
        try:
            value = kind(normalized)
        except (InvalidId, ValueError, ArithmeticError):
            continue
        found += [value] if to_run_id(value) == normalized else []
    return found


def to_run_id(value: Any) -> int | str:
    """Return a value of ``_id`` as the id of a run."""
    if isinstance(value, Decimal128):
        value = value.to_decimal()
    if isinstance(value, (float, Decimal)) and math.isfinite(value) and value == int(value):
        value = int(value)
    return normalize_id(value)


def note_deleted(runs: Runs, number: int | None) -> None:
    """Store that the run with this number is deleted; None of a run without a number."""
    if number is not None:
        change = {"$max": {"highest": number}}
        runs.database[_DELETED].update_one({"_id": runs.name}, change, upsert=True)


def _highest_deleted(runs: Runs) -> int:
    """Return the number, 0 if no numbered run was deleted."""
    found = runs.database[_DELETED].find_one({"_id": runs.name})
    return int((found or {}).get("highest") or 0)


def part_document_id(run_id: int | str, part_id: int | str) -> str:
    """Return the ``_id`` of a part of a run; no run has such an id, as it has a slash."""
    return f"{run_id}{_OF_PART}{part_id}"


def part_id_in(document_id: Any) -> str:
    """Return the id of a part from its ``_id``."""
    return str(document_id).rpartition(_OF_PART)[2]


def parts_filter(run_id: int | str) -> Document:
    """Return the filter for the parts of a run; ids of parts have no slash."""
    return {"_id": {"$regex": f"^{re.escape(part_document_id(run_id, ''))}[^{_OF_PART}]*$"}}
