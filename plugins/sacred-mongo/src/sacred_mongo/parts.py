"""Parts of a run: documents of a collection beside that of the runs, ``COLLECTION.writers``."""

from collections.abc import Iterator
from typing import Any

from bson.raw_bson import RawBSONDocument

from sacred_core.exceptions import RunRemovedError
from sacred_core.observers.parts import PartObserver
from sacred_core.stores import RunQuery, StoredRun
from sacred_core.stores.claims import IdRequest
from sacred_mongo.changes import UID, changed_since
from sacred_mongo.collections import (
    Collections,
    MainRun,
    part_document_id,
    part_id_in,
    parts_filter,
    to_run_id,
)
from sacred_mongo.connection import Document, Runs
from sacred_mongo.observer import MongoObserver
from sacred_mongo.store import MongoStore


class MongoPartStore(MongoStore):
    """The parts of one run.

    Args:
        store: Of the run.
        collections: Of its parts, with their main run.
    """

    def __init__(self, store: MongoStore, collections: Collections) -> None:
        self._main_store = store
        self._use(collections)
        self._main_id = to_run_id(_main(collections).id)

    def find_uid(self, uid: str) -> list[int | str]:
        """Return the ids of parts with a uid."""
        found = {"$and": [{UID: uid}, parts_filter(self._main_id)]}
        with self.translate_errors():
            documents = self._collections.runs.find(found, {"_id": 1})
            return [part_id_in(document["_id"]) for document in documents]

    def has_derived_uids(self) -> bool:
        """Return False: the metadata of each part has a uid."""
        return False

    def count(self) -> int:
        """Return the number of parts."""
        with self.translate_errors():
            return self._collections.runs.count_documents(parts_filter(self._main_id))

    def records(self, query: RunQuery, newest_first: bool) -> Iterator[tuple[Any, RawBSONDocument]]:
        """Yield the documents of the parts, by their ids in this store."""
        for run_id, document in super().records(query, newest_first):
            yield part_id_in(run_id), document

    def new_observer(self) -> MongoObserver:
        """Return an observer of parts of the run."""
        observer = MongoPartObserver.of(self._main_store, self._main_id, self._collections.runs)
        observer.use_collections(self._collections)
        return observer

    def continue_with(self, observer: MongoObserver, run_id: int | str) -> None:
        """Make an observer continue a part."""
        super().continue_with(observer, run_id)
        observer.require_run().id = part_id_in(run_id)

    def _remove_parts(self, entry: Document) -> None:
        """Remove nothing: a part has no parts."""

    def _filter(self, query: RunQuery) -> Document:
        since, mine = self.position_since(query), parts_filter(self._main_id)
        return mine if since is None else {"$and": [changed_since(since), mine]}

    def _find(self, run_id: int | str, projection: Document) -> RawBSONDocument | None:
        document_id = part_document_id(self._main_id, part_id_in(run_id))
        return self._raw.find_one({"_id": {"$eq": document_id}}, projection)


class MongoPartObserver(PartObserver, MongoObserver):
    """Records parts of one run."""

    main_store: MongoStore

    @classmethod
    def of(cls, store: MongoStore, run_id: int | str, runs: Runs) -> "MongoPartObserver":
        """Return an observer of a run.

        Args:
            store: Of the run.
            run_id: Of the run.
            runs: The collection of the parts.
        """
        self = cls.__new__(cls)
        self.initialize(runs)
        self.main_store, self.main_run = store, store.get(run_id)
        return self

    def open_store(self) -> MongoPartStore:
        """Return the store of the parts of the run."""
        return MongoPartStore(self.main_store, self.collections)

    def claim_run(self, run: StoredRun, request: IdRequest) -> int | str:
        """Insert the document of the part, unless the run was deleted."""
        asked = part_document_id(self.main_run.id, str(request.asked_id))
        try:
            super().claim_run(run, request._replace(asked_id=asked))
        except RunRemovedError:  # after the document was inserted
            self.runs.delete_one({"_id": asked, "token": self.token})
            raise
        return str(request.asked_id)


def _main(collections: Collections) -> MainRun:
    if collections.main is None:
        raise ValueError(f"{collections.runs.full_name} has no parts of a run")
    return collections.main
