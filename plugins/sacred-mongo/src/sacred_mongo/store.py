"""Reads runs from MongoDB, ours and those that Sacred 0.8 wrote."""

import contextlib
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, BinaryIO

import attrs
import bson
import gridfs
from bson import ObjectId
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo.collection import Collection
from pymongo.errors import PyMongoError

from sacred_core.exceptions import DamagedRecordError, StoreError
from sacred_core.hooks.targets import call_target
from sacred_core.observers.parts import require_main_run
from sacred_core.range_reader import RangeReader
from sacred_core.run.output.screen import difference
from sacred_core.stores import Annotation, Read, RunQuery
from sacred_core.stores.checking import check_metrics
from sacred_core.stores.curves import Ranges
from sacred_core.stores.documents import DocumentStore
from sacred_core.stores.facts import FACTS, segments_of
from sacred_core.stores.run_ids import countable_id
from sacred_core.stores.summaries import MetricSummary
from sacred_core.stores.tokens import TOKEN, new_token
from sacred_mongo.annotations import ANNOTATIONS, add_annotation
from sacred_mongo.changes import UID, changed_since, server_time
from sacred_mongo.collections import (
    FIRST_TOKEN,
    HAS_PARTS,
    TOKEN_BEFORE,
    Collections,
    MainRun,
    RunReference,
    note_deleted,
    open_collections,
    parts_filter,
    spellings,
    to_run_id,
)
from sacred_mongo.connection import CODEC, Connection, Document, Runs, parse_argument
from sacred_mongo.curves import StoredPoints, metric_documents
from sacred_mongo.documents import RunDocument, load_offloaded, name_reader
from sacred_mongo.file_facts import file_ids
from sacred_mongo.files import own_files, resource_pairs, shared_files
from sacred_mongo.filters import filter_of
from sacred_mongo.observer import MongoObserver
from sacred_mongo.output import Output, full_output
from sacred_mongo.queue import MongoQueue
from sacred_mongo.values import FILE, encode_name, to_unicode

if TYPE_CHECKING:  # few runs have several
    from sacred_core.stores.segments import Segment

#: Imports this module.
_PARTS_MODULE = "sacred_mongo.parts"
_NO_OUTPUT = {"captured_out": 0}
#: Attributes of a run that may be large; a listing that does not use them does not fetch them.
_LARGE = ("artifacts", "config", "experiment", "fail_trace", "host", "info", "resources", "result")
#: Those of which facts about files are made if Sacred recorded the run.
_FILE_FIELDS = {"artifacts", "experiment", "resources"}
_FACTS = ("facts.metrics", "facts.segments", f"facts.{FILE}")
#: The fields that are fetched for a part of a run.
_PARTS = {
    "output": ("captured_out", "captured_out_start", "captured_out_parts", TOKEN, FIRST_TOKEN),
    "metrics": ("info.metrics", *_FACTS, HAS_PARTS, "writer", TOKEN, FIRST_TOKEN),
    "files": ("artifacts", "resources", "experiment.sources", "writer"),
    "annotations": (ANNOTATIONS, TOKEN, FIRST_TOKEN),
    "all": (),
}
#: BSON types of ids: string, ObjectId, and integers.
_USUAL_IDS = (2, 7, 16, 18)


class MongoStore(MongoQueue, DocumentStore[RawBSONDocument]):
    """The runs in one collection. Reading executes nothing.

    Documents are decoded one by one, so that one which cannot be decoded hides no other.

    Args:
        url: Of the server, as of `MongoObserver`; so are the others.
        db_name: The database.
        collection: The collection of the runs.
        collection_prefix: What the names of the collections begin with.
        client: A client in place of an own one.
        options: Further arguments of the client.

    Raises:
        ValueError: the URL or an option is wrong.
    """

    outages = (PyMongoError,)
    change_kind = "mongo"
    #: A run that changed in this time before a token was taken is listed again: its points may be
    #: stored later, see `sacred_mongo.points`, and another server of the cluster has another clock.
    overlap = timedelta(seconds=60)

    def __init__(
        self,
        url: str | None = None,
        db_name: str = "sacred",
        collection: str = "runs",
        collection_prefix: str = "",
        client: Any | None = None,
        **options: Any,
    ) -> None:
        connection = Connection(url, options, client)
        self._use(open_collections(connection, db_name, collection, collection_prefix))

    @classmethod
    def of(cls, collections: Collections) -> "MongoStore":
        """Return the store of open collections, such as those of an observer."""
        self = cls.__new__(cls)
        self._use(collections)
        return self

    def _use(self, collections: Collections) -> None:
        self._collections = collections
        self.display_name = collections.runs.full_name

    @classmethod
    def from_location(cls, location: str) -> "MongoStore":
        """Return the store at ``mongodb://host:port/db.collection``."""
        address = parse_argument(location)
        try:
            return cls(address.url, address.db_name, address.collection)
        except ValueError as error:
            raise StoreError(str(error)) from None

    from_argument = from_location

    def require_existing(self) -> None:
        """Raise an error for a collection that does not exist."""
        with self.translate_errors():
            self._collections.require_existing()

    def __repr__(self) -> str:
        return f"MongoStore({self._collections.connection.display_name!r}, {self.display_name!r})"

    def translate_errors(self) -> AbstractContextManager[None]:
        """Return the context in which errors of the driver become those of the core."""
        return self._collections.connection.translate_errors()

    def find(self, run_id: int | str) -> RawBSONDocument | None:
        """Return the document of a run without its output."""
        return self._find(run_id, _NO_OUTPUT)

    def find_part(self, run_id: int | str, part: str) -> RawBSONDocument | None:
        """Return fields of the document of a run."""
        return self._find(run_id, dict.fromkeys(_PARTS[part], 1))

    def records(self, query: RunQuery, newest_first: bool) -> Iterator[tuple[Any, RawBSONDocument]]:
        """Yield the documents by their ids: numbers in their order, then names."""
        used = query.attributes
        if used is not None and "files" in used:
            used |= _FILE_FIELDS
        unused = () if used is None else [name for name in _LARGE if name not in used]
        if used is not None and FACTS.isdisjoint(used):
            unused = [*unused, "facts"]
        found = self._raw.find(self._filter(query), _NO_OUTPUT | dict.fromkeys(unused, 0))
        if query.where is None and query.limit is not None and query.limit > 0:
            # No limit: documents of other programs are not listed. Servers treat 1 as a limit.
            found = found.batch_size(max(query.limit, 2))
        for document in found.sort("_id", -1 if newest_first else 1):
            yield to_run_id(document["_id"]), document

    def find_uid(self, uid: str) -> list[int | str]:
        """Return the ids of runs with a recorded uid, which an index finds."""
        with self.translate_errors():
            found = self._collections.runs.find({UID: uid}, {"_id": 1})
            return [to_run_id(document["_id"]) for document in found]

    def has_derived_uids(self) -> bool:
        """Return whether a document has no uid."""
        with self.translate_errors():
            return self._collections.runs.find_one({UID: None}, {"_id": 1}) is not None

    def change_position(self) -> int:
        """Return the time of the server, less the overlap."""
        with self.translate_errors():
            now = server_time(self._collections.runs)
        return now - self.overlap // timedelta(milliseconds=1)

    def read_fields(self, record: RawBSONDocument) -> Mapping[str, Read]:
        """Return what reads the fields of the document."""
        document = RunDocument(self._collections, lambda: self._decode(record))
        document.require()
        return document.fields()

    def new_observer(self) -> MongoObserver:
        """Return an observer of the same collections."""
        observer = MongoObserver.create_from(self._collections.runs)
        observer.use_collections(self._collections)
        return observer

    def continue_with(self, observer: MongoObserver, run_id: int | str) -> None:
        """Make an observer continue a run."""
        with self.translate_errors():
            observer.continue_document(self._decode(self.require(run_id, "all")))

    def writer_store(self, run_id: int | str) -> "MongoStore | None":
        """Return the store of the parts of a run, which are in a collection beside."""
        with self.translate_errors():
            entry = self._decode(self.require(run_id))
            found = parts_filter(to_run_id(entry["_id"]))
            has_parts = self._parts_collection.find_one(found, {"_id": 1}) is not None
        return self._open_parts(entry) if has_parts else None

    def writer_observer(self, run_id: int | str) -> MongoObserver:
        """Return an observer that records a part of a run, over the same connection."""
        require_main_run(self, run_id)
        with self.translate_errors():
            parts = self._open_parts(self._decode(self.require(run_id)))
        return parts.new_observer()

    def read_output(self, record: RawBSONDocument) -> str:
        """Return the output from the document and from its files."""
        return full_output(self._collections, self._decode(record))

    def replace_output(self, record: RawBSONDocument, text: str) -> None:
        """Append the part of ``text`` that is not stored yet."""
        entry = self._decode(record)
        new = difference(full_output(self._collections, entry), to_unicode(text))
        if new is not None:
            Output(entry).write(RunReference.of(self._collections, entry), *new)

    def read_points(self, record: RawBSONDocument) -> Mapping[str, Any]:
        """Return the points from the documents of the metrics."""
        return self._points(record).all()

    def read_summaries(
        self, record: RawBSONDocument, names: Iterable[str] | None
    ) -> dict[str, list[MetricSummary]]:
        """Return the summaries that are stored with the points."""
        return self._points(record).summaries(names)

    def read_ranges(self, record: RawBSONDocument, ranges: Ranges) -> dict[str, dict[str, Any]]:
        """Return ranges of points; others are not fetched."""
        return check_metrics(self._points(record).ranges(ranges))

    def read_segments(self, record: RawBSONDocument) -> "Sequence[Segment]":
        """Return the segments from the facts; large ones are fetched if the run was resumed."""
        stored = self._decode(record).get("facts")
        if not isinstance(stored, dict) or "segments" not in stored:
            return ()
        is_large = FILE in stored
        facts = stored if is_large else {"segments": stored["segments"]}
        return segments_of(load_offloaded(self._collections, facts)) or ()

    def has_writers(self, record: RawBSONDocument) -> bool:
        """Return whether the document has a mark that a part was recorded."""
        return bool(self._decode(record).get(HAS_PARTS))

    def count(self) -> int:
        """Return the number of documents, which the server counts in an index."""
        with self.translate_errors():
            return self._collections.runs.count_documents({}, hint="_id_")

    def get_file(self, record: RawBSONDocument, kind: str, name: str) -> BinaryIO | None:
        """Open a file, which is read piece by piece."""
        if kind == "patch":  # the record has its id
            file_id: Any = ObjectId(name) if ObjectId.is_valid(name) else None
        else:
            file_id = self._file_id(self._decode(record), kind, name)
        if file_id is None:
            return None
        try:
            file = self._collections.files.open(file_id)
        except gridfs.NoFile:
            return None
        return io.BufferedReader(_Stream(file, self._collections.connection))

    def remove(self, record: RawBSONDocument) -> bool:
        """Delete a run with its points, and files that no other run uses.

        The document goes last: a deletion that was interrupted can be repeated. It first gets a
        token that no process of the run has, so that nothing more is written to the run.
        """
        runs = self._collections.runs
        try:
            entry = self._decode(record)
        except DamagedRecordError:  # what belongs to the run is not known
            runs.delete_one({"_id": {"$eq": record["_id"]}})
            return True
        run_id = to_run_id(entry["_id"])
        note_deleted(runs, countable_id(run_id))
        former = {**entry, TOKEN: entry.get(TOKEN_BEFORE, entry.get(TOKEN))}
        marks = {TOKEN: f"deleted-{new_token()}", TOKEN_BEFORE: former[TOKEN]}
        found = RunReference.of(self._collections, entry).filter
        if runs.update_one(found, {"$set": marks}).matched_count == 0:
            # If another process deletes the run now, its document is there until the end.
            return self.find(run_id) is not None
        # What a damaged document names is removed as far as it can be read.
        for remove_part in (self._remove_points, self._remove_files):
            with contextlib.suppress(DamagedRecordError), self._guard("the document"):
                remove_part(former)
        self._remove_parts(entry)
        runs.delete_one({"_id": {"$eq": entry["_id"]}, **marks})
        return True

    def add_annotation(self, record: RawBSONDocument, annotation: Annotation) -> None:
        """Add to the list in the document."""
        entry = self._decode(record)
        known = entry.get(ANNOTATIONS, [])
        add_annotation(RunReference.of(self._collections, entry), known, annotation)

    @property
    def _parts_collection(self) -> Runs:
        runs = self._collections.runs
        return runs.database[f"{runs.name}.writers"]

    def _open_parts(self, entry: Document) -> "MongoStore":
        meta = entry.get("meta")
        uid = meta.get("uid") if isinstance(meta, dict) else None
        main = MainRun(self._collections.runs, entry["_id"], uid)
        parts = attrs.evolve(self._collections, runs=self._parts_collection, main=main)
        store: MongoStore = call_target(f"{_PARTS_MODULE}:MongoPartStore", self, parts)
        return store

    @property
    def _raw(self) -> Collection[RawBSONDocument]:
        """The collection with documents that are decoded later."""
        options: CodecOptions[Any] = CODEC.with_options(document_class=RawBSONDocument)
        return self._collections.runs.with_options(codec_options=options)

    def _filter(self, query: RunQuery) -> Document:
        since, found = self.position_since(query), filter_of(query)
        if since is None:
            return found
        changed = changed_since(since)
        return {"$and": [changed, found]} if found else changed

    def _points(self, record: RawBSONDocument) -> StoredPoints:
        return StoredPoints(self._collections, self._decode(record))

    def _find(self, run_id: int | str, projection: Document) -> RawBSONDocument | None:
        for each in spellings(run_id):
            if (found := self._raw.find_one({"_id": {"$eq": each}}, projection)) is not None:
                return found
        unusual = {"$nor": [{"_id": {"$type": n}} for n in _USUAL_IDS]}
        for found in self._raw.find(unusual, projection):
            if to_run_id(found["_id"]) == run_id:
                return found
        return None

    def _decode(self, document: RawBSONDocument) -> Document:
        with self._guard(f"document {document['_id']!r} in {self.display_name}"):
            return bson.decode(document.raw, CODEC)

    def _remove_points(self, entry: Document) -> None:
        found = {"run_id": entry["_id"], **metric_documents(self._collections, entry)}
        self._collections.metrics.delete_many(found)

    def _remove_parts(self, entry: Document) -> None:
        """Remove what writers recorded of a run, to which none is added from now on."""
        if self._parts_collection.find_one(parts_filter(to_run_id(entry["_id"])), {"_id": 1}):
            parts: MongoStore = self._open_parts(entry)
            for _, record in parts.records(RunQuery(), newest_first=False):
                parts.remove(record)

    def _remove_files(self, entry: Document) -> None:
        """Remove the files of a run that no other run uses."""
        files = self._collections.files
        resources = {files.find(*pair) for pair in resource_pairs(entry)} - {None}
        used = resources | own_files(entry) | shared_files(entry)
        files.delete_unused(used, self._collections.runs, entry)

    def _file_id(self, entry: Document, kind: str, name: str) -> Any:
        back = name_reader(entry)
        if kind in ("artifact", "source"):
            found = file_ids(entry)[kind].items()
            return next((file_id for stored, file_id in found if back(stored) == name), None)
        if kind == "resource":
            stored_name = encode_name(name) if "writer" in entry else name
            md5 = dict(entry.get("resources") or []).get(stored_name)  # of several the last
            return None if md5 is None else self._collections.files.find(stored_name, md5)
        return None


class _Stream(RangeReader):
    """A file in the database; the connection stays open."""

    def __init__(self, file: gridfs.GridOut, connection: Connection) -> None:
        super().__init__(file.length)
        self._file = file
        self._connection = connection

    def read_at(self, position: int, length: int) -> bytes:
        """Read what follows, or from elsewhere."""
        self._file.seek(position)
        return self._file.read(length)
