"""The queue of a database: a worker chooses and claims a run in one transaction."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from sacred_core.serialization import to_json
from sacred_core.stores.facts import encode_facts
from sacred_core.stores.model import StoredRun
from sacred_sql.contents import write_facts
from sacred_sql.reading import find_key
from sacred_sql.schema import run_tokens, runs


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
    claimed = run_tokens.update().where(run_tokens.c.run_key == key).values(token=token)
    if connection.execute(claimed).rowcount:
        write_facts(connection, key, to_json(encode_facts(run)), is_new=False)
    return key
