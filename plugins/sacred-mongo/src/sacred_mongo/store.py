"""Reads runs from MongoDB, ours and those that Sacred 0.8 wrote."""

import functools
import io
from collections.abc import Iterator
from typing import Any, BinaryIO

import attrs
import bson
import gridfs
from bson.raw_bson import RawBSONDocument
from pymongo.errors import PyMongoError

from sacred_core.exceptions import DamagedRecordError, StoreError
from sacred_core.run.output.screen import difference
from sacred_core.stores import (
    Annotation,
    Found,
    GuardedStore,
    RunQuery,
    StoredRun,
    check_metrics,
    run_or_foreign,
)
from sacred_core.stores.guarded import has_no_file, not_found, still_running
from sacred_core.stores.run_ids import normalize_id
from sacred_core.stores.tokens import TOKEN
from sacred_mongo.address import parse_argument
from sacred_mongo.collections import RunKey, open_collections
from sacred_mongo.connection import CODEC, Connection, Document
from sacred_mongo.fields import RunDocument, name_reader
from sacred_mongo.filters import filter_of
from sacred_mongo.ids import spellings, to_run_id
from sacred_mongo.observer import MongoObserver
from sacred_mongo.output import Output, full_output
from sacred_mongo.points import all_points
from sacred_mongo.removal import delete
from sacred_mongo.values import encode, encode_name, to_unicode

_OUTPUT = ("captured_out", "captured_out_start", "captured_out_parts")
#: Bytes, see `sacred_mongo.collections`: a document has at most 16 MB.
_LARGEST_NOTES = 500_000
_NO_OUTPUT = {"captured_out": 0, "captured_out_parts": 0}
#: Attributes of a run that may be large; a listing that does not use them does not fetch them.
_LARGE = ("artifacts", "config", "experiment", "fail_trace", "host", "info", "resources", "result")
#: BSON types of ids: string, ObjectId, and integers.
_USUAL_IDS = (2, 7, 16, 18)


class MongoStore(GuardedStore):
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
        self._collections = open_collections(connection, db_name, collection, collection_prefix)

    @classmethod
    def from_location(cls, location: str) -> "MongoStore":
        """Return the store at ``mongodb://host:port/db.collection``."""
        address = parse_argument(location)
        try:
            return cls(address.url, address.db_name, address.collection)
        except ValueError as error:
            raise StoreError(str(error)) from None

    def __repr__(self) -> str:
        server, runs = self._collections.connection.shown, self._collections.runs
        return f"MongoStore({server!r}, {runs.full_name!r})"

    def _find_all(self, query: RunQuery, newest_first: bool) -> Iterator[Found]:
        """Yield the documents by their ids: numbers in their order, then names."""
        with self._collections.connection.translate_errors():
            documents = self._raw.find(filter_of(query), _projection(query))
            for document in documents.sort("_id", -1 if newest_first else 1):
                name = to_run_id(document["_id"])
                yield name, run_or_foreign(functools.partial(self._read, document, query))

    def get(self, run_id: int | str) -> StoredRun:
        """Return one run; see `RunStore.get`."""
        with self._collections.connection.translate_errors():
            return self._read(self._document(run_id, _NO_OUTPUT))

    def observer_of(self, run_id: int | str | None) -> MongoObserver:
        """Return an observer that continues a run, or that starts one."""
        observer = MongoObserver.create_from(self._collections.runs)
        with self._collections.connection.translate_errors():
            observer.continue_document(
                self._collections, None if run_id is None else self._entry(run_id, {})
            )
        return observer

    def output(self, run_id: int | str) -> str:
        """Return what the run printed."""
        with self._collections.connection.translate_errors():
            entry = self._entry(run_id, {"captured_out": 1, "captured_out_parts": 1})
            with self._guard_part(run_id, "the output"):
                return full_output(self._collections, entry)

    def complete_output(self, run_id: int | str, text: str) -> None:
        """Let ``text`` be the whole output of a run; what is stored of it stays."""
        with self._collections.connection.translate_errors():
            entry = self._entry(run_id, dict.fromkeys((*_OUTPUT, TOKEN), 1))
            new = difference(full_output(self._collections, entry), to_unicode(text))
            if new is not None:
                Output(self._collections, RunKey.of(entry), entry).write(*new)

    def metrics(self, run_id: int | str) -> dict[str, dict[str, Any]]:
        """Return ``{"steps", "values", "timestamps"}`` by metric."""
        with self._collections.connection.translate_errors():
            entry = self._entry(run_id, {"info.metrics": 1, "writer": 1, TOKEN: 1})
            with self._guard_part(run_id, "the metrics"):
                return check_metrics(all_points(self._collections, entry))

    def open_file(self, run_id: int | str, kind: str, name: str) -> BinaryIO:
        """Open an artifact, a resource or a source for reading."""
        with self._collections.connection.translate_errors():
            wanted = {"artifacts": 1, "resources": 1, "experiment.sources": 1, "writer": 1}
            entry = self._entry(run_id, wanted)
            with self._guard_part(run_id, f"the {kind} {name!r}"):
                file_id = self._file_id(entry, kind, name)
            if file_id is not None:
                try:
                    file = self._collections.files.open(file_id)
                except gridfs.NoFile:
                    file_id = None
        if file_id is None:
            raise has_no_file(run_id, kind, name)
        return io.BufferedReader(_Stream(file, self._collections.connection))

    def delete(self, run_id: int | str) -> None:
        """Remove a run with its points, and files that no other run uses."""
        with self._collections.connection.translate_errors():
            document = self._document(run_id, {"captured_out": 0})
            if self._read(document).is_running():
                raise still_running(run_id)
            try:
                entry = self._decode(document)
            except DamagedRecordError:  # what belongs to the run is not known
                self._collections.runs.delete_one({"_id": {"$eq": document["_id"]}})
                return
            if not delete(self._collections, entry):
                self._entry(run_id, {"_id": 1})  # raises unless another process deletes it now

    def annotate(self, run_id: int | str, annotation: Annotation) -> None:
        """Add an annotation to the document of a run."""
        said = {name: value for name, value in attrs.asdict(annotation).items() if value}
        with self._collections.connection.translate_errors():
            entry = self._entry(run_id, {TOKEN: 1})
            new = encode(_with_lists(said))
            with self._guard_part(run_id, "the notes"):
                self._require_room(run_id, new)
            self._collections.change(RunKey.of(entry), {"$push": {"annotations": new}})

    @property
    def _raw(self) -> Any:
        """The collection with documents that are decoded later."""
        options = CODEC.with_options(document_class=RawBSONDocument)
        return self._collections.runs.with_options(codec_options=options)

    def _document(self, run_id: int | str, projection: Document) -> RawBSONDocument:
        for each in spellings(run_id):
            if (found := self._raw.find_one({"_id": {"$eq": each}}, projection)) is not None:
                return found  # type: ignore[no-any-return]
        name = normalize_id(run_id)
        for found in self._raw.find({"$nor": [{"_id": {"$type": n}} for n in _USUAL_IDS]}):
            if to_run_id(found["_id"]) == name:
                return found  # type: ignore[no-any-return]
        raise not_found(run_id, self._collections.runs.full_name)

    def _entry(self, run_id: int | str, projection: Document) -> Document:
        return self._decode(self._document(run_id, projection))

    def _decode(self, document: RawBSONDocument) -> Document:
        with self._guard(f"document {document['_id']!r} in {self._collections.runs.full_name}"):
            return bson.decode(document.raw, CODEC)

    def _read(self, document: RawBSONDocument, query: RunQuery | None = None) -> StoredRun:
        run = RunDocument(self._collections, lambda: self._decode(document))
        run.require()
        return self._run(to_run_id(document["_id"]), run.fields(), query)

    def _require_room(self, run_id: int | str, new: Document) -> None:
        known = self._entry(run_id, {"annotations": 1}).get("annotations", [])
        if not isinstance(known, list):
            raise TypeError("they are not a list")
        size = len(bson.encode({"": [*known, new]}))
        if size > _LARGEST_NOTES:
            raise StoreError(
                f"the notes of run {str(run_id)!r} would have {size} bytes: their maximum in "
                f"MongoDB is {_LARGEST_NOTES} bytes"
            )

    def _file_id(self, entry: Document, kind: str, name: str) -> Any:
        back = name_reader(entry)
        if kind == "artifact":
            files = entry.get("artifacts") or []
            return next((f["file_id"] for f in files if back(f["name"]) == name), None)
        if kind == "source":
            pairs = (entry.get("experiment") or {}).get("sources") or []
            return next((file_id for source, file_id in pairs if back(source) == name), None)
        if kind == "resource":
            kept = encode_name(name) if "writer" in entry else name
            md5 = dict(entry.get("resources") or []).get(kept)  # of several the last
            return None if md5 is None else self._collections.files.find(kept, md5)
        return None


def _projection(query: RunQuery) -> Document:
    used = query.attributes
    unused = () if used is None else (name for name in _LARGE if name not in used)
    return _NO_OUTPUT | dict.fromkeys(unused, 0)


class _Stream(io.RawIOBase):
    """A file in the database; the connection stays open."""

    def __init__(self, file: gridfs.GridOut, connection: Connection) -> None:
        self._file = file
        self._connection = connection

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._file.seek(offset, whence)
        return self._file.tell()

    def readinto(self, buffer: Any) -> int:
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _with_lists(said: Document) -> Document:
    return {key: list(v) if isinstance(v, tuple) else v for key, v in said.items()}
