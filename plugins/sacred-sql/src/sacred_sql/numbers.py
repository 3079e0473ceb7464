"""The highest number of a deleted run: the next run gets a higher one."""

import sqlalchemy as sa

from sacred_core.stores.run_ids import LARGEST
from sacred_sql.schema import deleted_numbers


def highest_deleted(connection: sa.Connection) -> int:
    """Return the number, 0 if no numbered run was deleted."""
    if not sa.inspect(connection).has_table(deleted_numbers.name):  # of an earlier release
        return 0
    found = connection.execute(sa.select(sa.func.max(deleted_numbers.c.highest))).scalar()
    return int(found or 0)


def note_deleted(connection: sa.Connection, number: int | None) -> None:
    """Store that the run with this number is deleted; only while one process removes."""
    if number is None or not highest_deleted(connection) < number <= LARGEST:
        return
    connection.execute(deleted_numbers.delete())
    connection.execute(deleted_numbers.insert().values(highest=number))
