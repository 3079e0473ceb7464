"""The tables, and how they are made. README.md explains them to users."""

import contextlib
from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey

from sacred_core.exceptions import StoreError
from sacred_sql.column_types import Bytes, Json, Key, LongText, ShortText, Text, UtcTime

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
        sqlite_autoincrement=True,  # the key of a deleted run is not reused
    )


def _own_key(name: str) -> Column[int]:
    return Column(name, Key, primary_key=True, autoincrement=True)


def _digest(name: str = "digest", unique: bool = True) -> Column[str]:
    return Column(name, sa.String(64), nullable=False, unique=unique)


def _foreign_key(target: str, is_key: bool = False, nullable: bool = False) -> Column[int]:
    name = target.partition(".")[2]
    return Column(
        name, Key, ForeignKey(target), primary_key=is_key, nullable=nullable, index=not is_key,
        autoincrement=False,
    )  # fmt: skip


def _key_of_run(index: bool = False) -> Column[int]:
    """Return the key of a table that earlier releases do not support when they delete a run."""
    target = ForeignKey("runs.run_key", ondelete="CASCADE")
    return Column("run_key", Key, target, primary_key=True, autoincrement=False, index=index)


def _number(name: str) -> Column[int]:
    return Column(name, Key, primary_key=True, autoincrement=False)


versions = _table("sacred_schema", _number("version"))

#: The content of files, each content once.
contents = _table(
    "contents",
    _own_key("content_id"),
    _digest("sha256"),
    Column("md5", sa.String(32), nullable=False),
    Column("size", sa.BigInteger, nullable=False),
)
content_parts = _table(
    "content_parts",
    _foreign_key("contents.content_id", is_key=True),
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
    _foreign_key("contents.content_id", nullable=True),
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
    _foreign_key("contents.content_id", nullable=True),
)


def _link_table(name: str, target: str) -> sa.Table:
    return _table(
        name,
        _foreign_key("experiments.experiment_id", is_key=True),
        _number("position"),
        _foreign_key(target),
    )


experiment_sources = _link_table("experiment_sources", "sources.source_id")
experiment_dependencies = _link_table("experiment_dependencies", "dependencies.dependency_id")
experiment_repositories = _link_table("experiment_repositories", "repositories.repository_id")

runs = _table(
    "runs",
    _own_key("run_key"),
    Column("run_id", ShortText, nullable=False, unique=True),
    Column("run_number", sa.BigInteger, unique=True),
    Column("id_elsewhere", Json),
    _foreign_key("experiments.experiment_id"),
    _foreign_key("hosts.host_id"),
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
    _foreign_key("runs.run_key", is_key=True),
    Column("name", sa.String(64), primary_key=True),
    _foreign_key("contents.content_id"),
)
output = _table(
    "output",
    _foreign_key("runs.run_key", is_key=True),
    _number("start"),
    Column("text", Text, nullable=False),
)
metrics = _table(
    "metrics",
    _foreign_key("runs.run_key", is_key=True),
    _number("metric"),
    Column("name", Text, nullable=False),
)
#: Points ``start`` to ``start + length - 1`` of a metric.
points = _table(
    "points",
    _foreign_key("runs.run_key", is_key=True),
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
    _foreign_key("runs.run_key"),
    _digest("filename_digest", unique=False),
    Column("filename", Text, nullable=False),
    _foreign_key("contents.content_id"),
    sa.UniqueConstraint("run_key", "filename_digest"),
)
artifacts = _table(
    "artifacts",
    _own_key("artifact_id"),
    _foreign_key("runs.run_key"),
    _digest("name_digest", unique=False),
    Column("name", Text, nullable=False),
    _foreign_key("contents.content_id"),
    Column("content_type", Text),
    Column("metadata", Json),
    sa.UniqueConstraint("run_key", "name_digest"),
)
annotations = _table(
    "annotations",
    _own_key("annotation_id"),
    _foreign_key("runs.run_key"),
    Column("said_at", UtcTime, nullable=False),
    Column("said_by", Text, nullable=False),
    Column("note", Text),
    Column("tags_added", Json, nullable=False),
    Column("tags_removed", Json, nullable=False),
)

#: JSON of what `sacred_core.stores.facts` has of a run; added by the first run to older databases.
#: A value that is too large for it is in `large_values`.
facts = _table("facts", _key_of_run(), Column("value", LongText))
#: JSON list of the summaries of a row of `points`, each as `sacred_core.stores.summaries` encodes
#: it; missing where an earlier release wrote the row.
point_summaries = _table(
    "point_summaries",
    _key_of_run(),
    _number("metric"),
    _number("start"),
    Column("blocks", LongText, nullable=False),
)
#: When each run last changed, see `sacred_sql.changes`. It refers to no table: an earlier release
#: may delete a run without its row here.
run_changes = _table(
    "run_changes", _number("run_key"), Column("number", sa.BigInteger, nullable=False, index=True)
)
#: The token of the process that resumed a run; a process with another one writes nothing more.
run_tokens = _table("run_tokens", _key_of_run(), _digest("token", unique=False))
#: The runs that wait in the queue for a worker, in the order in which they are claimed: ``rank`` is
#: lower for a higher priority. Earlier releases queue and start runs without a row here.
queued_runs = _table(
    "queued_runs", Column("rank", sa.Double, primary_key=True), _key_of_run(index=True)
)
#: One row, once a numbered run was deleted; added by the first deletion to older databases.
deleted_numbers = _table("deleted_numbers", _number("highest"))

#: What belongs to one run alone.
OF_RUNS = (
    large_values, output, points, point_summaries, metrics, resources, artifacts, annotations,
    facts, run_tokens, queued_runs,
)  # fmt: skip
#: Tables that databases of earlier releases lack.
ADDED = (facts, point_summaries, run_changes, run_tokens, queued_runs, deleted_numbers)
#: What refers to contents.
USERS_OF_CONTENTS = (sources, repositories, resources, artifacts, large_values)


#: Names the lock; any number that others do not use.
_LOCK = 0x5AC8ED


def ensure_tables(connection: sa.Connection, display_url: str, create: bool) -> bool:
    """Return True once the tables exist; runs in a transaction.

    Args:
        connection: To the database.
        display_url: How the database is called in errors.
        create: Create them; else their lack is an error.

    Raises:
        StoreError: they are not there, not ours, or of another release.
    """
    if has_tables(connection, display_url):
        return True
    if not create:
        raise StoreError(f"the database {display_url} has no runs of sacred-core")
    with _locked(connection):
        if not has_tables(connection, display_url):
            _create_tables(connection, display_url)
    return True


def has_tables(connection: sa.Connection, display_url: str) -> bool:
    """Return whether the database has the tables of sacred-core.

    Raises:
        StoreError: they are of another release.
    """
    return sa.inspect(connection).has_table(versions.name) and _is_current(connection, display_url)


def _is_current(connection: sa.Connection, display_url: str) -> bool:
    found = connection.execute(sa.select(sa.func.max(versions.c.version))).scalar()
    if found is not None and found > VERSION:
        raise StoreError(
            f"the database {display_url} was written by a later release of sacred-sql (tables of "
            f"version {found}, this one supports {VERSION}): pip install --upgrade sacred-sql"
        )
    if found is not None and found < VERSION:
        raise StoreError(
            f"the database {display_url} was written by an earlier release of sacred-sql (tables "
            f"of version {found}, this one needs {VERSION}): record into a new database, and "
            "install the earlier release to read this one"
        )
    return found is not None


def has_all_tables(connection: sa.Connection, display_url: str) -> bool:
    """Return whether the database has all tables, in two statements.

    Tables that are not listed, such as views in their places, count as missing here: `add_tables`
    examines each by its name.

    Raises:
        StoreError: they are of another release.
    """
    names = set(sa.inspect(connection).get_table_names())
    return names.issuperset(metadata.tables) and _is_current(connection, display_url)


def has_table(connection: sa.Connection, table: sa.Table) -> bool:
    """Return whether the database has one of the tables that those of earlier releases lack."""
    return sa.inspect(connection).has_table(table.name)


def add_tables(connection: sa.Connection) -> None:
    """Create the tables that databases of earlier releases lack; runs in a transaction."""
    if all(has_table(connection, table) for table in ADDED):
        return
    with _locked(connection):
        for table in ADDED:
            if has_table(connection, table):
                continue
            table.create(connection)
            if table is run_changes:
                connection.execute(_first_changes())


def _first_changes() -> sa.Insert:
    """Return what inserts a row for each run that ended: nothing but a later release changes it."""
    ended = sa.select(runs.c.run_key, sa.literal(0)).where(
        runs.c.status.not_in(("RUNNING", "QUEUED"))
    )
    return run_changes.insert().from_select(["run_key", "number"], ended)


def highest_deleted(connection: sa.Connection) -> int:
    """Return the highest number of a deleted run, 0 if no numbered run was deleted.

    Only within `sacred_sql.database.Database.write`, which creates the table.
    """
    found = connection.execute(sa.select(sa.func.max(deleted_numbers.c.highest))).scalar()
    return int(found or 0)


def _create_tables(connection: sa.Connection, display_url: str) -> None:
    inspector = sa.inspect(connection)
    if not inspector.has_table(versions.name):
        foreign = sorted(set(inspector.get_table_names()) & set(metadata.tables))
        if foreign:
            raise StoreError(
                f"the database {display_url} has a table {foreign[0]!r} of another program: use "
                "a separate database (or, in PostgreSQL, a separate schema)"
            )
        versions.create(connection)
    metadata.create_all(connection)
    connection.execute(versions.insert().values(version=VERSION))


@contextlib.contextmanager
def _locked(connection: sa.Connection) -> Iterator[None]:
    """Prevent other processes from creating tables in the block."""
    name = f"sacred_sql_{_LOCK}"
    is_mysql = connection.dialect.name in ("mysql", "mariadb")
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    elif is_mysql:
        connection.execute(sa.select(sa.func.get_lock(name, 60)))
    try:
        yield
    finally:
        if is_mysql:  # it commits at each table: its lock belongs to the connection
            connection.commit()
            connection.execute(sa.select(sa.func.release_lock(name)))
