"""When runs changed, by the clock of the server.

Each update of the document of a run sets its field ``changed`` to the server's time. A document
without it counts as changed: a new one, which gets it by its first update, and each that Sacred or
an earlier release wrote. So does one that Omniboard changed, which sets no time.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import IndexModel

from sacred_mongo.connection import Document, Runs

CHANGED = "changed"
#: The uid of a run; one of Sacred has none.
UID = "meta.uid"
_OMNIBOARD = "omniboard"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def with_change_time(update: Any) -> Any:
    """Return an update that also sets the time of the change.

    Args:
        update: Operators, or a list of stages.
    """
    if isinstance(update, list):
        return [*update, {"$set": {CHANGED: "$$NOW"}}]
    return {**update, "$currentDate": {CHANGED: True}}


def create_indexes(runs: Runs) -> None:
    """Create the indexes that find changed runs and uids, if they are missing."""
    models = [IndexModel(CHANGED), IndexModel(UID), IndexModel(_OMNIBOARD, sparse=True)]
    runs.create_indexes(models)


def server_time(runs: Runs) -> int:
    """Return the time of the server that writes, in milliseconds since 1970."""
    now: datetime = runs.database.command("hello")["localTime"]
    return (now.replace(tzinfo=UTC) - _EPOCH) // timedelta(milliseconds=1)


def changed_since(milliseconds: int) -> Document:
    """Return the filter of runs that changed at or after a time since 1970."""
    time = _EPOCH + timedelta(milliseconds=milliseconds)
    conditions: list[Document] = [
        {CHANGED: {"$gte": time}}, {CHANGED: None}, {_OMNIBOARD: {"$exists": True}}
    ]  # fmt: skip
    return {"$or": conditions}
