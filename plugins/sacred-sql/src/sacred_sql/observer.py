"""Records a run in a SQL database."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from sacred_core import RunObserver
from sacred_core.exceptions import OptionError, StoreError
from sacred_core.observers import delivering
from sacred_core.observers.deprecated import warn_of_create
from sacred_core.stores.claims import IdRequest
from sacred_sql.address import is_in_memory, location
from sacred_sql.database import Database
from sacred_sql.recorder import Recorder
from sacred_sql.start import Beginning, begun


class SqlObserver(RunObserver):
    """Keeps each run in the tables of a SQL database.

    Args:
        url: Of the database, like ``"sqlite:///runs.db"`` or
            ``"postgresql://user:password@host/database"``.
        echo: Log every statement.
        priority: See `sacred_core.RunObserver`.

    Raises:
        StoreError: the URL is wrong, or its driver is not installed.

    Attributes:
        session: What `create_from` was given, or None.
    """

    def __init__(self, url: str | sa.URL, echo: bool = False, priority: int = 40) -> None:
        self._database = Database(url, echo)
        self._recorder: Recorder | None = None
        self._positions = delivering.MetricPositions()
        self.session: Any = None
        self.priority = priority

    @classmethod
    def from_argument(cls, argument: str) -> "SqlObserver":
        """Return the observer for the argument of ``-s``."""
        try:
            return cls(argument)
        except StoreError as error:
            raise OptionError(f"-s: {error}") from None

    @classmethod
    def create(cls, url: str | sa.URL, echo: bool = False, priority: int = 40) -> "SqlObserver":
        """Return an observer. Deprecated: call the class."""
        warn_of_create(cls)
        return cls(url, echo, priority)

    @classmethod
    def create_from(
        cls, engine: sa.Engine, session: Any = None, priority: int = 40
    ) -> "SqlObserver":
        """Return an observer that uses an engine that is there.

        Args:
            engine: Its connections are used, in transactions of the observer's own.
            session: Kept, but not written with: its commit would end a transaction of yours.
            priority: See `sacred_core.RunObserver`.

        Raises:
            ValueError: each thread has another database with this engine.
        """
        self = cls.__new__(cls)
        self._database, self._recorder = Database(None, engine=engine), None
        self._positions = delivering.MetricPositions()
        self.session, self.priority = session, priority
        return self

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._database.shown!r})"

    def recording_location(self) -> Hashable:
        """Return the database; one in memory belongs to the engine that connects to it."""
        url = self.engine.url
        if is_in_memory(url):
            return self.engine
        return url.get_backend_name(), url.username, url.host, url.port, url.database

    @property
    def store_location(self) -> str | None:  # type: ignore[override]
        """The URL of the database without its secrets; None of one in memory."""
        return location(self._database.engine.url)

    @property
    def engine(self) -> sa.Engine:
        """What connects to the database."""
        return self._database.engine

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
        """Add a piece of output."""
        self._give("output", text=text, offset=offset)

    def log_metrics(
        self,
        metrics_by_name: Mapping[str, Any],
        info: Mapping[str, Any] | None = None,
    ) -> None:
        """Add points."""
        del info
        self._give(
            "metrics", metrics=metrics_by_name, starts=self._positions.starts(metrics_by_name)
        )

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
        self._end("FAILED", fail_time, fail_trace=list(fail_trace))

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
        metadata, content_type = delivering.artifact_details(filename, metadata, content_type)
        self._give(
            "artifact", name=name, filename=filename, metadata=metadata, content_type=content_type
        )

    def code_event(
        self, sources: Iterable[Sequence[str]], dependencies: Iterable[str], base_dir: str
    ) -> None:
        """Add what was imported after the start to the sources and dependencies."""
        self._give("code", sources=sources, dependencies=dependencies, base_dir=base_dir)

    def join(self) -> None:
        """Close the connections."""
        self._recorder = None
        self._database.rest()

    def _begin(self, beginning: Beginning, _id: Any, is_start: bool) -> Any:
        request = IdRequest(other_id=_id, asked_id=delivering.asked_id(_id), is_start=is_start)
        self._recorder = None
        self._positions = delivering.MetricPositions()
        recorder = begun(self._database, beginning, request)
        self._recorder = recorder
        return recorder.run_id

    def _give(self, method: str, **arguments: Any) -> None:
        getattr(self._active(), method)(**arguments)

    def _end(self, status: str, stop_time: datetime, **values: Any) -> None:
        self._give("end", status=status, stop_time=stop_time, values=values)

    def _active(self) -> Recorder:
        if self._recorder is None:
            raise RuntimeError(f"{self!r} has no run: its row is made when one starts")
        return self._recorder
