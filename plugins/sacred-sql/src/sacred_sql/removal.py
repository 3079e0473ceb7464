"""Deletes the rows of runs and of their parts, and what only they used."""

import sqlalchemy as sa

from sacred_core.stores.run_ids import LARGEST
from sacred_sql.changes import forget_changes
from sacred_sql.contents import drop_unused
from sacred_sql.experiments import drop_unused_experiment, drop_unused_host
from sacred_sql.row_ids import is_part_of
from sacred_sql.schema import OF_RUNS, deleted_numbers, highest_deleted, runs


def has_parts(connection: sa.Connection, run_key: int) -> bool:
    """Return whether a run has parts."""
    parts = sa.select(runs.c.run_key).where(is_part_of(run_key)).limit(1)
    return connection.execute(parts).first() is not None


def remove_run(connection: sa.Connection, run_key: int) -> bool:
    """Remove a run and its parts, and return whether it existed.

    While no other process removes one; see `sacred_sql.contents.lock_cleanup`.
    """
    own = sa.select(runs.c.run_key).where(runs.c.run_key == run_key)
    connection.execute(own.with_for_update())  # from now on no part is inserted
    parts = sa.select(runs.c.run_key).where(is_part_of(run_key))
    for key in connection.execute(parts).scalars().all():
        _remove_rows(connection, key)
    return _remove_rows(connection, run_key)


def _remove_rows(connection: sa.Connection, run_key: int) -> bool:
    """Remove a run, and return whether it existed; while no other process removes one."""
    columns = (runs.c.experiment_id, runs.c.host_id, runs.c.run_number)
    row = connection.execute(sa.select(*columns).where(runs.c.run_key == run_key)).first()
    if row is None:
        return False
    if row.run_number is not None and highest_deleted(connection) < row.run_number <= LARGEST:
        connection.execute(deleted_numbers.delete())
        connection.execute(deleted_numbers.insert().values(highest=row.run_number))
    contents: list[int] = []
    for table in OF_RUNS:
        mine = table.c.run_key == run_key
        if "content_id" in table.c:
            contents += connection.execute(sa.select(table.c.content_id).where(mine)).scalars()
        connection.execute(table.delete().where(mine))
    connection.execute(runs.delete().where(runs.c.run_key == run_key))
    forget_changes(connection, run_key)
    drop_unused(connection, contents)
    drop_unused_experiment(connection, row.experiment_id)
    drop_unused_host(connection, row.host_id)
    return True
