"""The first row of a run."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs
import sqlalchemy as sa

from sacred_core.stores.claims import IdRequest, claim_id
from sacred_sql.database import Database
from sacred_sql.experiments import kept_experiment, kept_host, told
from sacred_sql.ids import RowIds
from sacred_sql.recorder import Recorder
from sacred_sql.schema import LONGEST_COMMENT
from sacred_sql.values import columns_of, keep_large, texts_of


@attrs.frozen
class Beginning:
    """What is told when a run starts or is queued; one of the times is None."""

    ex_info: Mapping[str, Any]
    command: str
    host_info: Mapping[str, Any]
    config: Mapping[str, Any]
    meta_info: Mapping[str, Any]
    start_time: datetime | None = None
    queue_time: datetime | None = None


def begun(database: Database, beginning: Beginning, request: IdRequest) -> Recorder:
    """Insert the row of a new run and return what continues it.

    Raises:
        RunIdError: the id that was asked for exists already.
    """
    experiment = told(beginning.ex_info)
    host = dict(beginning.host_info)
    meta = dict(beginning.meta_info)
    texts = texts_of({"config": dict(beginning.config), "meta": meta})
    comment = meta.get("comment")
    row = {
        "command": beginning.command,
        "status": "QUEUED" if beginning.start_time is None else "RUNNING",
        "comment": comment
        if isinstance(comment, str) and len(comment) <= LONGEST_COMMENT
        else None,
        "start_time": beginning.start_time,
        "queue_time": beginning.queue_time,
        **columns_of(texts),
    }

    def shared(connection: sa.Connection) -> tuple[int, int]:
        return kept_experiment(connection, experiment), kept_host(connection, host)

    def work(connection: sa.Connection) -> Recorder:
        experiment_key, host_key = shared(connection)
        keys = {"experiment_id": experiment_key, "host_id": host_key}
        ids = RowIds(connection, {**row, **keys}, database.shown)
        run_id = claim_id(ids, request)
        keep_large(connection, ids.key, texts)
        return Recorder(database, run_id, ids.key, experiment, experiment_key)

    # Those who race for a number shall have nothing else to do.
    database.write(shared)
    return database.write(work)
