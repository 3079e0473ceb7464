"""Removes runs, and what only they used."""

import sqlalchemy as sa

from sacred_sql.contents import drop_unused
from sacred_sql.experiments import drop_unused_experiment, drop_unused_host
from sacred_sql.numbers import note_deleted
from sacred_sql.schema import OF_RUNS, runs


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
