"""Reads runs from MongoDB, ours and those that Sacred 0.8 wrote."""

import io
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any, BinaryIO

import attrs
import gridfs

from sacred_core.exceptions import DamagedRecordError, NotARunError, StoreError
from sacred_core.jsonpickle_data import decode_jsonpickle, sacred_release
from sacred_core.run.output.changes import difference
from sacred_core.stores import Annotation, RunQuery, SkippedRuns, StoredRun, check_record
from sacred_core.stores.run_ids import normalize_id
from sacred_mongo.address import parsed
from sacred_mongo.connection import Connection, Document
from sacred_mongo.filters import filter_of
from sacred_mongo.ids import listed_id, spellings
from sacred_mongo.large import loaded_info, whole
from sacred_mongo.output import Output, full_output
from sacred_mongo.places import Place, place
from sacred_mongo.points import all_points
from sacred_mongo.removal import removed
from sacred_mongo.values import foreign, loaded, loaded_name, stored, stored_name, unicode_text

_OUTPUT = ("captured_out", "captured_out_start", "captured_out_parts")
_NO_OUTPUT = {"captured_out": 0, "captured_out_parts": 0}


class MongoStore:
    """The runs in one collection. Reading executes nothing.

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
        self._place: Place = place(connection, db_name, collection, collection_prefix)

    @classmethod
    def from_location(cls, location: str) -> "MongoStore":
        """Return the store at ``mongodb://host:port/db.collection``."""
        address = parsed(location)
        try:
            return cls(address.url, address.db_name, address.collection)
        except ValueError as error:
            raise StoreError(str(error)) from None

    def __repr__(self) -> str:
        return f"MongoStore({self._place.connection.shown!r}, {self._place.runs.full_name!r})"

    def list(self, query: RunQuery | None = None) -> Iterator[StoredRun]:
        """Yield runs by their ids: numbers in their order, then names."""
        query = query or RunQuery()
        with self._place.connection.told():
            found = self._place.runs.find(filter_of(query), _NO_OUTPUT)
            if query.limit is None:
                yield from filter(query.accepts, self._readable(found.sort("_id", 1)))
                return
            readable = filter(query.accepts, self._readable(found.sort("_id", -1)))
            newest = list(islice(readable, query.limit)) if query.limit > 0 else []
        yield from reversed(newest)

    def _readable(self, entries: Iterable[Document]) -> Iterator[StoredRun]:
        """Yield the runs of documents; log which are skipped."""
        with SkippedRuns() as skipped:
            for entry in entries:
                try:
                    yield self._run(entry)
                except (DamagedRecordError, NotARunError) as error:
                    skipped.add(entry["_id"], error)

    def get(self, run_id: int | str) -> StoredRun:
        """Return one run."""
        with self._place.connection.told():
            return self._run(self._entry(run_id, _NO_OUTPUT))

    def output(self, run_id: int | str) -> str:
        """Return what the run printed."""
        with self._place.connection.told():
            entry = self._entry(run_id, {"captured_out": 1, "captured_out_parts": 1})
            return full_output(self._place, entry)

    def complete_output(self, run_id: int | str, text: str) -> None:
        """Let ``text`` be the whole output of a run; what is stored of it stays."""
        with self._place.connection.told():
            entry = self._entry(run_id, dict.fromkeys(_OUTPUT, 1))
            new = difference(full_output(self._place, entry), unicode_text(text))
            if new is not None:
                Output(self._place, entry["_id"], entry).write(*new)

    def metrics(self, run_id: int | str) -> dict[str, dict[str, Any]]:
        """Return ``{"steps", "values", "timestamps"}`` by metric."""
        with self._place.connection.told():
            entry = self._entry(run_id, {"info.metrics": 1, "writer": 1})
            return all_points(self._place, entry)

    def open_file(self, run_id: int | str, kind: str, name: str) -> BinaryIO:
        """Open an artifact, a resource or a source for reading."""
        with self._place.connection.told():
            wanted = {"artifacts": 1, "resources": 1, "experiment.sources": 1, "writer": 1}
            file_id = self._file_id(self._entry(run_id, wanted), kind, name)
            if file_id is not None:
                try:
                    file = self._place.files.open(file_id)
                except gridfs.NoFile:
                    file_id = None
        if file_id is None:
            raise StoreError(f"the run {str(run_id)!r} has no {kind} {name!r}")
        return io.BufferedReader(_Stream(file, self._place.connection))

    def delete(self, run_id: int | str) -> None:
        """Remove a run with its points, and files that no other run uses."""
        with self._place.connection.told():
            entry = self._entry(run_id, {"captured_out": 0})
            if self._run(entry).current_status() == "RUNNING":
                raise StoreError(f"the run {str(run_id)!r} is under way")
            removed(self._place, entry)

    def annotate(self, run_id: int | str, annotation: Annotation) -> None:
        """Add to what is said of a run, in its document."""
        said = {name: value for name, value in attrs.asdict(annotation).items() if value}
        with self._place.connection.told():
            entry = self._entry(run_id, {"_id": 1})
            self._place.change(entry["_id"], {"$push": {"annotations": stored(_listed(said))}})

    def _entry(self, run_id: int | str, projection: Document) -> Document:
        for each in spellings(run_id):
            if (entry := self._place.runs.find_one({"_id": each}, projection)) is not None:
                return entry
        name = str(normalize_id(run_id))
        raise StoreError(f"run {name!r} not found in {self._place.runs.full_name}")

    def _file_id(self, entry: Document, kind: str, name: str) -> Any:
        back = _name_reader(entry)
        if kind == "artifact":
            files = entry.get("artifacts") or []
            return next((f["file_id"] for f in files if back(f["name"]) == name), None)
        if kind == "source":
            pairs = (entry.get("experiment") or {}).get("sources") or []
            return next((file_id for source, file_id in pairs if back(source) == name), None)
        if kind == "resource":
            kept = stored_name(name) if "writer" in entry else name
            md5 = dict(entry.get("resources") or []).get(kept)  # of several the last
            return None if md5 is None else self._place.files.find(kept, md5)
        return None

    def _run(self, entry: Document) -> StoredRun:
        check_record(entry, f"document {entry['_id']!r} in {self._place.runs.full_name}")
        back = _name_reader(entry)
        elsewhere = entry.get("run_id")
        experiment = self._value(entry, "experiment")
        for source in experiment.get("sources") or ():
            if isinstance(source, list) and source:
                source[0] = back(source[0])
        run = StoredRun(
            id=listed_id(entry["_id"]),
            run_id=None if elsewhere is None else listed_id(_reader(entry)(elsewhere)),
            status=str(entry.get("status") or ""),
            command=str(_reader(entry)(entry.get("command") or "")),
            experiment=experiment,
            host=self._value(entry, "host"),
            config=self._value(entry, "config"),
            meta=self._value(entry, "meta"),
            info=self._info(entry),
            result=self._value(entry, "result", None),
            queue_time=_time((entry.get("meta") or {}).get("queue_time")),
            start_time=_time(entry.get("start_time")),
            stop_time=_time(entry.get("stop_time")),
            heartbeat=_time(entry.get("heartbeat")),
            fail_trace=self._value(entry, "fail_trace", []),
            artifacts=[back(f["name"]) for f in entry.get("artifacts") or []],
            resources=list(map(back, dict(entry.get("resources") or []))),
            tags=list((entry.get("omniboard") or {}).get("tags") or []),
        )
        for said in entry.get("annotations") or []:
            run.annotate(Annotation(**{key: _said(value) for key, value in said.items()}))
        return run

    def _value(self, entry: Document, name: str, default: Any = ()) -> Any:
        value = entry.get(name)
        if value is None:
            return {} if default == () else default
        return whole(self._place, value) if "writer" in entry else _decoded(entry, value)

    def _info(self, entry: Document) -> Any:
        if "writer" in entry:
            return loaded_info(self._place, entry.get("info"))
        info = _decoded(entry, entry.get("info") or {})
        return {key: value for key, value in info.items() if key != "metrics"}


def _decoded(entry: Document, value: Any) -> Any:
    """Return a value that Sacred wrote, whose dictionaries MongoDB returns in their order."""
    release = sacred_release(entry.get("experiment"))
    return decode_jsonpickle(foreign(value), release, is_ordered=True)


class _Stream(io.RawIOBase):
    """A file in the database, which keeps the connection open."""

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


def _reader(entry: Document) -> Any:
    return loaded if "writer" in entry else foreign


def _name_reader(entry: Document) -> Any:
    return loaded_name if "writer" in entry else foreign


def _listed(said: Document) -> Document:
    return {key: list(v) if isinstance(v, tuple) else v for key, v in said.items()}


def _said(value: Any) -> Any:
    return value if isinstance(value, datetime) else loaded(value)


def _time(value: Any) -> datetime | None:
    if isinstance(value, str):  # Sacred before 0.7 wrote text
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
