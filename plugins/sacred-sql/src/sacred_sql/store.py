"""Reads runs from a SQL database."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import AbstractContextManager
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

import attrs
import sqlalchemy as sa
from sqlalchemy import exc

from sacred_core.exceptions import DamagedRecordError, StoreError
from sacred_core.hooks.targets import call_target
from sacred_core.observers.parts import require_main_run
from sacred_core.run.output.screen import difference
from sacred_core.stores import Annotation, Read, RunQuery
from sacred_core.stores.checking import check_metrics
from sacred_core.stores.curves import Ranges
from sacred_core.stores.documents import DocumentStore
from sacred_core.stores.guarded import describe, not_found_error, still_running
from sacred_core.stores.summaries import MetricSummary
from sacred_sql import uids
from sacred_sql.address import argument_url, has_runs
from sacred_sql.annotating import insert_annotation
from sacred_sql.appended import write_output
from sacred_sql.changes import (
    COMMIT_TIME,
    changed_since,
    current_position,
    note_change,
)
from sacred_sql.contents import lock_cleanup
from sacred_sql.database import Database
from sacred_sql.observer import SqlObserver
from sacred_sql.queue import SqlQueue
from sacred_sql.reading import Fields, OwnTables, RunTables, read_scalars
from sacred_sql.removal import has_parts, remove_run
from sacred_sql.row_ids import row_id
from sacred_sql.sacred_runs import SacredTables, find_sacred_runs
from sacred_sql.schema import has_table, has_tables, run_changes

if TYPE_CHECKING:  # few runs have several
    from sacred_core.stores.segments import Segment

T = TypeVar("T")
#: Imports this module.
_PARTS = "sacred_sql.parts"
#: Runs that are read at a time: no transaction lasts while a caller looks at one.
PAGE_SIZE = 200


@attrs.frozen
class Record:
    """A run in a database.

    Attributes:
        run_id: Its id, for messages.
        tables: Where it is.
        key: Of its row.
        fields: What reads its fields, if its page was read.
    """

    run_id: int | str
    tables: RunTables
    key: int
    fields: Fields | None = None


class SqlStore(SqlQueue, DocumentStore[Record]):
    """The runs in one database, also those that Sacred's own SqlObserver recorded there.

    Reading executes nothing. Runs are read some at a time; if something in a row cannot be read,
    these are read in halves, and the damaged ones field by field.

    Args:
        url: Of the database, as of `SqlObserver`.
        engine: A `sqlalchemy.Engine` in place of an own one.

    Raises:
        StoreError: the URL is wrong, or its driver is not installed.

    Attributes:
        commit_time: See `sacred_sql.changes.COMMIT_TIME`.
    """

    commit_time = COMMIT_TIME
    _new: uids.NewIds | None = None
    kind_name = "an SQLite database"

    def __init__(self, url: str | sa.URL | None = None, engine: sa.Engine | None = None) -> None:
        self._database = Database(url, engine=engine)
        self.display_name = self._database.display_url

    @classmethod
    def of_database(cls, database: Database) -> "SqlStore":
        """Return the store of an open database, such as that of an observer."""
        self = cls.__new__(cls)
        self._database, self.display_name = database, database.display_url
        return self

    @classmethod
    def from_location(cls, location: str) -> "SqlStore":
        """Return the store at the URL of a database."""
        return cls(location)

    @property
    def engine(self) -> sa.Engine:
        """The engine of the database."""
        return self._database.engine

    @property
    def change_kind(self) -> str | None:  # type: ignore[override]
        """None where Sacred may change runs, and in a database of an earlier release."""
        if self._sacred_runs is not None:
            return None
        has_changes = self._database.read(lambda connection: has_table(connection, run_changes))
        return "sql" if has_changes else None

    def change_position(self) -> int:
        """Return a number; see `sacred_sql.changes`."""
        return self._database.read(partial(current_position, commit_time=self.commit_time))

    @staticmethod
    def location_of(path: Path) -> str | None:
        """Return the location of an SQLite database with runs, None for any other file."""
        return f"sqlite:///{path.as_posix()}" if has_runs(path) else None

    @classmethod
    def from_argument(cls, argument: str) -> "SqlStore":
        """Return the store for the argument of ``-s``."""
        return cls(argument_url(argument))

    def __repr__(self) -> str:
        return f"SqlStore({self.display_name!r})"

    def lock_copy(self, uid: str) -> AbstractContextManager[bool]:
        """Return a context in which no other process copies the run to a SQLite file."""
        return self._database.hold_lock(f"{uid}.copy") or contextlib.nullcontext(False)

    def find(self, run_id: int | str) -> Record | None:
        """Find the key of a run; a run of ours comes before one of Sacred."""
        for tables in reversed(self._tables()):
            key = self._read(tables, partial(tables.find_key, run_id=run_id))
            if key is not None:
                return Record(run_id, tables, key)
        return None

    def records(self, query: RunQuery, newest_first: bool) -> Iterator[tuple[Any, Record]]:
        """Yield runs in the order in which they were entered, those of Sacred's tables first."""
        kinds = self._tables()
        position = self.position_since(query)
        for tables in reversed(kinds) if newest_first else kinds:
            keys_query = tables.select_keys(query)
            if position is not None:
                changed = changed_since(position, self.change_position())
                has_number = run_changes.c.run_key == tables.key
                keys_query = keys_query.outerjoin(run_changes, has_number).where(changed)
            size = PAGE_SIZE
            if query.where is None and query.limit is not None:
                size = min(max(query.limit, 1), PAGE_SIZE)
            for keys in self._pages(tables, keys_query, newest_first, size):
                for record in self._read_records(tables, keys, query):
                    yield record.run_id, record

    def find_uid(self, uid: str) -> list[int | str]:
        """Return the ids of our runs with a uid in their metadata."""
        return self._database.read(partial(uids.find_uid, uid=uid)) if self._has_own else []

    def new_ids(self, known: Set[int | str]) -> list[int | str]:
        """Return the ids of our runs that are not known; runs that were known are not read."""
        if self._new is None or self._new.known is not known:
            self._new = uids.NewIds(known)
        return self._database.read(self._new.read) if self._has_own else []

    def has_derived_uids(self) -> bool:
        """Return whether Sacred has recorded runs, or the metadata of a run has no uid."""
        return self._sacred_runs is not None or self._database.read(uids.lacks_uid)

    def read_fields(self, record: Record) -> Mapping[str, Read]:
        """Return the fields as the page of the run was read, or read them now."""
        if record.fields is not None:
            return record.fields
        found = self._read_records(record.tables, [record.key], RunQuery())
        if not found:
            raise not_found_error(record.run_id, self.display_name)
        return self.read_fields(found[0])

    def read_output(self, record: Record) -> str:
        """Return what the run printed."""
        return self._read(record.tables, partial(record.tables.read_output, key=record.key))

    def read_points(self, record: Record) -> Mapping[str, Any]:
        """Return the points; Sacred recorded none here."""
        return self._read(record.tables, partial(record.tables.read_points, key=record.key))

    def read_summaries(
        self, record: Record, names: Iterable[str] | None
    ) -> dict[str, list[MetricSummary]]:
        """Return summaries, which are stored with the points."""
        tables = record.tables
        return self._read(tables, partial(tables.read_summaries, key=record.key, names=names))

    def read_ranges(self, record: Record, ranges: Ranges) -> dict[str, dict[str, Any]]:
        """Return ranges of points; other rows are not read."""
        read = partial(record.tables.read_points, key=record.key, ranges=ranges)
        return check_metrics(self._read(record.tables, read))

    def read_segments(self, record: Record) -> "Sequence[Segment]":
        """Return segments, which few runs have; other facts are not read."""
        return self._read(record.tables, partial(record.tables.read_segments, key=record.key))

    def has_writers(self, record: Record) -> bool:
        """Return whether the record of the run names writers; other facts are not read."""
        return self._read(record.tables, partial(record.tables.has_writers, key=record.key))

    def count(self) -> int:
        """Return the number of runs, which the database counts."""
        return sum(self._read(tables, tables.count) for tables in self._tables())

    def get_file(self, record: Record, kind: str, name: str) -> BinaryIO | None:
        """Open a file, which is read from the database part by part."""
        return record.tables.open_file(self._database, record.key, kind, name)

    def new_observer(self) -> SqlObserver:
        """Return an observer that uses the same engine."""
        return SqlObserver.create_from(self._database.engine)

    def continue_with(self, observer: SqlObserver, run_id: int | str) -> None:
        """Make an observer continue a run."""
        record = self.require(run_id)
        observer.continue_row(self._read_run(record.run_id, record), _own_key(record))

    def writer_store(self, run_id: int | str) -> "SqlStore | None":
        """Return the store of the parts of a run."""
        with self.translate_errors():
            record = self.require(run_id)
            is_own = record.tables.is_own  # those of Sacred have no parts
            if not is_own or not self._database.read(partial(has_parts, run_key=record.key)):
                return None
        store: SqlStore = call_target(f"{_PARTS}:SqlPartStore", self, self.get(run_id), record.key)
        return store

    def writer_observer(self, run_id: int | str) -> SqlObserver:
        """Return an observer that records a part of a run, over the same engine."""
        run = require_main_run(self, run_id)
        key = _own_key(self.require(run_id))
        observer: SqlObserver = call_target(f"{_PARTS}:SqlPartObserver", self, run, key)
        return observer

    def replace_output(self, record: Record, text: str) -> None:
        """Append the part of ``text`` that is not stored yet."""
        key = _own_key(record)

        def work(connection: sa.Connection) -> None:
            new = difference(record.tables.read_output(connection, key), text)
            if new is not None and note_change(connection, key):
                write_output(connection, key, *new, is_at_end=False)

        self._database.write(work)

    def add_annotation(self, record: Record, annotation: Annotation) -> None:
        """Insert a row.

        Raises:
            StoreError: the run was deleted, or Sacred recorded it: its tables are only read.
        """
        key = _own_key(record)
        note = partial(note_change, run_key=key)
        if not self._database.write(lambda c: insert_annotation(c, note, key, annotation)):
            raise not_found_error(record.run_id, self.display_name)

    def remove(self, record: Record) -> bool:
        """Delete the rows of a run that has not started meanwhile, and what only it used.

        Raises:
            StoreError: Sacred recorded the run: its tables are only read.
        """
        key = _own_key(record)
        is_damaged = self._read_run(record.run_id, record).damage is not None

        def work(connection: sa.Connection) -> bool:
            lock_cleanup(connection)  # first: of several processes one finds the run
            if not is_damaged:
                names = record.tables.fields - {"id"}
                fields = record.tables.read_runs(connection, [key], names).get(key)
                if fields and self._run(record.run_id, fields).is_running():
                    raise still_running(record.run_id)
            return remove_run(connection, key)

        return self._database.write(work)

    @cached_property
    def _sacred_runs(self) -> sa.FromClause | None:
        """The table of the runs of Sacred, None if there is none; none is added later."""
        return self._database.read_any(find_sacred_runs)

    def _tables(self) -> list[RunTables]:
        """Return the tables with runs; without any, ours, of which reading raises an error."""
        if self._sacred_runs is None:
            return [OwnTables()]
        has_own = self._database.read_any(partial(has_tables, display_url=self.display_name))
        found = SacredTables(self._sacred_runs)
        return [found, OwnTables()] if has_own else [found]

    @property
    def _has_own(self) -> bool:
        return any(tables.is_own for tables in self._tables())

    def _read(self, tables: RunTables, work: Callable[[sa.Connection], T]) -> T:
        return self._database.read(work) if tables.is_own else self._database.read_any(work)

    def _pages(
        self, tables: RunTables, query: "sa.Select[Any]", newest_first: bool, size: int
    ) -> Iterator[Sequence[int]]:
        """Yield keys of runs, ``size`` in a page."""
        key = tables.key
        asked = query.limit(size)
        asked = page = asked.order_by(key.desc() if newest_first else key)
        while keys := self._read(tables, partial(read_scalars, query=page)):
            yield keys
            if len(keys) < size:
                return
            page = asked.where(key < keys[-1] if newest_first else key > keys[-1])

    def _read_records(
        self, tables: RunTables, keys: Sequence[int], query: RunQuery
    ) -> list[Record]:
        """Return runs by their keys, with the fields that ``query`` uses, whatever they contain."""
        names = tables.fields
        if query.attributes is not None:
            wanted = {"id", "status", *query.attributes}
            names &= wanted | ({"annotations"} if "tags" in wanted else set())
        records = []
        for key, fields in self._read_page(tables, keys, names, is_page=True).items():
            try:
                run_id = fields.pop("id")()
            except DamagedRecordError:
                run_id = None
            records.append(Record(row_id(key, run_id), tables, key, fields))
        return records

    def _read_page(
        self, tables: RunTables, keys: Sequence[int], names: Set[str], is_page: bool = False
    ) -> dict[int, Fields]:
        """Return fields of runs; those that the driver cannot read raise a `DamagedRecordError`."""
        try:
            return self._read(tables, partial(tables.read_runs, keys=keys, names=names))
        except Exception as error:  # noqa: BLE001 - a row may contain anything
            is_field = len(keys) == len(names) == 1
            if is_page or is_field:
                self._require_tables(tables)
            if is_field:
                reason = f"{min(names)} cannot be read: {describe(error)}"
                return {keys[0]: {min(names): partial(_raise, DamagedRecordError(reason))}}
        if len(keys) > 1:  # in halves: most rows of a page are sound
            middle = len(keys) // 2
            found = self._read_page(tables, keys[:middle], names)
            return found | self._read_page(tables, keys[middle:], names)
        ordered = sorted(names)
        fields: Fields = {}
        for half in (ordered[: len(ordered) // 2], ordered[len(ordered) // 2 :]):
            fields |= self._read_page(tables, keys, set(half)).get(keys[0], {})
        return {keys[0]: fields}

    @contextlib.contextmanager
    def _guard(self, what: str) -> Iterator[None]:
        """Raise a `DamagedRecordError` also for what the driver cannot read."""
        with super()._guard(what):
            try:
                yield
            except StoreError as error:
                if not isinstance(error.__cause__, exc.SQLAlchemyError):
                    raise
                for tables in self._tables():
                    self._require_tables(tables)
                raise DamagedRecordError(f"{what} cannot be read: {error}") from None

    def _require_tables(self, tables: RunTables) -> None:
        """Raise a `StoreError` if it is not one record that is the reason of an error."""

        def work(connection: sa.Connection) -> None:
            for table in tables.tables:
                connection.execute(sa.select(*table.columns).limit(0)).all()

        self._read(tables, work)


def _own_key(record: Record) -> int:
    if not record.tables.is_own:
        raise StoreError(
            f"run {str(record.run_id)!r} was recorded by Sacred: its tables are read-only"
        )
    return record.key


def _raise(error: Exception) -> None:
    raise error
