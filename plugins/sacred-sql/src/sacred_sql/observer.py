"""Records a run in a SQL database."""

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, TypeVar

import sqlalchemy as sa

from sacred_core.hooks.targets import call_target
from sacred_core.observers.deprecated import DeprecatedCreate
from sacred_core.observers.documents import DocumentObserver
from sacred_core.serialization import to_json
from sacred_core.stable_files import FileVersion
from sacred_core.stores.annotations import Annotation
from sacred_core.stores.facts import FACTS, encode_facts
from sacred_core.stores.locations import FilePath, absolute_path
from sacred_core.stores.model import StoredRun
from sacred_core.stores.run_store import RunStore
from sacred_sql.address import argument_url, display_location, is_in_memory, location
from sacred_sql.annotating import insert_annotation
from sacred_sql.appended import Metric, join_points, write_output, write_points
from sacred_sql.captured import captured_text
from sacred_sql.changes import has_taken_long, note_change, note_start
from sacred_sql.contents import (
    VALUES,
    content_of,
    encode_values,
    is_large,
    large_texts,
    new_key,
    row_values,
    store_outside,
    write_file,
)
from sacred_sql.database import Database
from sacred_sql.experiments import (
    drop_unused_experiment,
    make_experiment,
    store_experiment,
    store_shared,
)
from sacred_sql.ids import highest_number, id_columns, is_taken
from sacred_sql.queued_rows import enqueue_waiting, insert_queued, start_queued
from sacred_sql.rows import Part, Rows, comment_of, read_rows
from sacred_sql.schema import facts, runs

T = TypeVar("T")

_FIELDS = {"status": "recorded_status", "stop_time": "stop_time", "heartbeat": "heartbeat"}


class SqlObserver(DeprecatedCreate, DocumentObserver):
    """Records each run in tables of a SQL database.

    Args:
        url: The URL of the database, like ``"sqlite:///runs.db"`` or
            ``"postgresql://user:password@host/database"``.
        echo: Log every statement.
        priority: See `sacred_core.RunObserver`.
        failure_dir: The folder for undelivered events at the end of a run, see
            `sacred_core.RunObserver`.

    Raises:
        StoreError: the URL is invalid, or its driver is not installed.

    Attributes:
        session: The session that was passed to `create_from`, or None.
    """

    needs_sha256 = True
    _rows: Rows
    _is_noted = False
    _attempts: Counter[Part]

    def __init__(
        self,
        url: str | sa.URL,
        echo: bool = False,
        priority: int = 40,
        failure_dir: FilePath | bytes | None = None,
    ) -> None:
        self._set_up(Database(url, echo), None, priority, failure_dir)

    @classmethod
    def from_argument(cls, argument: str) -> "SqlObserver":
        """Return the observer for the argument of ``-s``: a URL, or the path of a SQLite file."""
        return cls(argument_url(argument))

    @classmethod
    def create_from(
        cls,
        engine: sa.Engine,
        session: Any = None,
        priority: int = 40,
        failure_dir: FilePath | bytes | None = None,
    ) -> "SqlObserver":
        """Return an observer that uses an existing engine.

        Args:
            engine: The observer uses its connections, in separate transactions.
            session: Available as `session`; the observer does not write with it, because a commit
                would end your transaction.
            priority: See `sacred_core.RunObserver`.
            failure_dir: See `SqlObserver`.

        Raises:
            ValueError: each thread has another database with this engine.
        """
        self = cls.__new__(cls)
        self._set_up(Database(None, engine=engine), session, priority, failure_dir)
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
        """The engine of the database."""
        return self._database.engine

    def open_store(self) -> RunStore:
        """Return the store of the same engine; missing tables are created."""
        self._database.create_tables()
        store: RunStore = call_target("sacred_sql.store:SqlStore.of_database", self._database)
        return store

    def lock_uid(self, uid: str) -> AbstractContextManager[object] | None:
        """Return a lock of a SQLite file: many processes that insert and delete rows hinder it."""
        return self._database.hold_lock(f"{uid}.lock")

    def prepare_run(self, run: StoredRun) -> None:
        """Store what runs share: those who race for a number have nothing else to do."""
        self._rows = rows = Rows(make_experiment(run.experiment), self.token, knows_metrics=True)

        def work(connection: sa.Connection) -> int:
            store_shared(connection, rows.experiment, run.host)
            return highest_number(connection)

        rows.highest = self._database.write(work)

    def insert_run(self, run: StoredRun) -> bool:
        """Insert the row of the run; a race is lost with an error that repeats the transaction."""
        run_id = self._rows.row_id(run.id)
        names = {**id_columns(run_id), "id_elsewhere": run.run_id}

        def insert(connection: sa.Connection, columns: Mapping[str, Any]) -> int | None:
            if is_taken(connection, run_id):
                return None
            return new_key(connection, runs, {**columns, "queue_time": run.queue_time, **names})

        return self._write_start(run, insert, is_replaced=False)

    def take_over_run(self, run: StoredRun) -> bool:
        """Replace the row of the run, if its status is QUEUED."""
        replace = partial(start_queued, run=run, token=self.token)
        return self._write_start(run, replace, is_replaced=True)

    def highest_number(self) -> int:
        """Return the highest number that counts; of Sacred's runs where there are no others."""
        found, self._rows.highest = self._rows.highest, None
        return self._database.write(highest_number) if found is None else found

    def start_run(self, run: StoredRun) -> None:
        """The sources are stored before the run is."""

    def update_run(self, run: StoredRun, names: frozenset[str]) -> bool:
        """Set columns of the row; values that are large are stored outside of it."""
        rows, is_end = self._rows, "status" in names
        is_unsure = rows.unsure["values"] > 0
        is_new = iter([not (rows.has_facts or is_unsure)])  # if repeated, another process writes
        if "heartbeat" in names and not rows.has_beaten:
            names |= {"info", "result"}
        values = encode_values({name: getattr(run, name) for name in VALUES if name in names})
        has_facts = bool(FACTS.intersection(names))
        texts = {**values, **({facts.name: to_json(encode_facts(run))} if has_facts else {})}
        fields = {name: getattr(run, _FIELDS[name]) for name in _FIELDS if name in names}
        large = {name for name, text in texts.items() if is_large(text)}
        check_large = set(texts) & (rows.large | large) or is_unsure
        outside = large_texts(texts) if check_large else {}
        outside |= captured_text(run) if "experiment" in names else {}
        columns, facts_text = {**row_values(values), **fields}, texts.get(facts.name)

        def work(connection: sa.Connection) -> bool:
            is_first = next(is_new, False)
            if not rows.write_values(connection, columns, facts_text, outside, is_first):
                return False
            if is_end:
                join_points(connection, rows.key, rows.metrics)
                enqueue_waiting(connection, rows.key, run)
            return self._note(connection)

        if not texts and not fields and not outside:  # lists of files have separate tables
            return True
        if not self._write_rows(work):
            return False
        rows.large = (rows.large - set(texts)) | large
        rows.has_beaten, rows.has_facts = True, rows.has_facts or has_facts
        if is_end:
            rows.metrics, rows.knows_metrics = {}, False
        return True

    def append_output(self, text: str, offset: int) -> bool:
        """Add a piece of output."""
        rows = self._rows
        is_at_end = offset >= rows.output_end and not (rows.unsure["output"] or rows.is_cut)

        def work(connection: sa.Connection) -> bool:
            if not self._note(connection):
                return False
            write_output(connection, rows.key, text, offset, is_at_end)
            return True

        if not self._write_rows(work, "output"):
            return False
        rows.output_end, rows.is_cut = offset + len(text), not text
        return True

    def append_points(self, metrics: Mapping[str, Any], starts: Mapping[str, int]) -> bool:
        """Add points."""
        rows, is_unsure = self._rows, self._rows.unsure["points"] > 0
        knows_metrics = iter([rows.knows_metrics and not is_unsure])

        def work(connection: sa.Connection) -> dict[str, Metric] | None:
            if not self._note(connection):
                return None
            return write_points(
                connection, rows.key, rows.metrics, metrics, starts, is_unsure,
                next(knows_metrics, False),
            )  # fmt: skip

        stored = self._write_rows(work, "points")
        rows.metrics |= stored or {}
        return stored is not None

    def append_annotation(self, annotation: Annotation) -> bool:
        """Insert a row."""
        rows = self._rows
        return self._database.write(
            lambda c: insert_annotation(c, rows.note_change, rows.key, annotation)
        )

    def put_file(
        self, kind: str, name: str, version: FileVersion, details: Mapping[str, Any]
    ) -> bool:
        """Store a file; the same content is stored once for all runs."""
        content = content_of(version)

        def work(connection: sa.Connection) -> bool:
            if not self._rows.exist(connection):
                return False
            write_file(connection, self._rows.key, (kind, name), content, details)
            return self._rows.note_change(connection)

        return self._write_rows(work)

    def code_event(
        self, sources: Iterable[Sequence[str]], dependencies: Iterable[str], base_dir: str
    ) -> None:
        """Add what was imported after the start to the sources and dependencies."""
        self.require_run()
        rows = self._rows
        extended = rows.experiment.with_code(base_dir, sources, dependencies)

        def work(connection: sa.Connection) -> int:
            key = store_experiment(connection, extended)
            if not rows.update(connection, {"experiment_id": key}):
                raise self.removed_error()
            if key != rows.experiment_key:
                drop_unused_experiment(connection, rows.experiment_key)
            rows.note_change(connection)
            return key

        rows.experiment_key = self._write_rows(work)
        rows.experiment = extended

    def continue_row(self, run: StoredRun, key: int) -> None:
        """Record what follows for a run that is stored already, in the row with this key."""
        self._rows = self._database.write(lambda connection: read_rows(connection, key))
        self.continue_run(run, self._rows.token)

    def replace_token(self, old: str, new: str) -> bool:
        """Replace the row of the token."""
        return self._rows.replace_token(self._database, old, new)

    @contextlib.contextmanager
    def write_together(self) -> Iterator[None]:
        """Return a context that is one transaction, in which the change is noted once."""
        before, self._attempts = self._rows.copy(), Counter()
        start = time.monotonic()
        try:
            with self._database.together():
                yield
        except BaseException:
            self._rows = before
            before.unsure += self._attempts  # the answer to the commit may be lost
            raise
        finally:
            self._is_noted = False
        self._note_late(start)

    def join(self) -> None:
        """Close the connections."""
        self.stored_run = None
        self._database.close_idle()

    def _set_up(
        self, database: Database, session: Any, priority: int, failure_dir: FilePath | bytes | None
    ) -> None:
        self._database, self.display_name = database, database.display_url
        self._attempts = Counter()
        self.session, self.priority = session, priority
        self.failure_dir = None if failure_dir is None else absolute_path(failure_dir)
        self.display_location = display_location(database.engine.url)

    def _write_start(
        self,
        run: StoredRun,
        write: Callable[[sa.Connection, Mapping[str, Any]], int | None],
        is_replaced: bool,
    ) -> bool:
        """Write the start of a run, unless ``write``, which returns the key of its row, does not.

        Args:
            run: It has an id.
            write: Inserts or replaces the row with columns.
            is_replaced: It replaces the row.
        """
        texts = encode_values({"config": run.config, "meta": run.meta})
        columns = {
            "command": run.command,
            "status": run.recorded_status,
            "comment": comment_of(run),
            "start_time": run.start_time,
            **row_values(texts),
        }

        def work(connection: sa.Connection) -> tuple[int, int] | None:
            keys = store_shared(connection, self._rows.experiment, run.host)
            key = write(connection, {**columns, **keys})
            if key is None:
                return None
            if is_replaced or any(map(is_large, texts.values())):
                store_outside(connection, key, large_texts(texts))
            (note_change if is_replaced else note_start)(connection, key)
            (enqueue_waiting if is_replaced else insert_queued)(connection, key, run)
            return key, keys["experiment_id"]

        stored = self._database.write(work)
        if stored is None:
            return False
        self._rows.key, self._rows.experiment_key = stored
        self._rows.has_facts = is_replaced or run.claim is not None
        return True

    def _write_rows(self, work: Callable[[sa.Connection], T], part: Part = "values") -> T:
        """Do ``work`` in a transaction; until one succeeds again, more may be stored than known."""
        rows = self._rows
        unsure = rows.unsure[part]
        rows.unsure[part] = max(unsure, 1)
        self._attempts[part] += 1
        start = time.monotonic()
        try:
            done = self._database.write(work)
        except OSError:  # of the user's file
            rows.unsure[part] = unsure
            raise
        rows.unsure[part] = max(unsure - 1, 0)
        self._note_late(start)
        return done

    def _note(self, connection: sa.Connection) -> bool:
        """Note that the run changes, once in a transaction; return whether the run exists."""
        if self._is_noted:
            return True
        is_there = self._rows.note_change(connection)
        self._is_noted = is_there and self._database.is_together
        return is_there

    def _note_late(self, start: float) -> None:
        """Note the change once more if the transaction since ``start`` took long."""
        if has_taken_long(time.monotonic() - start):
            self._database.write(self._rows.note_change)
