"""The highest number of a deleted run of each collection: the next run gets a higher one."""

from sacred_mongo.connection import Runs

_COLLECTION = "sacred_deleted"


def note_deleted(runs: Runs, number: int | None) -> None:
    """Store that the run with this number is deleted; None of a run without a number."""
    if number is not None:
        change = {"$max": {"highest": number}}
        runs.database[_COLLECTION].update_one({"_id": runs.name}, change, upsert=True)


def highest_deleted(runs: Runs) -> int:
    """Return the number, 0 if no numbered run was deleted."""
    found = runs.database[_COLLECTION].find_one({"_id": runs.name})
    return int((found or {}).get("highest") or 0)
