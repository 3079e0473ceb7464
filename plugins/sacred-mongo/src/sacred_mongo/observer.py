"""Records runs in MongoDB; everything may be written twice."""

import os
from collections.abc import Hashable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, ClassVar

import gridfs

from sacred_core.exceptions import OptionError
from sacred_core.hooks.targets import call_target
from sacred_core.observers.deprecated import DeprecatedCreate
from sacred_core.observers.documents import DocumentObserver
from sacred_core.stable_files import FileVersion
from sacred_core.stores import make_run
from sacred_core.stores.annotations import Annotation
from sacred_core.stores.claims import IdRequest, claim_id
from sacred_core.stores.facts import FACTS, encode_facts
from sacred_core.stores.locations import absolute_path
from sacred_core.stores.model import StoredRun
from sacred_core.stores.run_store import RunStore
from sacred_core.stores.tokens import TOKEN
from sacred_mongo.annotations import ANNOTATIONS, add_annotation
from sacred_mongo.changes import CHANGED, create_indexes
from sacred_mongo.collections import (
    Collections,
    DocumentIds,
    RunReference,
    open_collections,
    to_run_id,
)
from sacred_mongo.connection import (
    RESERVED,
    Connection,
    Document,
    hosts,
    location,
    parse_argument,
)
from sacred_mongo.curves import metric_documents
from sacred_mongo.documents import (
    VERSION,
    RunDocument,
    changed_code,
    encode_names,
    new_entry,
    offload_if_large,
    status_fields,
    utc,
)
from sacred_mongo.files import own_files
from sacred_mongo.output import Output
from sacred_mongo.points import Points, clear_points, create_index
from sacred_mongo.values import encode, encode_name, file_of

#: Fields that are files if they are large, and fields that are times.
_LARGE_VALUES = ("info", "result", "fail_trace")
_TIMES = ("stop_time", "heartbeat")
#: Fields that `MongoObserver.save` does not write.
_OWN = ("_id", CHANGED, "captured_out", "captured_out_start", "captured_out_parts")


class MongoObserver(DeprecatedCreate, DocumentObserver):
    """Records each run as a document in MongoDB, which dashboards of Sacred can read.

    Args:
        url: The URL of the server, like ``"mongodb://user:password@host:27017"`` or
            ``"host:27017"``; by default the server on this machine.
        db_name: The name of the database.
        collection: The collection of the runs.
        collection_prefix: The beginning of the names of the collections.
        overwrite: The id of a run that the next run replaces.
        priority: See `sacred_core.RunObserver`.
        client: A `pymongo.MongoClient` to use.
        failure_dir: The folder for undelivered events at the end of a run, see
            `sacred_core.RunObserver`.
        kwargs: Further arguments of `pymongo.MongoClient`. The names of options of TLS that
            begin with ``ssl`` work as well.

    Raises:
        ValueError: arguments exclude each other, a name is reserved, or the URL is invalid.

    Attributes:
        run_entry: The document of the current run; change it and call `save` to add to it.
    """

    VERSION = VERSION
    needs_sha256 = True
    _has_indexes = False
    COLLECTION_NAME_BLACKLIST: ClassVar[frozenset[str]] = RESERVED

    def __init__(
        self,
        url: str | None = None,
        db_name: str = "sacred",
        collection: str = "runs",
        collection_prefix: str = "",
        overwrite: int | str | None = None,
        priority: int = 30,
        client: Any | None = None,
        failure_dir: str | bytes | os.PathLike[Any] | None = None,
        **kwargs: Any,
    ) -> None:
        if client is not None and (url is not None or kwargs):
            raise ValueError("pass either a client, or a url and its options")
        if collection in RESERVED:
            raise ValueError(f"the collection {collection!r} is reserved: choose another name")
        if collection_prefix and collection != "runs":
            raise ValueError("pass either a collection or a collection_prefix")
        self._names = db_name, collection, collection_prefix
        self._url, self._options, self._client = url, kwargs, client
        self._collections: Collections | None = self._connect()
        self.collection = collection
        self.overwrite = overwrite
        self.priority = priority
        self.failure_dir = None if failure_dir is None else absolute_path(failure_dir)
        self.run_entry: Document = {}
        self._output, self._points = Output(), Points()

    @classmethod
    def from_argument(cls, argument: str) -> "MongoObserver":
        """Return the observer for the argument of ``-m``."""
        try:
            return cls(**parse_argument(argument).arguments())
        except ValueError as error:
            raise OptionError(str(error)) from None

    @classmethod
    def create_from(cls, *args: Any, **kwargs: Any) -> "MongoObserver":
        """Return an observer of given collections, see `initialize`."""
        self = cls.__new__(cls)
        self.initialize(*args, **kwargs)
        return self

    def initialize(
        self,
        runs_collection: Any,
        fs: Any = None,
        overwrite: int | str | None = None,
        metrics_collection: Any = None,
        failure_dir: str | bytes | os.PathLike[Any] | None = None,
        priority: int = 30,
    ) -> None:
        """Use a collection of an existing client. Points and files are in the same database.

        Raises:
            ValueError: ``metrics_collection`` is not the collection that readers use.
        """
        del fs  # in every case that of the database
        database = runs_collection.database
        if metrics_collection not in (None, usual := database["metrics"]):
            raise ValueError(
                f"the metrics_collection is {usual.full_name!r}, not "
                f"{metrics_collection.full_name!r}: omit it, or use collection_prefix"
            )
        MongoObserver.__init__(
            self, db_name=database.name, collection=runs_collection.name, overwrite=overwrite,
            priority=priority, client=database.client, failure_dir=failure_dir,
        )  # fmt: skip

    def __repr__(self) -> str:
        _, db_name, name = self.recording_location()
        server = self.collections.connection.display_name
        return f"{type(self).__name__}({server!r}, {db_name!r}, {name!r})"

    def recording_location(self) -> tuple[Hashable, str, str]:
        """Return the servers, or the client that was given, the database and the collection."""
        db_name, collection, prefix = self._names
        server = hosts(self._url) if self._client is None else self._client
        return server, db_name, f"{prefix}_{collection}" if prefix else collection

    @property
    def display_name(self) -> str:  # type: ignore[override]
        """The name of the collection."""
        return str(self.collections.runs.full_name)

    @property
    def store_location(self) -> str:  # type: ignore[override]
        """The URL of the collection, without a password."""
        return location(self._url, self._client, self.collections.runs)

    @property
    def collections(self) -> Collections:
        """The collections of this run."""
        if self._collections is None:
            self._collections = self._connect()
        return self._collections

    @property
    def runs(self) -> Any:
        """The collection of the runs."""
        return self.collections.runs

    @property
    def metrics(self) -> Any:
        """The collection of the points."""
        return self.collections.metrics

    @property
    def fs(self) -> Any:
        """The files."""
        return gridfs.GridFS(self.collections.runs.database)

    def open_store(self) -> RunStore:
        """Return the store of the same collections and client."""
        store: RunStore = call_target("sacred_mongo.store:MongoStore.of", self.collections)
        return store

    def translate_errors(self) -> AbstractContextManager[None]:
        """Return the context in which errors of the driver become those of the core."""
        return self.collections.connection.translate_errors()

    def prepare_run(self, run: StoredRun) -> None:
        """Store the code of the run, and put the ids of files in the place of contents."""
        info = self.collections.files.archive.experiment(run.experiment)
        sources = encode_names(info.get("sources") or ())
        run.experiment = {**encode({**info, "sources": []}), "sources": sources}

    def claim_run(self, run: StoredRun, request: IdRequest) -> int | str:
        """Insert the document of the run, or replace that of the queued one."""
        entry = new_entry(self.collections, run, self.token)
        ids = DocumentIds(self.collections.runs, entry)
        entry["_id"] = claim_id(ids, request)
        if ids.replaced is not None:
            entry["_id"] = ids.replaced["_id"]
            self.metrics.delete_many(metric_documents(self.collections, ids.replaced))
            files = own_files(ids.replaced)
            self.collections.files.delete_unused(files, self.runs, ids.replaced)
        self._use_entry(entry)
        self._require_indexes(entry["_id"])
        clear_points(self._run)
        self._run.change({})
        run_id: int | str = entry["_id"]
        return run_id

    def start_run(self, run: StoredRun) -> None:
        """The document names the sources already."""

    def update_run(self, run: StoredRun, names: frozenset[str]) -> bool:
        """Set fields of the document."""
        large = [name for name in _LARGE_VALUES if name in names]
        fields = {name: offload_if_large(self._run, name, getattr(run, name)) for name in large}
        if FACTS.intersection(names):
            fields["facts"] = offload_if_large(self._run, "facts", encode_facts(run))
        if "info" in fields and self._points.listed:
            fields["info"]["metrics"] = self._points.listed
        former = {file_of(self.run_entry.get(name)) for name in fields}
        unused = former - {file_of(value) for value in fields.values()} - {None}
        fields |= {name: utc(getattr(run, name)) for name in _TIMES if name in names}
        fields |= status_fields(run) if "status" in names else {}
        code = changed_code(run) if "experiment" in names else {}
        changed = fields | {f"experiment.{name}": value for name, value in code.items()}
        if changed:
            self._run.set(changed)
            self.collections.files.delete(unused)
        self.run_entry.update(fields)
        self.run_entry["experiment"].update(code)
        return True

    def replace_token(self, old: str, new: str) -> bool:
        """Replace the token in the document."""
        return self._run.replace_token(old, new)

    def append_output(self, text: str, offset: int) -> bool:
        """Add to ``captured_out``."""
        self._output.write(self._run, text, offset)
        return True

    def append_points(self, metrics: Mapping[str, Any], starts: Mapping[str, int]) -> bool:
        """Add the points, and new metrics to the list in ``info.metrics``."""
        self._points.write(self._run, metrics, starts)
        return True

    def append_annotation(self, annotation: Annotation) -> bool:
        """Add to the list in the document."""
        found = self.runs.find_one(self._run.filter, {ANNOTATIONS: 1}) or {}
        add_annotation(self._run, found.get(ANNOTATIONS, []), annotation)
        return True

    def put_file(
        self, kind: str, name: str, version: FileVersion, details: Mapping[str, Any]
    ) -> bool:
        """Store a resource, the same content once for all runs, or an artifact."""
        self._run.require()
        files, owner = self.collections.files, self._run.owner
        if kind == "resource":
            self._add_resource([encode_name(name), files.store_version(version, name).md5])
            return True
        fields: dict[str, Any] = {}
        if "metadata" in details:
            fields["metadata"] = encode(dict(details["metadata"]))
        if "content_type" in details:
            fields["contentType"] = details["content_type"]
        stored = files.store_version(version, f"artifact://{owner}/{name}", owner, **fields)
        self._add_artifact({"name": encode_name(name), "file_id": stored.id})
        return True

    def store_sources(self, base_dir: str, sources: Iterable[Sequence[Any]]) -> list[Any]:
        """Store source files, and return pairs of their names and file ids.

        If the file is missing or has changed, the MD5 digest replaces the file id.
        """
        return encode_names(self.collections.files.archive.sources(base_dir, sources))

    def end_run(self, run: StoredRun) -> None:
        """Join the points, and store again what is missing of shared files."""
        self._points.join(self._run)
        self.collections.files.restore_missing(self.run_entry)

    def use_collections(self, collections: Collections) -> None:
        """Record in open collections."""
        self._collections = collections

    def continue_document(self, entry: Document) -> None:
        """Record further events of a stored run, of which ``entry`` is the document."""
        fields = RunDocument(self.collections, lambda: entry).fields()
        run = make_run(to_run_id(entry["_id"]), fields)
        run.experiment = entry["experiment"]
        self.continue_run(run, entry.get(TOKEN) or "")
        self._use_entry(entry)

    def join(self) -> None:
        """Close the connection."""
        self.stored_run = None
        self._output, self._points = Output(), Points()
        if self._client is None:
            self._collections = self.uid_index = None

    def save(self) -> None:
        """Write `run_entry`, except for its id and the output."""
        self.require_run()
        rest = {k: value for k, value in self.run_entry.items() if k not in _OWN}
        with self.translate_errors():
            self._run.set(rest)

    def insert(self) -> None:
        """Insert `run_entry` as a document, under a free number where it has no ``_id``."""
        entry = dict(self.run_entry)
        request = IdRequest(asked_id=entry.pop("_id", None))
        with self.translate_errors():
            self.run_entry["_id"] = claim_id(DocumentIds(self.collections.runs, entry), request)

    def save_sources(self, ex_info: Mapping[str, Any]) -> list[list[Any]]:
        """Store the source files and return pairs of their names and the ids of the files."""
        with self.translate_errors():
            return self.store_sources(ex_info["base_dir"], ex_info["sources"])

    def final_save(self, attempts: int = 6) -> None:
        """Write `run_entry`. Failures at the end of a run are retried by the run.

        Args:
            attempts: Ignored; `sacred_core.observers.RetryPolicy` sets the times.
        """
        del attempts
        self.save()

    def _connect(self) -> Collections:
        return open_collections(Connection(self._url, self._options, self._client), *self._names)

    @property
    def _run(self) -> RunReference:
        """The current run in its collections."""
        return RunReference.of(self.collections, self.run_entry)

    def _require_indexes(self, run_id: Any) -> None:
        """Create the indexes before the first run of this observer, and in a new collection."""
        if not self._has_indexes or run_id == 1:
            create_index(self.metrics)
            create_indexes(self.runs)
            self._has_indexes = True

    def _use_entry(self, entry: Document) -> None:
        """Continue the document of a run."""
        self.run_entry = entry
        self._output, self._points = Output(entry), Points(entry)

    def _add_resource(self, new: list[str]) -> None:
        known = self.run_entry["resources"]
        if new in known[:-1]:  # the file has an earlier content again: the last entry counts
            self._run.change({"$pull": {"resources": new}})
            known.remove(new)
        self._run.change({"$addToSet": {"resources": new}})
        if new not in known:
            known.append(new)

    def _add_artifact(self, new: Document) -> None:
        """Enter an artifact, in place of an earlier one of its name."""
        known = {entry["name"]: entry["file_id"] for entry in self.run_entry["artifacts"]}
        name = new["name"]
        if name not in known:
            # If the answer to an earlier attempt was lost, it is there.
            self._run.change({"$push": {"artifacts": new}}, {"artifacts.name": {"$ne": name}})
            self.run_entry["artifacts"].append(new)
        elif known[name] != new["file_id"]:
            changed = {"$set": {"artifacts.$.file_id": new["file_id"]}}
            self._run.change(changed, {"artifacts.name": name})
            self.collections.files.delete([known[name]])
            self.run_entry["artifacts"] = [
                new if entry["name"] == name else entry for entry in self.run_entry["artifacts"]
            ]
