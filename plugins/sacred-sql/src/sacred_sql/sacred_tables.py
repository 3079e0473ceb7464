"""The tables of Sacred's own SqlObserver (0.7 to 0.8.7), which are only read."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column

from sacred_sql.columns import Bytes, LongText, UtcTime

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


def are_there(connection: sa.Connection) -> bool:
    """Tell whether the database has Sacred's tables: those of other programs have other columns."""
    inspector = sa.inspect(connection)
    if not inspector.has_table(run.name) or not inspector.has_table(experiment.name):
        return False
    columns = {column["name"] for column in inspector.get_columns(run.name)}
    return set(run.c.keys()) <= columns
