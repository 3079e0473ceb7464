"""Reads the runs that Sacred's own SqlObserver (0.7 to 0.8.7) recorded, in its tables."""

import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from functools import partial
from typing import Any, BinaryIO

import sqlalchemy as sa

from sacred_core.exceptions import DamagedRecordError
from sacred_core.jsonpickle_data import (
    decode_jsonpickle,
    sacred_release,
    without_metric_references,
)
from sacred_core.stores import Read
from sacred_core.stores.curves import Ranges
from sacred_core.stores.facts import digests_of
from sacred_core.stores.run_ids import next_number, normalize_id
from sacred_core.stores.summaries import MetricSummary
from sacred_sql.column_types import Bytes, LongText, UtcTime
from sacred_sql.database import Database
from sacred_sql.reading import Fields, RunTables
from sacred_sql.row_ids import row_number

_metadata = sa.MetaData()
_ID, _STRING = sa.Integer(), sa.String()


def _table(table_name: str, /, **columns: Any) -> sa.Table:
    return sa.Table(table_name, _metadata, *(sa.Column(each, columns[each]) for each in columns))


run = _table(
    "run", id=_ID, run_id=_STRING, command=_STRING, start_time=UtcTime, heartbeat=UtcTime,
    stop_time=UtcTime, queue_time=UtcTime, priority=sa.Float, comment=LongText,
    fail_trace=LongText, captured_out=LongText, config=LongText, info=LongText, status=_STRING,
    host_id=_ID, experiment_id=_ID, result=sa.Float,
)  # fmt: skip
host = _table(
    "host", host_id=_ID, cpu=_STRING, hostname=_STRING, os=_STRING, os_info=_STRING,
    python_version=_STRING,
)  # fmt: skip
experiment = _table("experiment", experiment_id=_ID, name=_STRING, md5sum=_STRING, base_dir=_STRING)
source = _table("source", source_id=_ID, filename=_STRING, md5sum=_STRING, content=LongText)
dependency = _table("dependency", dependency_id=_ID, name=_STRING, version=_STRING)
repository = _table("repository", repository_id=_ID, url=_STRING, commit=_STRING, dirty=sa.Boolean)
resource = _table("resource", resource_id=_ID, filename=_STRING, md5sum=_STRING, content=Bytes)
artifact = _table("artifact", artifact_id=_ID, filename=_STRING, content=Bytes, run_id=_STRING)
experiments_sources = _table("experiments_sources", experiment_id=_ID, source_id=_ID)
experiments_dependencies = _table("experiments_dependencies", experiment_id=_ID, dependency_id=_ID)
#: Missing in databases of Sacred 0.7.
experiments_repositories = _table("experiments_repositories", experiment_id=_ID, repository_id=_ID)
runs_resources = _table("runs_resources", run_id=_STRING, resource_id=_ID)


#: The table of runs in Sacred 0.7.0, which has no column ``id``: the runs are numbered.
_first_runs = (
    sa.select(
        sa.func.row_number().over(order_by=(run.c.start_time, run.c.run_id)).label("id"),
        *(column for column in run.c if column.name != "id"),
    )
    .select_from(run)
    .subquery("numbered_run")
)


def find_sacred_runs(connection: sa.Connection) -> sa.FromClause | None:
    """Return the table of Sacred's runs, recognised by its columns; None if there is none."""
    inspector = sa.inspect(connection)
    if not inspector.has_table(run.name) or not inspector.has_table(experiment.name):
        return None
    columns = {column["name"] for column in inspector.get_columns(run.name)}
    missing = set(run.c.keys()) - columns
    if missing == {"id"}:
        return _first_runs
    return None if missing else run


def highest_sacred_number(connection: sa.Connection) -> int:
    """Return the highest id of a run of Sacred that is a number, or 0."""
    return next_number(connection.execute(sa.select(run.c.run_id)).scalars()) - 1


def _read_host(connection: sa.Connection, key: Any) -> dict[str, Any]:
    row = connection.execute(sa.select(host).where(host.c.host_id == key)).first()
    if row is None:
        return {}
    known = {name: getattr(row, name) for name in ("hostname", "cpu", "python_version")}
    return {**known, "os": [row.os, row.os_info]}


def _read_experiment(connection: sa.Connection, key: Any) -> dict[str, Any]:
    query = sa.select(experiment).where(experiment.c.experiment_id == key)
    row = connection.execute(query).first()
    if row is None:
        return {}
    sources = _linked_rows(connection, key, experiments_sources, source, "source_id")
    packages = _linked_rows(connection, key, experiments_dependencies, dependency, "dependency_id")
    repositories = (
        _linked_rows(connection, key, experiments_repositories, repository, "repository_id")
        if sa.inspect(connection).has_table(experiments_repositories.name)
        else []
    )
    return {
        "name": row.name,
        "base_dir": row.base_dir,
        "sources": [[each["filename"], each["md5sum"]] for each in sources],
        "dependencies": _requirements(packages),
        "repositories": [
            {name: each[name] for name in ("url", "commit", "dirty")} for each in repositories
        ],
    }


def _linked_rows(
    connection: sa.Connection, key: Any, links: sa.Table, table: sa.Table, column: str
) -> list[dict[str, Any]]:
    """Return rows of ``table`` that belong to an experiment, without contents."""
    wanted = [each for each in table.c if each.name != "content"]
    query = sa.select(*wanted).join(links, links.c[column] == table.c[column])
    query = query.where(links.c.experiment_id == key).order_by(table.c[column])
    return [dict(row._mapping) for row in connection.execute(query)]


def _read_release(connection: sa.Connection, key: Any) -> str | None:
    """Return the release of Sacred that recorded an experiment, if it is known."""
    packages = _linked_rows(connection, key, experiments_dependencies, dependency, "dependency_id")
    return sacred_release({"dependencies": _requirements(packages)})


def _requirements(packages: Sequence[Mapping[str, Any]]) -> list[str]:
    return [f"{each['name']}=={each['version']}" for each in packages]


def _decode(name: str, text: str | None, release: Read) -> Any:
    if not text:
        return {}
    try:
        loaded = json.loads(text)
    except ValueError as error:
        raise DamagedRecordError(f"the {name} is not valid JSON: {error}") from None
    # The columns have the entries in the order in which they were written.
    decoded = decode_jsonpickle(loaded, release(), is_ordered=True)
    if not isinstance(decoded, dict):
        return {}
    return without_metric_references(decoded) if name == "info" else decoded


def _convert(read: Read, converter: Callable[[Any], Any]) -> Any:
    return converter(read())


def _lines(text: str | None) -> list[str]:
    """Return the lines of a traceback, between which Sacred put another line break."""
    return [f"{line.rstrip()}\n" for line in text.split("\n\n")] if text else []


_CONVERTERS: dict[str, Callable[[Any], Any]] = {
    "status": lambda status: status or "",
    "command": lambda command: command or "",
    "meta": lambda values: {"comment": values[0] or "", "priority": values[1]},
    "fail_trace": _lines,
    "files": lambda pairs: {"resource": digests_of(pairs)},
}


class SacredTables(RunTables):
    """Sacred's tables, which are only read.

    Args:
        runs: From `find_sacred_runs`.
    """

    columns = {
        **{name: (name,) for name in ("status", "command", "fail_trace", "result")},
        **{name: (name,) for name in ("queue_time", "start_time", "stop_time", "heartbeat")},
        "id": ("run_id",),
        "experiment": ("experiment_id",),
        "host": ("host_id",),
        "config": ("config", "experiment_id"),
        "info": ("info", "experiment_id"),
        "meta": ("comment", "priority"),
    }
    shared = {"experiment": _read_experiment, "host": _read_host}
    is_own = False

    def __init__(self, runs: sa.FromClause) -> None:
        super().__init__()
        self._runs = runs
        self.key = runs.c.id
        self.tables = (runs, experiment, host, artifact, resource, runs_resources)
        artifacts = sa.select(runs.c.id, artifact.c.filename)
        own_artifacts = artifact.c.run_id == runs.c.run_id
        resources = (
            sa.select(runs.c.id, resource.c.filename, resource.c.md5sum)
            .join(runs_resources, runs_resources.c.run_id == runs.c.run_id)
            .join(resource, resource.c.resource_id == runs_resources.c.resource_id)
            .order_by(resource.c.resource_id)
        )
        self.lists = {
            "artifacts": artifacts.join(artifact, own_artifacts).order_by(artifact.c.artifact_id),
            "resources": resources.with_only_columns(runs.c.id, resource.c.filename),
            "files": resources,
        }

    def find_key(self, connection: sa.Connection, run_id: int | str) -> int | None:
        """Return the key of a run, also of one without an id that is listed as ``row KEY``.

        Sacred enters the id after the row: the process may have been killed in between.
        """
        run, name = self._runs, str(normalize_id(run_id))
        rows = connection.execute(sa.select(run.c.id, run.c.run_id).where(run.c.run_id == name))
        key = next((int(row.id) for row in rows if row.run_id == name), None)  # exactly
        number = row_number(name)
        if key is not None or number is None:
            return key
        has_no_id = sa.or_(run.c.run_id.is_(None), run.c.run_id == "")
        return connection.execute(sa.select(run.c.id).where(run.c.id == number, has_no_id)).scalar()

    def read_runs(
        self, connection: sa.Connection, keys: Sequence[int], names: Set[str]
    ) -> dict[int, Fields]:
        """Return fields; where a file was recorded several times, its name is listed once."""
        found = super().read_runs(connection, keys, names)
        for fields in found.values():
            fields |= {
                name: partial(_convert, fields[name], _CONVERTERS[name])
                for name in _CONVERTERS.keys() & names
            }
            for name in {"config", "info"} & names:
                text, experiment_id = fields[name]()
                release = self._read_shared(connection, _read_release, experiment_id)
                fields[name] = partial(_decode, name, text, release)
        return found

    def read_output(self, connection: sa.Connection, key: int) -> str:
        """Return the output, which has a column."""
        query = sa.select(self._runs.c.captured_out).where(self.key == key)
        return str(connection.execute(query).scalar() or "")

    def read_points(
        self, connection: sa.Connection, key: int, ranges: Ranges | None = None
    ) -> dict[str, dict[str, Any]]:
        """Return nothing: Sacred recorded no metrics here."""
        return {}

    def read_summaries(
        self, connection: sa.Connection, key: int, names: Iterable[str] | None
    ) -> dict[str, list[MetricSummary]]:
        """Return nothing: Sacred recorded no metrics here."""
        return {}

    def open_file(self, database: Database, key: int, kind: str, name: str) -> BinaryIO | None:
        """Open a file, which is in one column."""
        query = _content_query(self._runs, kind, name)
        if query is None:
            return None
        query = query.where(self.key == key)
        found = database.read_any(lambda connection: connection.execute(query.limit(1)).first())
        if found is None:
            return None
        data = found.content or b""
        return io.BytesIO(data.encode() if isinstance(data, str) else bytes(data))


def _content_query(run: sa.FromClause, kind: str, name: str) -> "sa.Select[Any] | None":
    """Return what selects the contents of files of runs, the newest first."""
    if kind == "artifact":
        query = sa.select(artifact.c.content).join(run, run.c.run_id == artifact.c.run_id)
        query = query.where(artifact.c.filename == name).order_by(artifact.c.artifact_id.desc())
    elif kind == "resource":
        query = sa.select(resource.c.content).join(
            runs_resources, runs_resources.c.resource_id == resource.c.resource_id
        )
        query = query.join(run, run.c.run_id == runs_resources.c.run_id)
        query = query.where(resource.c.filename == name).order_by(resource.c.resource_id.desc())
    elif kind == "source":
        query = sa.select(source.c.content).join(
            experiments_sources, experiments_sources.c.source_id == source.c.source_id
        )
        query = query.join(run, run.c.experiment_id == experiments_sources.c.experiment_id)
        query = query.where(source.c.filename == name)
    else:
        return None
    return query
