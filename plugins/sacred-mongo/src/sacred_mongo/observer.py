"""Records a run in MongoDB."""

import os
from collections.abc import Hashable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, ClassVar

import gridfs

from sacred_core.exceptions import OptionError
from sacred_core.observers.deprecated import DeprecatedCreate
from sacred_core.observers.documents import DocumentObserver
from sacred_core.stable_files import FileVersion
from sacred_core.stores import make_run
from sacred_core.stores.claims import IdRequest, claim_id
from sacred_core.stores.locations import absolute_path
from sacred_core.stores.model import StoredRun
from sacred_core.stores.tokens import TOKEN
from sacred_mongo.address import RESERVED, hosts, location, parse_argument
from sacred_mongo.collections import Collections, open_collections, require_beside
from sacred_mongo.connection import Connection, Document
from sacred_mongo.fields import RunDocument
from sacred_mongo.ids import DocumentIds, to_run_id
from sacred_mongo.writer import VERSION, RunWriter, encode_experiment, insert_run, store_sources


class MongoObserver(DeprecatedCreate, DocumentObserver):
    """Keeps each run as a document of a database, where dashboards find it.

    Args:
        url: Of the server, like ``"mongodb://user:password@host:27017"`` or ``"host:27017"``;
            without, the one on this machine.
        db_name: The database.
        collection: The collection of the runs.
        collection_prefix: What the names of the collections begin with.
        overwrite: The id of a run that the next one replaces.
        priority: See `sacred_core.RunObserver`.
        client: A `pymongo.MongoClient` to be used in place of an own one.
        failure_dir: The folder for what cannot be saved at the end of a run, see
            `sacred_core.RunObserver`.
        kwargs: Further arguments of `pymongo.MongoClient`. The names of options of TLS that
            begin with ``ssl`` work as well.

    Raises:
        ValueError: arguments exclude each other, a name is reserved, or the URL is wrong.

    Attributes:
        run_entry: The document of the current run; change it and call `save` to add to it.
    """

    VERSION = VERSION
    needs_sha256 = True
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
            raise ValueError("give either a client, or a url and its options")
        if collection in RESERVED:
            raise ValueError(f"the collection {collection!r} is reserved: choose another name")
        if collection_prefix and collection != "runs":
            raise ValueError("give either a collection or a collection_prefix")
        self._names = db_name, collection, collection_prefix
        self._url, self._options, self._client = url, kwargs, client
        self._collections: Collections | None = self._connect()
        self.collection = collection
        self.overwrite = overwrite
        self.priority = priority
        self.failure_dir = None if failure_dir is None else absolute_path(failure_dir)
        self.run_entry: Document = {}
        self._run_writer: RunWriter | None = None

    @classmethod
    def from_argument(cls, argument: str) -> "MongoObserver":
        """Return the observer for the argument of ``-m``."""
        try:
            return cls(**parse_argument(argument).arguments())
        except ValueError as error:
            raise OptionError(f"-m: {error}") from None

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
        """Use the collection of a client that is there. Points and files are stored beside it.

        Raises:
            ValueError: the metrics are to be elsewhere, where no reader would look for them.
        """
        del fs  # in every case that of the database
        database = runs_collection.database
        require_beside(database, metrics_collection)
        MongoObserver.__init__(
            self, db_name=database.name, collection=runs_collection.name, overwrite=overwrite,
            priority=priority, client=database.client, failure_dir=failure_dir,
        )  # fmt: skip

    def __repr__(self) -> str:
        _, db_name, name = self.recording_location()
        return (
            f"{type(self).__name__}({self.collections.connection.shown!r}, {db_name!r}, {name!r})"
        )

    def recording_location(self) -> tuple[Hashable, str, str]:
        """Return the servers, or the client that was given, the database and the collection."""
        db_name, collection, prefix = self._names
        server = hosts(self._url) if self._client is None else self._client
        return server, db_name, f"{prefix}_{collection}" if prefix else collection

    @property
    def shown(self) -> str:  # type: ignore[override]
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

    def translate_errors(self) -> AbstractContextManager[None]:
        """Return the context in which errors of the driver become those of the core."""
        return self.collections.connection.translate_errors()

    def prepare_run(self, run: StoredRun) -> None:
        """Store the code of the run."""
        run.experiment = encode_experiment(self.collections.files, run.experiment)

    def claim_run(self, run: StoredRun, request: IdRequest) -> int | str:
        """Insert the document of the run, or replace that of the queued one."""
        self._run_writer = None
        writer = insert_run(self.collections, run, self.token, request)
        self._run_writer, self.run_entry = writer, writer.entry
        run_id: int | str = writer.entry["_id"]
        return run_id

    def start_run(self, run: StoredRun) -> None:
        """The document names the sources already."""

    def update_run(self, run: StoredRun, names: frozenset[str]) -> bool:
        """Set fields of the document."""
        self._writer.update(run, names)
        return True

    def append_output(self, text: str, offset: int) -> bool:
        """Add to ``captured_out``."""
        self._writer.output(text, offset)
        return True

    def append_points(self, metrics: Mapping[str, Any], starts: Mapping[str, int]) -> bool:
        """Add the points, and new metrics to the list in ``info.metrics``."""
        self._writer.metrics(metrics, starts)
        return True

    def put_file(
        self, kind: str, name: str, version: FileVersion, details: Mapping[str, Any]
    ) -> bool:
        """Store a resource, the same content once for all runs, or an artifact."""
        if kind == "resource":
            self._writer.resource(name, version)
        else:
            self._writer.artifact(name, version, details)
        return True

    def store_sources(self, base_dir: str, sources: Iterable[Sequence[Any]]) -> list[Any]:
        """Store files of code, and return their entries."""
        return store_sources(self.collections.files, base_dir, sources)

    def end_run(self, run: StoredRun) -> None:
        """Join the points, and store again what is missing of shared files."""
        self._writer.end()

    def continue_document(self, collections: Collections, entry: Document | None) -> None:
        """Use collections, and record what follows for a run that is stored there already.

        Args:
            collections: The collections.
            entry: The document of the run; None: a new one will be started.
        """
        self._collections = collections
        if entry is not None:
            fields = RunDocument(collections, lambda: entry).fields()
            run = make_run(to_run_id(entry["_id"]), fields)
            run.experiment = entry["experiment"]
            self.continue_run(run, entry.get(TOKEN) or "")
            self._run_writer, self.run_entry = RunWriter(collections, entry), entry

    def join(self) -> None:
        """Close the connection."""
        self.stored_run = self._run_writer = None
        if self._client is None:
            self._collections = None

    def save(self) -> None:
        """Write `run_entry`."""
        with self.translate_errors():
            self._writer.save()

    def insert(self) -> None:
        """Insert `run_entry` as a document, under a free number where it has no ``_id``."""
        entry = dict(self.run_entry)
        request = IdRequest(asked_id=entry.pop("_id", None))
        with self.translate_errors():
            self.run_entry["_id"] = claim_id(DocumentIds(self.collections.runs, entry), request)

    def save_sources(self, ex_info: Mapping[str, Any]) -> list[list[Any]]:
        """Store the source files and return pairs of their names and the ids of the files."""
        with self.translate_errors():
            return store_sources(self.collections.files, ex_info["base_dir"], ex_info["sources"])

    def final_save(self, attempts: int = 6) -> None:
        """Write `run_entry`. What fails at the end of a run is retried by the run itself.

        Args:
            attempts: Ignored; `sacred_core.observers.RetryPolicy` sets the times.
        """
        del attempts
        self.save()

    def _connect(self) -> Collections:
        return open_collections(Connection(self._url, self._options, self._client), *self._names)

    @property
    def _writer(self) -> RunWriter:
        self.require_run()
        assert self._run_writer is not None
        return self._run_writer
