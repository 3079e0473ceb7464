"""Reads the runs that Sacred's own SqlObserver (0.7 to 0.8.7) recorded, in its tables."""

import functools
import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, BinaryIO

import sqlalchemy as sa
from sqlalchemy import Column

from sacred_core.exceptions import DamagedRecordError
from sacred_core.jsonpickle_data import decode_jsonpickle, sacred_release
from sacred_core.stores import Read, StoredRun
from sacred_core.stores.run_ids import next_number, normalize_id
from sacred_sql.schema import Bytes, LongText, UtcTime

_metadata = sa.MetaData()
_ID = sa.Integer


def _table(name: str, *columns: sa.schema.SchemaItem) -> sa.Table:
    return sa.Table(name, _metadata, *columns)


run = _table(
    "run",
    Column("id", _ID, primary_key=True),
    Column("run_id", sa.String),
    Column("command", sa.String),
    Column("start_time", UtcTime),
    Column("heartbeat", UtcTime),
    Column("stop_time", UtcTime),
    Column("queue_time", UtcTime),
    Column("priority", sa.Float),
    Column("comment", LongText),
    Column("fail_trace", LongText),
    Column("captured_out", LongText),
    Column("config", LongText),
    Column("info", LongText),
    Column("status", sa.String),
    Column("host_id", _ID),
    Column("experiment_id", _ID),
    Column("result", sa.Float),
)
host = _table(
    "host",
    Column("host_id", _ID, primary_key=True),
    *(Column(name, sa.String) for name in ("cpu", "hostname", "os", "os_info", "python_version")),
)
experiment = _table(
    "experiment",
    Column("experiment_id", _ID, primary_key=True),
    *(Column(name, sa.String) for name in ("name", "md5sum", "base_dir")),
)
source = _table(
    "source",
    Column("source_id", _ID, primary_key=True),
    Column("filename", sa.String),
    Column("md5sum", sa.String),
    Column("content", LongText),
)
dependency = _table(
    "dependency",
    Column("dependency_id", _ID, primary_key=True),
    Column("name", sa.String),
    Column("version", sa.String),
)
repository = _table(
    "repository",
    Column("repository_id", _ID, primary_key=True),
    Column("url", sa.String),
    Column("commit", sa.String),
    Column("dirty", sa.Boolean),
)
resource = _table(
    "resource",
    Column("resource_id", _ID, primary_key=True),
    Column("filename", sa.String),
    Column("md5sum", sa.String),
    Column("content", Bytes),
)
artifact = _table(
    "artifact",
    Column("artifact_id", _ID, primary_key=True),
    Column("filename", sa.String),
    Column("content", Bytes),
    Column("run_id", sa.String),
)


def _links(name: str, *columns: tuple[str, Any]) -> sa.Table:
    return _table(name, *(Column(column, kind) for column, kind in columns))


experiments_sources = _links("experiments_sources", ("experiment_id", _ID), ("source_id", _ID))
experiments_dependencies = _links(
    "experiments_dependencies", ("experiment_id", _ID), ("dependency_id", _ID)
)
#: Missing in databases of Sacred 0.7.
experiments_repositories = _links(
    "experiments_repositories", ("experiment_id", _ID), ("repository_id", _ID)
)
runs_resources = _links("runs_resources", ("run_id", sa.String), ("resource_id", _ID))


def has_sacred_tables(connection: sa.Connection) -> bool:
    """Tell whether the database has Sacred's tables: those of other programs have other columns."""
    inspector = sa.inspect(connection)
    if not inspector.has_table(run.name) or not inspector.has_table(experiment.name):
        return False
    columns = {column["name"] for column in inspector.get_columns(run.name)}
    return set(run.c.keys()) <= columns


#: What a list of runs needs: not the output.
_COLUMNS = tuple(column for column in run.c if column is not run.c.captured_out)
#: What is read of each run.
TABLES = (run, experiment, host, artifact, resource, runs_resources)
_ARTIFACTS = sa.select(artifact.c.run_id, artifact.c.filename).order_by(artifact.c.artifact_id)
_RESOURCES = (
    sa.select(runs_resources.c.run_id, resource.c.filename)
    .join(resource, resource.c.resource_id == runs_resources.c.resource_id)
    .order_by(resource.c.resource_id)
)


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


def read_keys(
    connection: sa.Connection, after: int | None, is_descending: bool, limit: int
) -> list[int]:
    """Return the keys of some runs.

    Args:
        connection: To the database.
        after: The last of those before; None for the first ones.
        is_descending: The newest first.
        limit: Their maximum number.
    """
    asked = sa.select(run.c.id).limit(limit)
    asked = asked.order_by(run.c.id.desc() if is_descending else run.c.id)
    if after is not None:
        asked = asked.where(run.c.id < after if is_descending else run.c.id > after)
    return list(connection.execute(asked).scalars())


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


class SacredReader:
    """Reads runs; what many of them share it reads once.

    Args:
        make: Makes a run from its fields: `sacred_core.stores.GuardedStore`.
    """

    def __init__(self, make: Callable[[Any, Mapping[str, Read]], StoredRun]) -> None:
        self._make = make
        self._experiments: dict[Any, dict[str, Any]] = {}

    def runs(self, connection: sa.Connection, keys: Sequence[int]) -> list[StoredRun]:
        """Return the runs with keys that exist, in this order.

        Raises:
            Exception: something in one of the rows cannot be decoded.
        """
        query = sa.select(*_COLUMNS).where(run.c.id.in_(keys))
        rows = {row.id: row for row in connection.execute(query)}
        found = []
        for key, row in ((key, rows[key]) for key in keys if key in rows):
            fields = self._fields(functools.partial(getattr, row), lambda work: work(connection))
            found.append(self._make(row_id(key, row.run_id), fields))
        return found

    def run(self, key: int, read: Callable[[Callable[[sa.Connection], Any]], Any]) -> StoredRun:
        """Return one run of which something cannot be decoded: each part is read alone.

        Args:
            key: Of the run.
            read: Does something with a connection, and raises a `DamagedRecordError` if it fails.
        """

        def column(name: str) -> Any:
            query = sa.select(run.c[name]).where(run.c.id == key)
            return read(lambda connection: connection.execute(query).scalar())

        try:
            run_id = column("run_id")
        except DamagedRecordError:
            run_id = None
        return self._make(row_id(key, run_id), self._fields(column, read))

    def _fields(self, column: Callable[[str], Any], read: Callable[[Any], Any]) -> dict[str, Read]:
        def read_experiment() -> Any:
            key = column("experiment_id")
            return read(lambda connection: self._experiment(connection, key))

        def files(query: "sa.Select[Any]") -> list[str]:
            mine = query.where(query.selected_columns.run_id == column("run_id"))
            return read(lambda c: list(dict.fromkeys(row.filename for row in c.execute(mine))))  # type: ignore[no-any-return]

        same = ("result", "queue_time", "start_time", "stop_time", "heartbeat")
        return {
            **{name: functools.partial(column, name) for name in same},
            "status": lambda: column("status") or "",
            "command": lambda: column("command") or "",
            "experiment": read_experiment,
            "host": lambda: read(lambda c: _host(c, column("host_id"))),
            "config": lambda: _decode_column(column, "config", read_experiment),
            "info": lambda: _decode_column(column, "info", read_experiment),
            "meta": lambda: {
                "comment": column("comment") or "", "priority": column("priority"),
            },
            "fail_trace": lambda: _lines(column("fail_trace")),
            "artifacts": lambda: files(_ARTIFACTS),
            "resources": lambda: files(_RESOURCES),
        }  # fmt: skip

    def _experiment(self, connection: sa.Connection, key: Any) -> dict[str, Any]:
        if key not in self._experiments:
            self._experiments[key] = _read_experiment(connection, key)
        return json.loads(json.dumps(self._experiments[key]))  # type: ignore[no-any-return]


def row_id(key: int, run_id: Any) -> int | str:
    """Return the id of a run, also where its row has none that can be one."""
    return normalize_id(run_id) if isinstance(run_id, str) and run_id else f"row {key}"


def _host(connection: sa.Connection, key: Any) -> dict[str, Any]:
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
        "dependencies": [f"{each['name']}=={each['version']}" for each in packages],
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


def _decode_column(
    column: Callable[[str], Any], name: str, read_experiment: Callable[[], Any]
) -> Any:
    text = column(name)
    if not text:
        return {}
    try:
        loaded = json.loads(text)
    except ValueError as error:
        raise DamagedRecordError(f"the {name} is not valid JSON: {error}") from None
    try:
        release = sacred_release(read_experiment())
    except DamagedRecordError:
        release = None
    # The columns have the entries in the order in which they were written.
    decoded = decode_jsonpickle(loaded, release, is_ordered=True)
    return decoded if isinstance(decoded, dict) else {}


def _lines(text: str | None) -> list[str]:
    """Return the lines of a traceback, between which Sacred put another line break."""
    return [f"{line.rstrip()}\n" for line in text.split("\n\n")] if text else []
