"""Reads runs from a SQL database."""

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO

import sqlalchemy as sa
from sqlalchemy import exc

from sacred_core.exceptions import DamagedRecordError, StoreError
from sacred_core.run.output.screen import difference
from sacred_core.stores import Annotation, Found, GuardedStore, RunQuery, StoredRun, check_metrics
from sacred_core.stores.guarded import has_no_file, not_found, still_running
from sacred_core.stores.run_ids import normalize_id
from sacred_sql import output, points, sacred_runs
from sacred_sql.contents import lock_cleanup, new_key, stream
from sacred_sql.database import Database
from sacred_sql.ids import find_row, key_of_row
from sacred_sql.observer import SqlObserver
from sacred_sql.reading import TABLES, Reader, clauses, file_query
from sacred_sql.removal import remove
from sacred_sql.sacred_runs import TABLES as SACRED_TABLES
from sacred_sql.sacred_runs import SacredReader
from sacred_sql.schema import (
    add_table,
    annotations,
    deleted_numbers,
    experiments,
    has_tables,
    runs,
)

#: Runs that are read at a time: no transaction lasts while a caller looks at one.
PAGE_SIZE = 200


class SqlStore(GuardedStore):
    """The runs in one database, also those that Sacred's own SqlObserver recorded there.

    Reading executes nothing. Runs are read some at a time; if something in a row cannot be decoded,
    these are read one by one, and the damaged ones column by column.

    Args:
        url: Of the database, as of `SqlObserver`.
        engine: A `sqlalchemy.Engine` in place of an own one.

    Raises:
        StoreError: the URL is wrong, or its driver is not installed.
    """

    outages = (exc.SQLAlchemyError,)

    def __init__(self, url: str | sa.URL | None = None, engine: sa.Engine | None = None) -> None:
        self._database = Database(url, engine=engine)

    def __repr__(self) -> str:
        return f"SqlStore({self._database.display_url!r})"

    def _find_all(self, query: RunQuery, newest_first: bool) -> Iterator[Found]:
        """Yield runs in the order in which they were entered, those of Sacred's tables first."""
        kinds = [self._sacred_pages(newest_first), self._pages(query, newest_first)]
        for found in reversed(kinds) if newest_first else kinds:
            yield from ((run.id, run) for run in found)

    def get(self, run_id: int | str) -> StoredRun:
        """Return one run; see `RunStore.get`."""
        key = self._find_sacred_key(run_id)
        if key is not None:
            found = self._read_keys(SacredReader(self._run), [key], self._database.read_any)
        else:
            key = self._database.read(lambda c: self._key(c, run_id))
            found = self._read_keys(Reader(self._run), [key], self._database.read)
        if not found:
            raise not_found(run_id, self._database.display_url)
        return found[0]

    def output(self, run_id: int | str) -> str:
        """Return what the run printed."""
        what = f"the output of run {str(normalize_id(run_id))!r}"
        found = self._find_sacred_key(run_id)
        if found is not None:
            return str(self._part(what, lambda c: sacred_runs.read_output(c, found), True))
        key = self._database.read(lambda c: self._key(c, run_id))
        return str(self._part(what, lambda c: output.read(c, key)))

    def observer_of(self, run_id: int | str | None) -> SqlObserver:
        """Return an observer that continues a run, or that starts one."""
        observer = SqlObserver.create_from(self._database.engine)
        if run_id is not None:
            self._refuse_sacred_run(run_id)
            key = self._database.read(lambda c: self._key(c, run_id))
            observer.continue_row(self.get(run_id), key)
        return observer

    def complete_output(self, run_id: int | str, text: str) -> None:
        """Let ``text`` be the whole output of a run; what is stored of it stays."""

        def work(connection: sa.Connection) -> None:
            key = self._key(connection, run_id)
            new = difference(output.read(connection, key), text)
            if new is not None:
                output.write(connection, key, *new, is_at_end=False)

        self._database.write(work)

    def metrics(self, run_id: int | str) -> dict[str, dict[str, Any]]:
        """Return ``{"steps", "values", "timestamps"}`` by metric; Sacred recorded none here."""
        if self._find_sacred_key(run_id) is not None:
            return {}
        key = self._database.read(lambda c: self._key(c, run_id))
        what = f"the metrics of run {str(normalize_id(run_id))!r}"
        return check_metrics(self._part(what, lambda c: dict(points.read(c, key))))

    def open_file(self, run_id: int | str, kind: str, name: str) -> BinaryIO:
        """Open an artifact, a resource or a source for reading."""
        key = self._find_sacred_key(run_id)
        if key is not None:
            file = self._database.read_any(lambda c: sacred_runs.open_file(c, key, kind, name))
            if file is None:
                raise has_no_file(run_id, kind, name)
            return file

        def work(connection: sa.Connection) -> Any:
            query = file_query(self._key(connection, run_id), kind, name)
            found = [] if query is None else connection.execute(query).all()
            return next((row for row in found if row.name == name), None)

        found = self._database.read(work)
        if found is None:
            raise has_no_file(run_id, kind, name)
        return stream(self._database, found.content_id, found.size)

    def delete(self, run_id: int | str) -> None:
        """Remove a run, and what no other run uses; see `RunStore.delete`.

        Raises:
            StoreError: also, if Sacred recorded the run: its tables are only read.
        """
        self._refuse_sacred_run(run_id)
        before = self.get(run_id)

        def work(connection: sa.Connection) -> None:
            lock_cleanup(connection)  # first: of several processes one finds the run
            key = self._key(connection, run_id)
            is_damaged = before.damage is not None
            run = before if is_damaged else Reader(self._run).runs(connection, [key])[0]
            if run.is_running():
                raise still_running(run_id)
            remove(connection, key)

        self._database.read(lambda c: self._key(c, run_id))  # makes no tables
        self._database.write(lambda c: add_table(c, deleted_numbers))
        self._change(work)

    def annotate(self, run_id: int | str, annotation: Annotation) -> None:
        """Add an annotation to a run.

        Raises:
            StoreError: there is no such run, or Sacred recorded it: its tables are only read.
        """
        self._refuse_sacred_run(run_id)

        def work(connection: sa.Connection) -> None:
            row = {
                "run_key": self._key(connection, run_id),
                "said_at": annotation.time,
                "said_by": annotation.user,
                "note": annotation.note,
                "tags_added": list(annotation.added),
                "tags_removed": list(annotation.removed),
            }
            new_key(connection, annotations, row)

        self._change(work)

    def _change(self, work: Any) -> None:
        self._database.read(lambda connection: None)  # the tables are there, none are made
        self._database.write(work)

    @functools.cached_property
    def _has_sacred(self) -> bool:
        """Whether the database has tables of Sacred, which nothing adds any more."""
        return self._database.read_any(sacred_runs.has_sacred_tables)

    def _find_sacred_key(self, run_id: int | str) -> int | None:
        """Return the key of a run in Sacred's tables, or None; a run of ours comes first."""
        if not self._has_sacred:
            return None

        def work(connection: sa.Connection) -> int | None:
            has_own = self._has_own(connection)
            if has_own and find_row(connection, run_id) is not None:
                return None
            key = sacred_runs.find_run(connection, run_id)
            if key is None and not has_own:
                raise not_found(run_id, self._database.display_url)
            return key

        return self._database.read_any(work)

    def _has_own(self, connection: sa.Connection) -> bool:
        return has_tables(connection, self._database.display_url)

    def _refuse_sacred_run(self, run_id: int | str) -> None:
        if self._find_sacred_key(run_id) is not None:
            raise StoreError(
                f"run {str(run_id)!r} was recorded by Sacred: its tables are only read"
            )

    def _sacred_pages(self, is_descending: bool) -> Iterator[StoredRun]:
        """Yield runs of Sacred's tables page by page."""
        reader = SacredReader(self._run)
        after: int | None = None
        while self._has_sacred:
            read = functools.partial(
                sacred_runs.read_keys, after=after, is_descending=is_descending, limit=PAGE_SIZE
            )
            keys = self._database.read_any(read)
            yield from self._read_keys(reader, keys, self._database.read_any)
            if len(keys) < PAGE_SIZE:
                return
            after = keys[-1]

    def _pages(self, query: RunQuery, is_descending: bool) -> Iterator[StoredRun]:
        """Yield runs page by page."""
        if self._has_sacred and not self._database.read_any(self._has_own):
            return
        reader = Reader(functools.partial(self._run, query=query), query.attributes)
        key = runs.c.run_key
        asked = sa.select(key).outerjoin(experiments).where(*clauses(query)).limit(PAGE_SIZE)
        asked = asked.order_by(key.desc() if is_descending else key)
        page = asked
        while True:
            keys = self._database.read(functools.partial(_scalars, page))
            yield from self._read_keys(reader, keys, self._database.read)
            if len(keys) < PAGE_SIZE:
                return
            page = asked.where(key < keys[-1] if is_descending else key > keys[-1])

    def _read_keys(self, reader: Any, keys: Sequence[int], read: Any) -> list[StoredRun]:
        """Return runs by their keys, whatever their rows hold."""
        try:
            return read(lambda c: reader.runs(c, keys))  # type: ignore[no-any-return]
        except Exception:  # noqa: BLE001 - a row may hold anything
            self._require_tables(read)
        if len(keys) > 1:  # in halves: most rows of a page are sound
            middle = len(keys) // 2
            halves = (keys[:middle], keys[middle:])
            return [run for half in halves for run in self._read_keys(reader, half, read)]
        return [reader.run(key, functools.partial(self._column, read)) for key in keys]

    def _column(self, read: Any, work: Callable[[sa.Connection], Any]) -> Any:
        return self._part("a column", work, read == self._database.read_any)

    def _part(
        self, what: str, work: Callable[[sa.Connection], Any], is_sacred: bool = False
    ) -> Any:
        """Return a part of one run.

        Raises:
            DamagedRecordError: it cannot be decoded.
            StoreError: the database cannot be read.
        """
        read = self._database.read_any if is_sacred else self._database.read
        try:
            with self._guard(what):
                return read(work)
        except DamagedRecordError:
            raise
        except StoreError as error:
            self._require_tables(read)
            raise DamagedRecordError(f"{what} cannot be read: {error}") from None

    def _require_tables(self, read: Any) -> None:
        """Raise a `StoreError` if it is not one record that is the reason of an error."""
        tables = SACRED_TABLES if read == self._database.read_any else TABLES

        def work(connection: sa.Connection) -> None:
            for table in tables:
                connection.execute(sa.select(*table.columns).limit(0)).all()

        read(work)

    def _key(self, connection: sa.Connection, run_id: int | str) -> int:
        found = find_row(connection, run_id)
        if found is not None:
            return int(found.run_key)
        if (key := key_of_row(connection, run_id)) is not None:
            return key
        raise not_found(run_id, self._database.display_url)


def _scalars(query: "sa.Select[Any]", connection: sa.Connection) -> list[int]:
    return list(connection.execute(query).scalars())
