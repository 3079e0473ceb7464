"""Makes the tables, once, also where many processes start at once."""

import sqlalchemy as sa

from sacred_core.exceptions import StoreError
from sacred_sql.schema import VERSION, metadata, versions

#: Names the lock; any number that others do not use.
_LOCK = 0x5AC8ED


def is_ready(connection: sa.Connection, shown: str, is_made: bool) -> bool:
    """Tell that the tables are there, which are made if need be; runs in a transaction.

    Args:
        connection: To the database.
        shown: How the database is called in errors.
        is_made: Make them; else their lack is an error.

    Raises:
        StoreError: they are not there, not ours, or of a later release.
    """
    if _is_there(connection, shown):
        return True
    if not is_made:
        raise StoreError(f"the database {shown} holds no runs of sacred-core")
    _lock(connection)
    try:
        if not _is_there(connection, shown):
            _make(connection, shown)
    finally:
        _unlock(connection)
    return True


def has_tables(connection: sa.Connection, shown: str) -> bool:
    """Tell whether the database has the tables of sacred-core.

    Raises:
        StoreError: they are of a later release.
    """
    return _is_there(connection, shown)


def add_table(connection: sa.Connection, table: sa.Table) -> None:
    """Create a table that databases of earlier releases lack; runs in a transaction."""
    if sa.inspect(connection).has_table(table.name):
        return
    _lock(connection)
    try:
        table.create(connection, checkfirst=True)
    finally:
        _unlock(connection)


def _is_there(connection: sa.Connection, shown: str) -> bool:
    if not sa.inspect(connection).has_table(versions.name):
        return False
    found = connection.execute(sa.select(sa.func.max(versions.c.version))).scalar()
    if found is not None and found > VERSION:
        raise StoreError(
            f"the database {shown} was written by a later release of sacred-sql (tables of "
            f"version {found}, this one knows {VERSION}): pip install --upgrade sacred-sql"
        )
    if found is not None and found < VERSION:
        raise StoreError(
            f"the database {shown} was written by an earlier release of sacred-sql (tables of "
            f"version {found}, this one needs {VERSION}): record into a new database, and install "
            "the earlier release to read this one"
        )
    return found is not None


def _make(connection: sa.Connection, shown: str) -> None:
    inspector = sa.inspect(connection)
    if not inspector.has_table(versions.name):
        foreign = sorted(set(inspector.get_table_names()) & set(metadata.tables))
        if foreign:
            raise StoreError(
                f"the database {shown} has a table {foreign[0]!r} of another program: give "
                "sacred-sql a database (or, in PostgreSQL, a schema) of its own"
            )
        versions.create(connection)
    metadata.create_all(connection)
    connection.execute(versions.insert().values(version=VERSION))


def _lock(connection: sa.Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    elif connection.dialect.name in ("mysql", "mariadb"):
        connection.execute(sa.select(sa.func.get_lock(f"sacred_sql_{_LOCK}", 60)))


def _unlock(connection: sa.Connection) -> None:
    """MySQL commits at each table: its lock belongs to the connection."""
    if connection.dialect.name in ("mysql", "mariadb"):
        connection.commit()
        connection.execute(sa.select(sa.func.release_lock(f"sacred_sql_{_LOCK}")))
