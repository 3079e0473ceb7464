"""The tables. README.md explains them to users."""

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey

from sacred_sql.columns import Bytes, Json, Key, LongText, ShortText, Text, UtcTime

#: Of the tables; a database with a higher one was written by a later release.
VERSION = 1
#: Characters. A longer comment is only in the metadata of its run.
LONGEST_COMMENT = 10_000

metadata = sa.MetaData()


def _table(name: str, *columns: sa.schema.SchemaItem) -> sa.Table:
    return sa.Table(
        name,
        metadata,
        *columns,
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mariadb_engine="InnoDB",
        mariadb_charset="utf8mb4",
        mariadb_collate="utf8mb4_bin",
        sqlite_autoincrement=True,  # the key of a deleted run is not given again
    )


def _own_key(name: str) -> Column[int]:
    return Column(name, Key, primary_key=True, autoincrement=True)


def _digest(name: str = "digest", unique: bool = True) -> Column[str]:
    return Column(name, sa.String(64), nullable=False, unique=unique)


def _of(target: str, is_key: bool = False, nullable: bool = False) -> Column[int]:
    name = target.partition(".")[2]
    return Column(
        name, Key, ForeignKey(target), primary_key=is_key, nullable=nullable, index=not is_key,
        autoincrement=False,
    )  # fmt: skip


def _number(name: str) -> Column[int]:
    return Column(name, Key, primary_key=True, autoincrement=False)


versions = _table("sacred_schema", _number("version"))

#: What files hold, each content once.
contents = _table(
    "contents",
    _own_key("content_id"),
    _digest("sha256"),
    Column("md5", sa.String(32), nullable=False),
    Column("size", sa.BigInteger, nullable=False),
)
content_parts = _table(
    "content_parts",
    _of("contents.content_id", is_key=True),
    _number("part"),
    Column("content", Bytes, nullable=False),
)
hosts = _table(
    "hosts",
    _own_key("host_id"),
    _digest(),
    Column("hostname", Text),
    Column("os", Text),
    Column("cpu", Text),
    Column("python_version", Text),
    Column("info", Json, nullable=False),
)
experiments = _table(
    "experiments",
    _own_key("experiment_id"),
    _digest(),
    Column("name", Text),
    Column("base_dir", Text),
    Column("info", Json, nullable=False),
)
sources = _table(
    "sources",
    _own_key("source_id"),
    _digest(),
    Column("name", Text, nullable=False),
    Column("md5", Text),
    _of("contents.content_id", nullable=True),
)
dependencies = _table(
    "dependencies",
    _own_key("dependency_id"),
    _digest(),
    Column("name", Text, nullable=False),
    Column("version", Text),
)
repositories = _table(
    "repositories",
    _own_key("repository_id"),
    _digest(),
    Column("url", Text),
    Column("commit_hash", Text),
    Column("dirty", sa.Boolean),
    Column("info", Json, nullable=False),
    _of("contents.content_id", nullable=True),
)


def _list_of(name: str, target: str) -> sa.Table:
    return _table(
        name, _of("experiments.experiment_id", is_key=True), _number("position"), _of(target)
    )


experiment_sources = _list_of("experiment_sources", "sources.source_id")
experiment_dependencies = _list_of("experiment_dependencies", "dependencies.dependency_id")
experiment_repositories = _list_of("experiment_repositories", "repositories.repository_id")

runs = _table(
    "runs",
    _own_key("run_key"),
    Column("run_id", ShortText, nullable=False, unique=True),
    Column("run_number", sa.BigInteger, unique=True),
    Column("id_elsewhere", Json),
    _of("experiments.experiment_id"),
    _of("hosts.host_id"),
    Column("command", Text),
    Column("status", Text, nullable=False),
    Column("comment", Text),
    Column("queue_time", UtcTime),
    Column("start_time", UtcTime),
    Column("heartbeat", UtcTime),
    Column("stop_time", UtcTime),
    Column("config", LongText),
    Column("meta", LongText),
    Column("info", LongText),
    Column("result", LongText),
    Column("fail_trace", LongText),
)
#: Values that are too large for a column of their run, which is NULL then.
large_values = _table(
    "large_values",
    _of("runs.run_key", is_key=True),
    Column("name", sa.String(64), primary_key=True),
    _of("contents.content_id"),
)
output = _table(
    "output",
    _of("runs.run_key", is_key=True),
    _number("start"),
    Column("text", Text, nullable=False),
)
metrics = _table(
    "metrics",
    _of("runs.run_key", is_key=True),
    _number("metric"),
    Column("name", Text, nullable=False),
)
#: Points ``start`` to ``start + length - 1`` of a metric.
points = _table(
    "points",
    _of("runs.run_key", is_key=True),
    _number("metric"),
    _number("start"),
    Column("length", sa.Integer, nullable=False),
    Column("steps", LongText, nullable=False),
    Column("metric_values", LongText, nullable=False),
    Column("timestamps", LongText, nullable=False),
)
resources = _table(
    "resources",
    _own_key("resource_id"),
    _of("runs.run_key"),
    _digest("filename_digest", unique=False),
    Column("filename", Text, nullable=False),
    _of("contents.content_id"),
    sa.UniqueConstraint("run_key", "filename_digest"),
)
artifacts = _table(
    "artifacts",
    _own_key("artifact_id"),
    _of("runs.run_key"),
    _digest("name_digest", unique=False),
    Column("name", Text, nullable=False),
    _of("contents.content_id"),
    Column("content_type", Text),
    Column("metadata", Json),
    sa.UniqueConstraint("run_key", "name_digest"),
)
annotations = _table(
    "annotations",
    _own_key("annotation_id"),
    _of("runs.run_key"),
    Column("said_at", UtcTime, nullable=False),
    Column("said_by", Text, nullable=False),
    Column("note", Text),
    Column("tags_added", Json, nullable=False),
    Column("tags_removed", Json, nullable=False),
)

#: One row, once a numbered run was deleted; added by the first deletion to older databases.
deleted_numbers = _table("deleted_numbers", _number("highest"))

#: What belongs to one run alone.
OF_RUNS = (large_values, output, points, metrics, resources, artifacts, annotations)
#: What refers to contents.
USERS_OF_CONTENTS = (sources, repositories, resources, artifacts, large_values)
