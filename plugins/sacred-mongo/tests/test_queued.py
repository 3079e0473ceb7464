"""The observer on a thread of its own, and older ways to make one."""

from typing import Any

import pymongo
import pytest
from sacred_mongo import MongoObserver, MongoStore, QueuedMongoObserver

from sacred_core import observers, open_store
from sacred_core.testing.experiments import run_main


def test_a_queued_observer_records_the_run(mongo_url: str, db_name: str) -> None:
    """Everything is there once the run has returned."""
    observer = QueuedMongoObserver(url=mongo_url, db_name=db_name, priority=7)
    assert observer.priority == 7

    def main(_run: Any) -> int:
        print("hello")
        _run.log_scalar("loss", 1.0)
        return 3

    run = run_main(observer, main)
    store = MongoStore(mongo_url, db_name)
    assert (store.get(run._id).status, store.get(run._id).result) == ("COMPLETED", 3)
    assert store.output(run._id).endswith("hello\n")
    assert store.metrics(run._id)["loss"]["values"] == [1.0]


def test_both_are_among_the_observers() -> None:
    """Both are among the observers, as the manual imports them."""
    assert observers.MongoObserver is MongoObserver
    assert observers.QueuedMongoObserver is QueuedMongoObserver


def test_older_ways_to_make_one(mongo_url: str, db_name: str) -> None:
    """`create` warns, `create_from` takes collections."""
    with pytest.warns(DeprecationWarning, match=r"use MongoObserver\("):
        MongoObserver.create(url=mongo_url, db_name=db_name)
    with pymongo.MongoClient(mongo_url) as client:
        observer = MongoObserver.create_from(client[db_name]["mine"], priority=3)
        assert (observer.collection, observer.priority) == ("mine", 3)
        run_main(observer, lambda: None)
        assert client[db_name]["mine"].find_one()["status"] == "COMPLETED"


def test_run_entry_can_be_added_to(mongo_url: str, db_name: str, database: Any) -> None:
    """What a subclass puts into it is stored with `save`."""

    class Noting(MongoObserver):
        def started_event(self, *args: Any, **kwargs: Any) -> Any:
            run_id = super().started_event(*args, **kwargs)
            self.run_entry["note"] = "mine"
            self.save()
            return run_id

    run_main(Noting(mongo_url, db_name), lambda: None)
    assert database.runs.find_one()["note"] == "mine"


def test_a_url_opens_the_store(mongo_url: str, db_name: str) -> None:
    """A URL opens the store, with the database and the collection in it."""
    run = run_main(MongoObserver(mongo_url, db_name, "mine"), lambda: None)
    store = open_store(f"{mongo_url.rstrip('/')}/{db_name}.mine")
    assert [found.id for found in store.list()] == [run._id]
