"""The ids of the runs in a database."""

import functools
from typing import Any

import sqlalchemy as sa

from sacred_core.stores.run_ids import LARGEST
from sacred_sql.sacred_runs import SacredTables, find_sacred_runs, highest_sacred_number
from sacred_sql.schema import highest_deleted, runs


def highest_number(connection: sa.Connection) -> int:
    """Return the highest number that counts; of Sacred's runs where there are no others."""
    found = connection.execute(_highest()).scalar()
    if found is None and find_sacred_runs(connection) is not None:
        found = highest_sacred_number(connection)
    return max(int(found or 0), highest_deleted(connection))


@functools.cache
def _highest() -> sa.Select[Any]:
    return sa.select(sa.func.max(runs.c.run_number)).where(runs.c.run_number <= LARGEST)


def id_columns(run_id: int | str) -> dict[str, Any]:
    """Return the columns of the row of a run with an id."""
    return {"run_id": str(run_id), "run_number": run_id if isinstance(run_id, int) else None}


def is_taken(connection: sa.Connection, run_id: int | str) -> bool:
    """Return whether a run has this id as the database compares: "1 " may be "1" to it."""
    is_same = runs.c.run_id == str(run_id)
    if isinstance(run_id, int):
        is_same |= runs.c.run_number == run_id
    if connection.execute(sa.select(runs.c.run_key).where(is_same)).first() is not None:
        return True
    sacred_runs = find_sacred_runs(connection)
    if sacred_runs is None:
        return False
    return SacredTables(sacred_runs).find_key(connection, run_id) is not None
