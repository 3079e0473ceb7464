"""Records a run in a SQL database."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from sacred_core.exceptions import OptionError, StoreError
from sacred_core.observers.deprecated import DeprecatedCreate
from sacred_core.observers.documents import DocumentObserver
from sacred_core.stable_files import FileVersion
from sacred_core.stores.claims import IdRequest
from sacred_core.stores.model import StoredRun
from sacred_sql.address import is_in_memory, location
from sacred_sql.contents import VALUES
from sacred_sql.database import Database
from sacred_sql.writer import RunWriter, continue_run, insert_run

_FIELDS = {"status": "recorded_status", "stop_time": "stop_time", "heartbeat": "heartbeat"}


class SqlObserver(DeprecatedCreate, DocumentObserver):
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

    needs_sha256 = True
    _run_writer: RunWriter | None

    def __init__(self, url: str | sa.URL, echo: bool = False, priority: int = 40) -> None:
        self._set_up(Database(url, echo), None, priority)

    @classmethod
    def from_argument(cls, argument: str) -> "SqlObserver":
        """Return the observer for the argument of ``-s``."""
        try:
            return cls(argument)
        except StoreError as error:
            raise OptionError(f"-s: {error}") from None

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
        self._set_up(Database(None, engine=engine), session, priority)
        return self

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.display_name!r})"

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

    def claim_run(self, run: StoredRun, request: IdRequest) -> int | str:
        """Insert the row of the run, or replace that of a queued one."""
        self._run_writer = insert_run(self._database, run, request)
        return self._run_writer.run_id

    def start_run(self, run: StoredRun) -> None:
        """The sources are stored before the run is."""

    def update_run(self, run: StoredRun, names: frozenset[str]) -> bool:
        """Set columns of the row."""
        if "heartbeat" in names and not self._writer.has_beaten:
            names |= {"info", "result"}
        values = {name: getattr(run, name) for name in VALUES if name in names}
        fields = {name: getattr(run, _FIELDS[name]) for name in _FIELDS if name in names}
        if values or fields:
            self._writer.change(values, fields)
        return True

    def append_output(self, text: str, offset: int) -> bool:
        """Add a piece of output."""
        self._writer.output(text, offset)
        return True

    def append_points(self, metrics: Mapping[str, Any], starts: Mapping[str, int]) -> bool:
        """Add points."""
        self._writer.metrics(metrics, starts)
        return True

    def put_file(
        self, kind: str, name: str, version: FileVersion, details: Mapping[str, Any]
    ) -> bool:
        """Store a file; the same content is stored once for all runs."""
        self._writer.file(kind, name, version, details)
        return True

    def code_event(
        self, sources: Iterable[Sequence[str]], dependencies: Iterable[str], base_dir: str
    ) -> None:
        """Add what was imported after the start to the sources and dependencies."""
        self.require_run()
        self._writer.code(sources, dependencies, base_dir)

    def continue_row(self, run: StoredRun, key: int) -> None:
        """Record what follows for a run that is stored already, in the row with this key."""
        self._run_writer = continue_run(self._database, run.id, key)
        self.continue_run(run, "")

    def join(self) -> None:
        """Close the connections."""
        self.stored_run = self._run_writer = None
        self._database.close_idle()

    def _set_up(self, database: Database, session: Any, priority: int) -> None:
        self._database, self.display_name = database, database.display_url
        self.session, self.priority = session, priority
        self._run_writer = None

    @property
    def _writer(self) -> RunWriter:
        self.require_run()
        assert self._run_writer is not None
        return self._run_writer
