"""Workers claim queued runs of a collection."""

from typing import Any

import pymongo
from sacred_mongo import MongoObserver, MongoStore
from sacred_mongo.documents import QUEUE_RANK

from sacred_core.testing import EventDriver


def queue_runs(url: str, name: str, *priorities: Any, **fields: Any) -> list[Any]:
    """Queue a run for each priority, and return the ids."""
    observer = MongoObserver(url, name)
    meta = [{"priority": each} for each in priorities]
    ids = [EventDriver(observer).queue(meta_info=each, **fields) for each in meta]
    observer.join()
    return ids


def claimed(store: MongoStore, where: str | None = None) -> list[Any]:
    """Claim runs until none is left, and return the ids."""
    found = []
    while (run := store.claim(where, "ann")) is not None:
        assert run.claim is not None and run.claim.worker == "ann"
        found.append(run.id)
    return found


def test_the_oldest_run_of_the_highest_priority_is_claimed(mongo_url: str, db_name: str) -> None:
    """Also where a condition is given; a run that was put back is in its old place."""
    ids = queue_runs(mongo_url, db_name, 0, 5, 0, 5)
    store = MongoStore(mongo_url, db_name)
    order = [ids[1], ids[3], ids[0], ids[2]]
    assert claimed(store) == order
    assert all(store.requeue(run_id, "again") for run_id in ids)
    assert claimed(store, "meta.priority >= 0") == order


def test_runs_that_another_program_has_queued_are_claimed(mongo_url: str, db_name: str) -> None:
    """They have no place in the queue; a priority that is not a number counts as 0."""
    ids = queue_runs(mongo_url, db_name, 1, 7, "high", float("nan"))
    client: Any = pymongo.MongoClient(mongo_url)
    with client:
        client[db_name].runs.update_many({}, {"$unset": {QUEUE_RANK: ""}})
    assert claimed(MongoStore(mongo_url, db_name)) == [ids[1], ids[0], ids[2], ids[3]]


def test_a_run_with_large_facts_is_claimed(mongo_url: str, db_name: str) -> None:
    """Its facts are in a file: it is claimed in several steps, once."""
    sources = [[f"{number:0200}.py", "0" * 32] for number in range(3000)]
    info = {"name": "large", "base_dir": ".", "sources": sources, "dependencies": []}
    (run_id,) = queue_runs(mongo_url, db_name, 0, ex_info=info)
    store = MongoStore(mongo_url, db_name)
    assert claimed(store) == [run_id]
    run = store.get(run_id)
    assert run.claim is not None and run.claim.worker == "ann" and len(run.sources) == 3000
