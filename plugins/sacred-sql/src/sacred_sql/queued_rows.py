"""What the process of a run writes of a run that is queued, or was queued before it starts."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from sacred_core.serialization import to_json
from sacred_core.stores.facts import encode_facts
from sacred_core.stores.model import StoredRun
from sacred_core.stores.worker_claims import is_waiting, priority_of
from sacred_sql.contents import write_facts
from sacred_sql.reading import find_key
from sacred_sql.schema import queued_runs, run_tokens, runs


def enqueue_waiting(connection: sa.Connection, key: int, run: StoredRun) -> None:
    """Add a run to the queue if it is waiting.

    Args:
        connection: In the transaction that writes the status.
        key: Of the run.
        run: The run.
    """
    if not is_waiting(run):
        return
    connection.execute(queued_runs.delete().where(queued_runs.c.run_key == key))
    rank = 0.0 - priority_of(run)  # not -0.0
    connection.execute(queued_runs.insert().values(rank=rank, run_key=key))


def insert_queued(connection: sa.Connection, key: int, run: StoredRun) -> None:
    """Write the facts of a new run that is claimed, and add one that is waiting to the queue."""
    if run.claim is not None:
        write_facts(connection, key, to_json(encode_facts(run)), is_new=True)
    enqueue_waiting(connection, key, run)


def start_queued(
    connection: sa.Connection, columns: Mapping[str, Any], run: StoredRun, token: str
) -> int | None:
    """Write the start of a queued run; a worker that has claimed it can write nothing more.

    Args:
        connection: In a transaction.
        columns: Of the row of the run.
        run: It replaces the claim, too.
        token: That of the process of the run.

    Returns:
        The key of the run; None if it is not queued.
    """
    key = find_key(connection, run.id)
    queued = runs.update().where(runs.c.run_key == key, runs.c.status == "QUEUED")
    if key is None or connection.execute(queued.values(columns)).rowcount != 1:
        return None
    connection.execute(queued_runs.delete().where(queued_runs.c.run_key == key))
    claimed = run_tokens.update().where(run_tokens.c.run_key == key).values(token=token)
    if connection.execute(claimed).rowcount:
        write_facts(connection, key, to_json(encode_facts(run)), is_new=False)
    return key
