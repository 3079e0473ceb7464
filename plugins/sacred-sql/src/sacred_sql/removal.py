"""Removes runs, and what only they used; notes the highest number of a removed run."""

import sqlalchemy as sa

from sacred_core.stores.run_ids import LARGEST
from sacred_sql.contents import drop_unused
from sacred_sql.experiments import drop_unused_experiment, drop_unused_host
from sacred_sql.schema import OF_RUNS, deleted_numbers, runs


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


def remove(connection: sa.Connection, run_key: int) -> None:
    """Remove a run with all that is its own, while no other process removes one."""
    columns = (runs.c.experiment_id, runs.c.host_id, runs.c.run_number)
    query = sa.select(*columns).where(runs.c.run_key == run_key)
    experiment, host, number = connection.execute(query).one()
    note_deleted(connection, number)
    contents: list[int] = []
    for table in OF_RUNS:
        mine = table.c.run_key == run_key
        if "content_id" in table.c:
            contents += connection.execute(sa.select(table.c.content_id).where(mine)).scalars()
        connection.execute(table.delete().where(mine))
    connection.execute(runs.delete().where(runs.c.run_key == run_key))
    drop_unused(connection, contents)
    drop_unused_experiment(connection, experiment)
    drop_unused_host(connection, host)
