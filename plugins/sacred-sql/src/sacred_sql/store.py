"""Reads runs from a SQL database."""

import functools
import hashlib
from collections.abc import Iterator
from typing import Any, BinaryIO

import sqlalchemy as sa

from sacred_core.exceptions import StoreError
from sacred_core.stores import Annotation, RunQuery, StoredRun
from sacred_sql import output, points
from sacred_sql.contents import new_key, stream
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
    """The runs in one database. Reading executes nothing.

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
        """Yield runs in the order in which they were entered."""
        query = query or RunQuery()
        if query.limit is None:
            yield from self._listed(query, is_descending=False)
            return
        newest: list[StoredRun] = []
        for run in self._listed(query, is_descending=True) if query.limit > 0 else ():
            newest.append(run)
            if len(newest) == query.limit:
                break
        yield from reversed(newest)

    def get(self, run_id: int | str) -> StoredRun:
        """Return one run."""
        return self._database.read(lambda c: self._run(c, self._key(c, run_id)))

    def output(self, run_id: int | str) -> str:
        """Return what the run printed."""
        return self._database.read(lambda c: output.read(c, self._key(c, run_id)))

    def metrics(self, run_id: int | str) -> dict[str, dict[str, Any]]:
        """Return ``{"steps", "values", "timestamps"}`` by metric."""
        return self._database.read(lambda c: dict(points.read(c, self._key(c, run_id))))

    def open_file(self, run_id: int | str, kind: str, name: str) -> BinaryIO:
        """Open an artifact, a resource or a source for reading."""

        def work(connection: sa.Connection) -> Any:
            query = _file_query(self._key(connection, run_id), kind, name)
            found = [] if query is None else connection.execute(query).all()
            return next((row for row in found if row.name == name), None)

        found = self._database.read(work)
        if found is None:
            raise StoreError(f"the run {str(run_id)!r} has no {kind} {name!r}")
        return stream(self._database, found.content_id, found.size)

    def delete(self, run_id: int | str) -> None:
        """Remove a run, and what no other run uses."""

        def work(connection: sa.Connection) -> None:
            key = self._key(connection, run_id)
            if self._run(connection, key).current_status() == "RUNNING":
                raise StoreError(f"the run {str(run_id)!r} is under way")
            remove(connection, key)

        self._change(work)

    def annotate(self, run_id: int | str, annotation: Annotation) -> None:
        """Add to what is said of a run."""

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

    def _listed(self, query: RunQuery, is_descending: bool) -> Iterator[StoredRun]:
        """Yield runs page by page."""
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
            raise StoreError(f"{self._database.shown} holds no run {str(run_id)!r}")
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
