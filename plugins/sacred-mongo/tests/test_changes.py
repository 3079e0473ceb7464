"""Which runs changed, by the clock of the server."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sacred_mongo import MongoObserver, MongoStore

from sacred_core.stores import Annotation, RunQuery
from sacred_core.stores.changes import change_token
from sacred_core.testing import EventDriver
from sacred_core.testing.event_driver import START


@pytest.fixture
def observer(mongo_url: str, db_name: str) -> MongoObserver:
    return MongoObserver(mongo_url, db_name)


@pytest.fixture
def store(mongo_url: str, db_name: str) -> MongoStore:
    """A store that lists no run again without need."""
    store = MongoStore(mongo_url, db_name)
    store.overlap = timedelta(0)
    return store


@pytest.fixture
def driver(observer: MongoObserver) -> EventDriver:
    """The driver of a running run."""
    driver = EventDriver(observer)
    driver.start()
    return driver


def listed(store: MongoStore, token: str) -> list[Any]:
    return [run.id for run in store.list(RunQuery(since=token))]


def server_now(database: Any) -> datetime:
    (found,) = database.aggregate([{"$documents": [{"now": "$$NOW"}]}])
    now: datetime = found["now"]
    return now


def until_the_clock_advances(store: MongoStore, run_id: Any) -> str:
    """Return a token since which a run did not change: the clock has milliseconds."""
    while run_id in listed(store, token := change_token(store)):
        pass
    return token


def write_file(folder: Path) -> str:
    path = folder / "made"
    path.write_text("content")
    return str(path)


def annotate(driver: EventDriver, store: MongoStore) -> None:
    store.annotate(1, Annotation(time=START, user="ann", note="a note"))


def save(driver: EventDriver, store: MongoStore) -> None:
    observer = store.observer_of(1)
    assert "changed" in observer.run_entry
    observer.run_entry["more"] = 1
    observer.save()


CHANGES: dict[str, Callable[[EventDriver, MongoStore, Path], Any]] = {
    "beat": lambda driver, store, folder: driver.beat(),
    "short output": lambda driver, store, folder: driver.print("printed"),
    "long output": lambda driver, store, folder: driver.print("x" * 10_000),
    "output in files": lambda driver, store, folder: driver.print("x" * 8_000_000),
    "points": lambda driver, store, folder: driver.log("loss", [1.0]),
    "resource": lambda driver, store, folder: driver.resource(write_file(folder)),
    "artifact": lambda driver, store, folder: driver.artifact("a", write_file(folder)),
    "code": lambda driver, store, folder: driver.code(".", [], ["package==1"]),
    "end": lambda driver, store, folder: driver.complete(),
    "failure": lambda driver, store, folder: driver.fail(),
    "note": lambda driver, store, folder: annotate(driver, store),
    "save": lambda driver, store, folder: save(driver, store),
}


@pytest.mark.parametrize("change", CHANGES)
def test_each_change_is_listed(
    driver: EventDriver, store: MongoStore, tmp_path: Path, change: str
) -> None:
    """Each kind of change sets the time, also where the clocks have no difference to tolerate."""
    token = until_the_clock_advances(store, 1)
    CHANGES[change](driver, store, tmp_path)
    assert listed(store, token) == [1]


def test_a_queued_run_and_its_start_are_listed(observer: MongoObserver, store: MongoStore) -> None:
    """The token of an empty store lists the first run; the start of a queued run is a change."""
    empty = change_token(store)
    run_id = EventDriver(observer).queue()
    assert listed(store, empty) == [run_id]
    token = until_the_clock_advances(store, run_id)
    EventDriver(observer).start(_id=run_id, asked_id=run_id)
    assert listed(store, token) == [run_id]


def test_the_clock_is_that_of_the_server(driver: EventDriver, database: Any) -> None:
    """The stored time is between two of the server, whatever the times of the run are."""
    before = server_now(database)
    driver.beat()
    stored = database.runs.find_one()
    assert stored["heartbeat"] < before - timedelta(days=1)
    assert before <= stored["changed"] <= server_now(database)


def test_later_points_without_a_heartbeat_are_listed(
    driver: EventDriver, store: MongoStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """New points set the time again before runs that changed then are not listed again any more."""
    clock = [0.0]
    monkeypatch.setattr("sacred_mongo.points.time", SimpleNamespace(monotonic=lambda: clock[0]))
    driver.log("loss", [1.0])
    token = until_the_clock_advances(store, 1)
    clock[0] = MongoStore.overlap.total_seconds() / 2
    driver.log("loss", [2.0])
    assert listed(store, token) == [1]


def test_recent_changes_are_listed_again(driver: EventDriver, mongo_url: str, db_name: str) -> None:
    """By default a run is listed again for a minute: clocks of servers may differ."""
    store = MongoStore(mongo_url, db_name)
    driver.complete()
    assert listed(store, change_token(store)) == [1]


@pytest.mark.parametrize(
    "change",
    [
        {"$unset": {"changed": 1, "writer": 1, "token": 1}},
        {"$set": {"omniboard": {"tags": ["good"]}}},
    ],
)
def test_changes_of_other_programs_are_not_missed(
    driver: EventDriver, store: MongoStore, database: Any, change: Any
) -> None:
    """A document without the time, as of Sacred, counts as changed; so does one of Omniboard."""
    driver.complete()
    token = until_the_clock_advances(store, 1)
    database.runs.update_one({}, change)
    assert listed(store, token) == [1]


def test_changed_runs_have_an_index(driver: EventDriver, database: Any) -> None:
    """The times, and the documents of Omniboard, are found without reading all runs."""
    keys = [index["key"] for index in database.runs.index_information().values()]
    assert {("changed", 1), ("omniboard", 1)} <= {key[0] for key in keys}
