"""Reads runs from a SQL database."""

import functools
import hashlib
import itertools
from collections.abc import Iterator
from typing import Any, BinaryIO

import sqlalchemy as sa

from sacred_core.exceptions import StoreError
from sacred_core.run.output.changes import difference
from sacred_core.stores import Annotation, RunQuery, StoredRun
from sacred_core.stores.run_ids import normalize_id
from sacred_sql import output, points, sacred_runs, sacred_tables
from sacred_sql.contents import new_key, stream
from sacred_sql.creation import has_tables
from sacred_sql.database import Database
from sacred_sql.filters import clauses
from sacred_sql.ids import find
from sacred_sql.reading import Reader
from sacred_sql.removal import remove
from sacred_sql.schema import (
    annotations,
    artifacts,
    contents,
    experiment_sources,
    experiments,
    resources,
    runs,
    sources,
)

#: Runs that are read at a time: no transaction lasts while somebody looks at one.
_PAGE = 200


class SqlStore:
    """The runs in one database, also those that Sacred's own SqlObserver recorded there.

    Reading executes nothing.

    Args:
        url: Of the database, as of `SqlObserver`.
        engine: A `sqlalchemy.Engine` in place of an own one.

    Raises:
        StoreError: the URL is wrong, or its driver is not installed.
    """

    def __init__(self, url: str | sa.URL | None = None, engine: sa.Engine | None = None) -> None:
        self._database = Database(url, engine=engine)

    def __repr__(self) -> str:
        return f"SqlStore({self._database.shown!r})"

    def list(self, query: RunQuery | None = None) -> Iterator[StoredRun]:
        """Yield runs in the order in which they were entered, those of Sacred's tables first."""
        query = query or RunQuery()
        if query.limit is None:
            yield from self._listed_of_sacred(query, is_descending=False)
            yield from self._listed(query, is_descending=False)
            return
        newest = itertools.chain(
            self._listed(query, is_descending=True),
            self._listed_of_sacred(query, is_descending=True),
        )
        yield from reversed(list(itertools.islice(newest, max(query.limit, 0))))

    def get(self, run_id: int | str) -> StoredRun:
        """Return one run."""
        key = self._key_of_sacred(run_id)
        if key is not None:
            return self._database.read_any(lambda c: sacred_runs.read_run(c, key))
        return self._database.read(lambda c: self._run(c, self._key(c, run_id)))

    def output(self, run_id: int | str) -> str:
        """Return what the run printed."""
        key = self._key_of_sacred(run_id)
        if key is not None:
            return self._database.read_any(lambda c: sacred_runs.read_output(c, key))
        return self._database.read(lambda c: output.read(c, self._key(c, run_id)))

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
        if self._key_of_sacred(run_id) is not None:
            return {}
        return self._database.read(lambda c: dict(points.read(c, self._key(c, run_id))))

    def open_file(self, run_id: int | str, kind: str, name: str) -> BinaryIO:
        """Open an artifact, a resource or a source for reading."""
        key = self._key_of_sacred(run_id)
        if key is not None:
            file = self._database.read_any(lambda c: sacred_runs.open_file(c, key, kind, name))
            if file is None:
                raise StoreError(f"the run {str(run_id)!r} has no {kind} {name!r}")
            return file

        def work(connection: sa.Connection) -> Any:
            query = _file_query(self._key(connection, run_id), kind, name)
            found = [] if query is None else connection.execute(query).all()
            return next((row for row in found if row.name == name), None)

        found = self._database.read(work)
        if found is None:
            raise StoreError(f"the run {str(run_id)!r} has no {kind} {name!r}")
        return stream(self._database, found.content_id, found.size)

    def delete(self, run_id: int | str) -> None:
        """Remove a run, and what no other run uses; see `RunStore.delete`.

        Raises:
            StoreError: also, if Sacred recorded the run: its tables are only read.
        """
        self._refuse_of_sacred(run_id)

        def work(connection: sa.Connection) -> None:
            key = self._key(connection, run_id)
            if self._run(connection, key).current_status() == "RUNNING":
                raise StoreError(f"the run {str(run_id)!r} is under way")
            remove(connection, key)

        self._change(work)

    def annotate(self, run_id: int | str, annotation: Annotation) -> None:
        """Add to what is said of a run.

        Raises:
            StoreError: there is no such run, or Sacred recorded it: its tables are only read.
        """
        self._refuse_of_sacred(run_id)

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
        return self._database.read_any(sacred_tables.are_there)

    def _key_of_sacred(self, run_id: int | str) -> int | None:
        """Return the key of a run in Sacred's tables, or None; a run of ours comes first."""
        if not self._has_sacred:
            return None

        def work(connection: sa.Connection) -> int | None:
            has_own = self._has_own(connection)
            if has_own and find(connection, run_id) is not None:
                return None
            key = sacred_runs.find_run(connection, run_id)
            if key is None and not has_own:
                raise self._missing(run_id)
            return key

        return self._database.read_any(work)

    def _missing(self, run_id: int | str) -> StoreError:
        return StoreError(f"run {str(normalize_id(run_id))!r} not found in {self._database.shown}")

    def _has_own(self, connection: sa.Connection) -> bool:
        return has_tables(connection, self._database.shown)

    def _refuse_of_sacred(self, run_id: int | str) -> None:
        if self._key_of_sacred(run_id) is not None:
            raise StoreError(
                f"run {str(run_id)!r} was recorded by Sacred: its tables are only read"
            )

    def _listed_of_sacred(self, query: RunQuery, is_descending: bool) -> Iterator[StoredRun]:
        """Yield runs of Sacred's tables page by page."""
        after: int | None = None
        while self._has_sacred:
            read = functools.partial(
                sacred_runs.read_page, after=after, query=query, is_descending=is_descending
            )
            after, found = self._database.read_any(read)
            yield from found
            if after is None:
                return

    def _listed(self, query: RunQuery, is_descending: bool) -> Iterator[StoredRun]:
        """Yield runs page by page."""
        if self._has_sacred and not self._database.read_any(self._has_own):
            return
        reader = Reader()
        asked = sa.select(runs).join(experiments).where(*clauses(query)).limit(_PAGE)
        asked = asked.order_by(runs.c.run_key.desc() if is_descending else runs.c.run_key)
        last: int | None = None
        while True:
            page = asked
            if last is not None:
                key = runs.c.run_key
                page = page.where(key < last if is_descending else key > last)
            rows, found = self._database.read(functools.partial(_page, reader, page))
            yield from filter(query.accepts, found)
            if len(rows) < _PAGE:
                return
            last = rows[-1].run_key

    def _key(self, connection: sa.Connection, run_id: int | str) -> int:
        found = find(connection, run_id)
        if found is None:
            raise self._missing(run_id)
        return int(found.run_key)

    def _run(self, connection: sa.Connection, key: int) -> StoredRun:
        rows = connection.execute(sa.select(runs).where(runs.c.run_key == key)).all()
        return Reader().runs(connection, rows)[0]


def _page(
    reader: Reader, query: "sa.Select[Any]", connection: sa.Connection
) -> tuple[Any, list[StoredRun]]:
    rows = connection.execute(query).all()
    return rows, reader.runs(connection, rows)


def _file_query(run_key: int, kind: str, name: str) -> "sa.Select[Any] | None":
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    sized = (contents.c.content_id, contents.c.size)
    if kind == "artifact":
        query = sa.select(artifacts.c.name, *sized).join(contents)
        return query.where(artifacts.c.run_key == run_key, artifacts.c.name_digest == digest)
    if kind == "resource":
        query = sa.select(resources.c.filename.label("name"), *sized).join(contents)
        return query.where(resources.c.run_key == run_key, resources.c.filename_digest == digest)
    if kind == "source":
        query = sa.select(sources.c.name, *sized).select_from(sources).join(contents)
        query = query.join(
            experiment_sources, experiment_sources.c.source_id == sources.c.source_id
        )
        query = query.join(runs, runs.c.experiment_id == experiment_sources.c.experiment_id)
        return query.where(runs.c.run_key == run_key, sources.c.name == name)
    return None
