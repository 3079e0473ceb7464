"""Records a run in MongoDB."""

import os
from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

import gridfs

from sacred_core import RunObserver
from sacred_core.exceptions import OptionError
from sacred_core.observers import delivering
from sacred_core.observers.deprecated import warn_of_create
from sacred_core.stores.claims import IdRequest, claim_id
from sacred_core.stores.locations import absolute_path
from sacred_mongo.address import RESERVED, hosts, location, parsed
from sacred_mongo.code import kept_sources
from sacred_mongo.connection import Connection, Document
from sacred_mongo.ids import DocumentIds
from sacred_mongo.places import Place, place, require_beside
from sacred_mongo.recorder import Recorder
from sacred_mongo.start import VERSION, Beginning, begun


class MongoObserver(RunObserver):
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
        self._place: Place | None = self._connected()
        self.collection = collection
        self.overwrite = overwrite
        self.priority = priority
        self.failure_dir = None if failure_dir is None else absolute_path(failure_dir)
        self.run_entry: Document = {}
        self._positions = delivering.MetricPositions()
        self._recorder: Recorder | None = None

    @classmethod
    def from_argument(cls, argument: str) -> "MongoObserver":
        """Return the observer for the argument of ``-m``."""
        try:
            return cls(**parsed(argument).arguments())
        except ValueError as error:
            raise OptionError(f"-m: {error}") from None

    @classmethod
    def create(cls, *args: Any, **kwargs: Any) -> "MongoObserver":
        """Return an observer. Deprecated: call the class."""
        warn_of_create(cls)
        return cls(*args, **kwargs)

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
        """Use the collection of a client that is there. Points and files lie beside it.

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
        return f"{type(self).__name__}({self.place.connection.shown!r}, {db_name!r}, {name!r})"

    def recording_location(self) -> tuple[Hashable, str, str]:
        """Return the servers, or the client that was given, the database and the collection."""
        db_name, collection, prefix = self._names
        server = hosts(self._url) if self._client is None else self._client
        return server, db_name, f"{prefix}_{collection}" if prefix else collection

    @property
    def store_location(self) -> str:  # type: ignore[override]
        """The URL of the collection, without a password."""
        return location(self._url, self._client, self.place.runs)

    @property
    def place(self) -> Place:
        """The collections of this run."""
        if self._place is None:
            self._place = self._connected()
        return self._place

    @property
    def runs(self) -> Any:
        """The collection of the runs."""
        return self.place.runs

    @property
    def metrics(self) -> Any:
        """The collection of the points."""
        return self.place.metrics

    @property
    def fs(self) -> Any:
        """The files."""
        return gridfs.GridFS(self.place.runs.database)

    @delivering.optional_host_info
    def queued_event(
        self,
        ex_info: Mapping[str, Any],
        command: str,
        host_info: Mapping[str, Any],
        queue_time: datetime,
        config: Mapping[str, Any],
        meta_info: Mapping[str, Any],
        _id: Any,
    ) -> Any:
        """Insert the run, with the status QUEUED."""
        beginning = Beginning(ex_info, command, host_info, config, meta_info, queue_time=queue_time)
        return self._begin(beginning, _id, is_start=False)

    def started_event(
        self,
        ex_info: Mapping[str, Any],
        command: str,
        host_info: Mapping[str, Any],
        start_time: datetime,
        config: Mapping[str, Any],
        meta_info: Mapping[str, Any],
        _id: Any,
    ) -> Any:
        """Insert the run, or take over the queued one."""
        beginning = Beginning(ex_info, command, host_info, config, meta_info, start_time=start_time)
        return self._begin(beginning, _id, is_start=True)

    def heartbeat_event(
        self,
        info: Mapping[str, Any],
        captured_out: str | None = None,
        beat_time: datetime | None = None,
        result: Any = None,
    ) -> None:
        """Note that the run is alive, and what of ``info`` and ``result`` is new."""
        del captured_out
        self._give("heartbeat", info=info, beat_time=beat_time, result=result)

    def output_event(self, text: str, offset: int) -> None:
        """Add to ``captured_out``."""
        self._give("output", text=text, offset=offset)

    def log_metrics(
        self,
        metrics_by_name: Mapping[str, Any],
        info: Mapping[str, Any] | None = None,
    ) -> None:
        """Add the points, and new metrics to the list in ``info.metrics``."""
        del info
        starts = self._positions.starts(metrics_by_name)
        self._give("metrics", metrics=metrics_by_name, starts=starts)

    def completed_event(self, stop_time: datetime, result: Any) -> None:
        """Finish the record."""
        self._end("COMPLETED", stop_time, result=result)

    def interrupted_event(
        self, interrupt_time: datetime, status: str, fail_trace: list[str] | None = None
    ) -> None:
        """Finish the record with where and why it was stopped."""
        self._end(status, interrupt_time, fail_trace=delivering.interrupt_trace(fail_trace))

    def failed_event(self, fail_time: datetime, fail_trace: list[str]) -> None:
        """Finish the record with the traceback."""
        self._end("FAILED", fail_time, fail_trace=fail_trace)

    def resource_event(self, filename: str) -> None:
        """Keep the file; the same content is kept once for all runs."""
        self._give("resource", filename=filename)

    def artifact_event(
        self,
        name: str,
        filename: str,
        metadata: Mapping[str, Any] | None = None,
        content_type: str | None = None,
    ) -> None:
        """Keep the file under its name, in place of an earlier version."""
        metadata, kind = delivering.artifact_details(filename, metadata, content_type)
        self._give("artifact", name=name, filename=filename, metadata=metadata, content_type=kind)

    def code_event(
        self, sources: Iterable[Sequence[str]], dependencies: Iterable[str], base_dir: str
    ) -> None:
        """Add what was imported after the start to the sources and dependencies."""
        self._give("code", sources=sources, dependencies=dependencies, base_dir=base_dir)

    def continue_run(self, place: Place, entry: Document | None) -> None:
        """Use collections, and record what follows for a run that is stored there already.

        Args:
            place: The collections.
            entry: The document of the run; None: a new one will be started.
        """
        self._place = place
        if entry is not None:
            self._positions = delivering.MetricPositions()
            self._recorder, self.run_entry = Recorder(place, entry), entry

    def join(self) -> None:
        """Close the connection."""
        self._recorder = None
        if self._client is None:
            self._place = None

    def save(self) -> None:
        """Write `run_entry`."""
        self._give("save")

    def insert(self) -> None:
        """Insert `run_entry` as a document, under a free number where it has no ``_id``."""
        entry = dict(self.run_entry)
        request = IdRequest(asked_id=entry.pop("_id", None))
        with self.place.connection.told():
            self.run_entry["_id"] = claim_id(DocumentIds(self.place.runs, entry), request)

    def save_sources(self, ex_info: Mapping[str, Any]) -> list[list[Any]]:
        """Store the source files and return pairs of their names and the ids of the files."""
        with self.place.connection.told():
            return kept_sources(self.place.files, ex_info["base_dir"], ex_info["sources"])

    def final_save(self, attempts: int = 6) -> None:
        """Write `run_entry`. What fails at the end of a run is retried by the run itself.

        Args:
            attempts: Ignored; `sacred_core.observers.RetryPolicy` sets the times.
        """
        del attempts
        self.save()

    def _connected(self) -> Place:
        return place(Connection(self._url, self._options, self._client), *self._names)

    def _begin(self, beginning: Beginning, _id: Any, is_start: bool) -> Any:
        request = IdRequest(other_id=_id, asked_id=delivering.asked_id(_id), is_start=is_start)
        self._recorder = None
        self._positions = delivering.MetricPositions()
        with self.place.connection.told():
            self._recorder = begun(self.place, beginning, request, self.overwrite)
        self.run_entry = self._recorder.entry
        return self._recorder.run_id

    def _give(self, method: str, **arguments: Any) -> None:
        recorder = self._active()
        with self.place.connection.told():
            getattr(recorder, method)(**arguments)

    def _end(
        self, status: str, time: datetime, result: Any = None, fail_trace: list[str] | None = None
    ) -> None:
        self._give("end", status=status, stop_time=time, result=result, fail_trace=fail_trace)

    def _active(self) -> Recorder:
        if self._recorder is None:
            raise RuntimeError(f"{self!r} has no run: its document is made when one starts")
        return self._recorder
