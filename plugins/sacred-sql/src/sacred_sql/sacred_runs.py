"""Reads the runs that Sacred's own SqlObserver recorded."""

import io
import json
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

import sqlalchemy as sa

from sacred_core.exceptions import DamagedRecordError
from sacred_core.jsonpickle_data import decode_jsonpickle, sacred_release
from sacred_core.stores import RunQuery, SkippedRuns, StoredRun
from sacred_core.stores.run_ids import next_number, normalize_id
from sacred_sql.sacred_tables import (
    artifact,
    dependency,
    experiment,
    experiments_dependencies,
    experiments_repositories,
    experiments_sources,
    host,
    repository,
    resource,
    run,
    runs_resources,
    source,
)

#: Runs that are read at a time.
_PAGE = 200
#: What a list of runs needs: not the output.
_COLUMNS = tuple(column for column in run.c if column is not run.c.captured_out)


def find_run(connection: sa.Connection, run_id: int | str) -> int | None:
    """Return the key of a run, or None."""
    name = str(normalize_id(run_id))
    for row in connection.execute(sa.select(run.c.id, run.c.run_id)).all():
        if row.run_id == name:
            return int(row.id)
    return None


def highest_number(connection: sa.Connection) -> int:
    """Return the highest id of a run that is a number, or 0."""
    return next_number(connection.execute(sa.select(run.c.run_id)).scalars()) - 1


def read_run(connection: sa.Connection, key: int) -> StoredRun:
    """Return one run.

    Raises:
        DamagedRecordError: its row does not hold JSON where it should.
    """
    row = connection.execute(sa.select(*_COLUMNS).where(run.c.id == key)).one()
    return _Reader(connection, [row]).read(row)


def read_page(
    connection: sa.Connection, after: int | None, query: RunQuery, is_descending: bool
) -> tuple[int | None, list[StoredRun]]:
    """Return some runs of those that are asked for, and where the next page begins or None.

    Args:
        connection: To the database.
        after: What the page before returned; None for the first one.
        query: Which runs; its limit does not matter.
        is_descending: The newest first.
    """
    asked = sa.select(*_COLUMNS).limit(_PAGE)
    asked = asked.order_by(run.c.id.desc() if is_descending else run.c.id)
    if after is not None:
        asked = asked.where(run.c.id < after if is_descending else run.c.id > after)
    rows = connection.execute(asked).all()
    reader = _Reader(connection, rows)
    found = list(filter(query.accepts, reader.readable(rows)))
    return (rows[-1].id if len(rows) == _PAGE else None), found


def read_output(connection: sa.Connection, key: int) -> str:
    """Return what a run printed."""
    found = connection.execute(sa.select(run.c.captured_out).where(run.c.id == key)).scalar()
    return str(found or "")


def open_file(connection: sa.Connection, key: int, kind: str, name: str) -> BinaryIO | None:
    """Return a file of a run, or None."""
    row = connection.execute(sa.select(run.c.run_id, run.c.experiment_id).where(run.c.id == key))
    run_id, experiment_id = row.one()
    if kind == "artifact":
        mine = sa.and_(artifact.c.run_id == run_id, artifact.c.filename == name)
        query = sa.select(artifact.c.content).where(mine).order_by(artifact.c.artifact_id.desc())
    elif kind == "resource":
        query = sa.select(resource.c.content).join(
            runs_resources, runs_resources.c.resource_id == resource.c.resource_id
        )
        query = query.where(runs_resources.c.run_id == run_id, resource.c.filename == name)
        query = query.order_by(resource.c.resource_id.desc())
    elif kind == "source":
        query = sa.select(source.c.content).join(
            experiments_sources, experiments_sources.c.source_id == source.c.source_id
        )
        mine = experiments_sources.c.experiment_id == experiment_id
        query = query.where(mine, source.c.filename == name)
    else:
        return None
    found = connection.execute(query.limit(1)).first()
    if found is None:
        return None
    data = found.content or b""
    return io.BytesIO(data.encode() if isinstance(data, str) else bytes(data))


class _Reader:
    """Reads rows of `run`, with what they share."""

    def __init__(self, connection: sa.Connection, rows: Sequence[Any]) -> None:
        self._connection = connection
        ids = [row.run_id for row in rows]
        self._artifacts = self._names(
            sa.select(artifact.c.run_id, artifact.c.filename)
            .where(artifact.c.run_id.in_(ids))
            .order_by(artifact.c.artifact_id)
        )
        self._resources = self._names(
            sa.select(runs_resources.c.run_id, resource.c.filename)
            .join(resource, resource.c.resource_id == runs_resources.c.resource_id)
            .where(runs_resources.c.run_id.in_(ids))
            .order_by(resource.c.resource_id)
        )
        self._experiments: dict[Any, dict[str, Any]] = {}
        self._has_repositories = sa.inspect(connection).has_table(experiments_repositories.name)

    def readable(self, rows: Sequence[Any]) -> Iterator[StoredRun]:
        """Yield the runs of rows; log the damaged ones."""
        with SkippedRuns() as skipped:
            for row in rows:
                try:
                    yield self.read(row)
                except DamagedRecordError as error:
                    skipped.add(row.run_id, error)

    def read(self, row: Any) -> StoredRun:
        """Return the run of one row."""
        told = self._experiment(row.experiment_id)
        return StoredRun(
            id=normalize_id(row.run_id),
            status=row.status or "",
            command=row.command or "",
            experiment=told,
            host=self._host(row.host_id),
            config=_decoded(row, "config", told),
            meta={"comment": row.comment or "", "priority": row.priority},
            info=_decoded(row, "info", told),
            result=row.result,
            queue_time=row.queue_time,
            start_time=row.start_time,
            stop_time=row.stop_time,
            heartbeat=row.heartbeat,
            fail_trace=_lines(row.fail_trace),
            artifacts=list(dict.fromkeys(self._artifacts.get(row.run_id, ()))),
            resources=list(dict.fromkeys(self._resources.get(row.run_id, ()))),
        )

    def _names(self, query: "sa.Select[Any]") -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for run_id, filename in self._connection.execute(query):
            found.setdefault(run_id, []).append(filename)
        return found

    def _host(self, key: Any) -> dict[str, Any]:
        row = self._connection.execute(sa.select(host).where(host.c.host_id == key)).first()
        if row is None:
            return {}
        known = {name: getattr(row, name) for name in ("hostname", "cpu", "python_version")}
        return {**known, "os": [row.os, row.os_info]}

    def _experiment(self, key: Any) -> dict[str, Any]:
        if key not in self._experiments:
            self._experiments[key] = self._read_experiment(key)
        return json.loads(json.dumps(self._experiments[key]))  # type: ignore[no-any-return]

    def _read_experiment(self, key: Any) -> dict[str, Any]:
        query = sa.select(experiment).where(experiment.c.experiment_id == key)
        row = self._connection.execute(query).first()
        if row is None:
            return {}
        sources = self._of(key, experiments_sources, source, "source_id")
        packages = self._of(key, experiments_dependencies, dependency, "dependency_id")
        repositories = (
            self._of(key, experiments_repositories, repository, "repository_id")
            if self._has_repositories
            else []
        )
        return {
            "name": row.name,
            "base_dir": row.base_dir,
            "sources": [[each["filename"], each["md5sum"]] for each in sources],
            "dependencies": [f"{each['name']}=={each['version']}" for each in packages],
            "repositories": [
                {name: each[name] for name in ("url", "commit", "dirty")} for each in repositories
            ],
        }

    def _of(self, key: Any, links: sa.Table, table: sa.Table, column: str) -> list[dict[str, Any]]:
        """Return rows of ``table`` that belong to an experiment, without contents."""
        wanted = [each for each in table.c if each.name != "content"]
        query = sa.select(*wanted).join(links, links.c[column] == table.c[column])
        query = query.where(links.c.experiment_id == key).order_by(table.c[column])
        return [dict(row._mapping) for row in self._connection.execute(query)]


def _decoded(row: Any, name: str, told: dict[str, Any]) -> Any:
    text = getattr(row, name)
    if not text:
        return {}
    try:
        loaded = json.loads(text)
    except ValueError as error:
        raise DamagedRecordError(
            f"the {name} of run {row.run_id!r} is not valid JSON: {error}"
        ) from None
    # The columns have the entries in the order in which they were written.
    decoded = decode_jsonpickle(loaded, sacred_release(told), is_ordered=True)
    return decoded if isinstance(decoded, dict) else {}


def _lines(text: str | None) -> list[str]:
    """Return the lines of a traceback, between which Sacred put another line break."""
    return [f"{line.rstrip()}\n" for line in text.split("\n\n")] if text else []
