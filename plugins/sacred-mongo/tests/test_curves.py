"""Summaries and ranges of points, and what is fetched for them."""

import math
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pymongo
import pytest
from pymongo import monitoring
from sacred_mongo import MongoObserver, MongoStore

from sacred_core.stores import RunQuery, find_runs
from sacred_core.stores.curves import curve, points, summaries, tail
from sacred_core.stores.query import Field
from sacred_core.testing import EventDriver
from sacred_core.testing.series import spell, summarize_by_point

VALUES = [math.sin(n) for n in range(2_500)]


class Replies(monitoring.CommandListener):
    """Has the collections that were read, and counts the points in what the server returned."""

    def __init__(self) -> None:
        self.collections: list[str] = []
        self.points = 0
        self.documents: list[Any] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name in ("find", "aggregate"):
            self.collections.append(event.command[event.command_name])

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        cursor = event.reply.get("cursor") or {}
        for document in cursor.get("firstBatch") or cursor.get("nextBatch") or ():
            self.documents.append(dict(document))
            self.points += len(document.get("values") or ())

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Ignore failures, of which the tests have none."""


@pytest.fixture
def replies() -> Replies:
    return Replies()


@pytest.fixture
def observer(mongo_url: str, db_name: str) -> MongoObserver:
    return MongoObserver(mongo_url, db_name)


@pytest.fixture
def store(mongo_url: str, db_name: str, replies: Replies) -> Iterator[MongoStore]:
    with pymongo.MongoClient(mongo_url, event_listeners=[replies]) as client:
        yield MongoStore(client=client, db_name=db_name)


def record(observer: MongoObserver, values: list[Any], part: int = 700) -> tuple[EventDriver, Any]:
    """Return the driver and the id of a run that is running and has logged values."""
    driver = EventDriver(observer)
    run_id = driver.start()
    for start in range(0, len(values), part):
        driver.log("loss", values[start : start + part], start)
    driver.beat()
    return driver, run_id


def expected(values: list[Any]) -> list[list[str]]:
    """Return the summaries of blocks, point by point."""
    edges = [*range(0, len(values), 1000), len(values)]
    steps = list(range(len(values)))
    return [spell(summarize_by_point(steps[a:b], values[a:b], a)) for a, b in pairwise(edges)]


def found(store: MongoStore, run_id: Any) -> list[list[str]]:
    return [spell(block) for block in summaries(store, run_id)["loss"]]


@pytest.mark.parametrize("count", [1, 999, 1000, 1001, 2500, 3000, 204_000])
def test_summaries_need_no_points(
    observer: MongoObserver, store: MongoStore, replies: Replies, count: int
) -> None:
    """No point is fetched for summaries, during a run and after its end; then one document is
    enough, however long the metric is.
    """
    values = [float(n * 7919 % 10_007) for n in range(count)]
    driver, run_id = record(observer, values, part=17_000)
    assert found(store, run_id) == expected(values)
    driver.complete()
    assert replies.points == 0
    replies.documents.clear()
    assert found(store, run_id) == expected(values)
    assert replies.points == 0
    outlines = [document for document in replies.documents if "count" in document]
    assert len(outlines) == 1


def test_ranges_fetch_their_points_only(
    observer: MongoObserver, store: MongoStore, replies: Replies
) -> None:
    """During a run and after its end the server returns no point outside of a range."""
    driver, run_id = record(observer, VALUES)
    for ended in (False, True):
        if ended:
            driver.complete()
        for start, stop in [(0, 1), (999, 1001), (1500, 1500), (2499, None), (2600, None)]:
            replies.points = 0
            own = points(store, run_id, {"loss": (start, stop), "other": (0, None)})
            assert own.keys() == {"loss"}
            assert own["loss"]["values"] == VALUES[start:stop]
            assert own["loss"]["steps"] == list(range(2500))[start:stop]
            # A document that is cut at its beginning only.
            assert replies.points <= len(VALUES[start:stop]) + 1
        replies.points = 0
        assert tail(store, run_id, {"loss": 2490})["loss"]["values"] == VALUES[2490:]
        assert replies.points == 10
        replies.points = 0
        assert curve(store, run_id, "loss", width=3)[0].stop == 1000
        assert replies.points == 0


def unset_summaries(database: Any) -> None:
    database.metrics.update_many({}, {"$unset": {"summaries": 1}})


def edit_summaries(database: Any) -> None:
    database.metrics.update_one({"start": 1000}, {"$set": {"summaries": [["edited"]]}})


def drop_a_summary(database: Any) -> None:
    database.metrics.update_one({"start": 1000}, {"$set": {"summaries": []}})


def shorten_a_summary(database: Any) -> None:
    database.metrics.update_one({"start": 2000}, {"$set": {"summaries.0.1": 499}})


@pytest.mark.parametrize(
    "change", [unset_summaries, edit_summaries, drop_a_summary, shorten_a_summary]
)
def test_summaries_of_other_points_are_ignored(
    observer: MongoObserver, store: MongoStore, database: Any, change: Callable[[Any], None]
) -> None:
    """Where summaries are missing, damaged or not those of all points, the points are read."""
    _, run_id = record(observer, VALUES)
    change(database)
    assert found(store, run_id) == expected(VALUES)


def test_points_of_an_earlier_release_after_the_summaries(
    observer: MongoObserver, store: MongoStore, database: Any
) -> None:
    """Points that a release without summaries adds are part of what is read."""
    _, run_id = record(observer, VALUES)
    stored = database.metrics.find_one({"start": 2000})
    added = {"steps": 2500, "values": 99.0, "timestamps": stored["timestamps"][0]}
    database.metrics.update_one({"_id": stored["_id"]}, {"$push": added})
    assert found(store, run_id) == expected([*VALUES, 99.0])


@pytest.mark.parametrize(
    ("count", "change"), [(1_300, None), (1_000, None), (999, unset_summaries)]
)
def test_a_continued_run_has_summaries_of_all_points(
    observer: MongoObserver, store: MongoStore, database: Any, replies: Replies, count: int,
    change: Callable[[Any], None] | None,
) -> None:  # fmt: skip
    """Another process that continues a block, also one of an earlier release, summarizes all of
    it; what is delivered again counts once.
    """
    driver, run_id = record(observer, VALUES[:count])
    if change is not None:
        change(database)
    continuing = store.observer_of(run_id)
    metric = {
        "steps": list(range(count, 2500)),
        "values": VALUES[count:],
        "timestamps": driver.metrics["loss"]["timestamps"][:1] * (2500 - count),
    }
    for _ in range(2):
        continuing.append_points({"loss": metric}, {"loss": count})
    replies.points = 0
    assert found(store, run_id) == expected(VALUES)
    assert replies.points == 0


def test_integers_beyond_bson_are_in_summaries(observer: MongoObserver, store: MongoStore) -> None:
    """Values and steps that BSON does not have are summarized without their points."""
    driver = EventDriver(observer)
    run_id = driver.start()
    driver.log_points({"loss": ([10**30, 2**40, 3], [2**70, -(2**63), 0.5])})
    driver.beat()
    (block,) = summaries(store, run_id)["loss"]
    assert (block.max, block.argmax, block.min) == (2**70, 10**30, -(2**63))
    assert type(block.min) is int
    assert store.metrics(run_id)["loss"]["values"] == [2**70, -(2**63), 0.5]


def test_sorting_by_a_metric_reads_facts_only(
    observer: MongoObserver, store: MongoStore, replies: Replies
) -> None:
    """The documents of the points are not used; facts are fetched only if they are."""
    ids = []
    for number in (3, 1, 2):
        driver, run_id = record(observer, [float(number), 5.0])
        driver.complete()
        ids.append(run_id)
    listed = find_runs(store, sort="metrics.loss.min")
    assert [run.id for run in listed] == [ids[1], ids[2], ids[0]]
    assert set(replies.collections) == {"runs"}
    listed = find_runs(store, sort="metrics.loss.min", fields=[Field("id")])
    assert [run.id for run in listed] == [ids[1], ids[2], ids[0]]
    replies.documents.clear()
    assert len(list(store.list(RunQuery(fields=[Field("id")])))) == 3
    assert all("facts" not in document for document in replies.documents)


def test_runs_are_counted_without_reading_them(
    observer: MongoObserver, store: MongoStore, replies: Replies
) -> None:
    """The server counts; no document of a run is fetched."""
    assert store.count() == 0
    for _ in range(3):
        EventDriver(observer).start()
    assert store.count() == 3
    assert not any("status" in document for document in replies.documents)


@pytest.mark.parametrize("is_continued", [False, True], ids=["one observer", "continued"])
def test_the_end_of_a_long_metric_reads_no_points(
    mongo_url: str, db_name: str, store: MongoStore, replies: Replies, is_continued: bool
) -> None:
    """Its first document gets the summaries of all blocks, which the observer that wrote them has;
    one that continued the run asks the server for those before.
    """
    values = [float(index * 7919 % 10_007) for index in range(200_500)]
    with pymongo.MongoClient(mongo_url, event_listeners=[replies]) as client:
        driver, run_id = record(
            MongoObserver(client=client, db_name=db_name), values[:200_100], part=7_001
        )
        if is_continued:
            driver.continue_with(MongoStore(client=client, db_name=db_name).observer_of(run_id))
        driver.log("loss", values[200_100:], 200_100)
        driver.beat()
        replies.collections.clear()
        replies.points = 0
        driver.complete()
        assert replies.points == 0
        assert ("metrics" in replies.collections) == is_continued
    assert found(store, run_id) == expected(values)
    assert len(replies.documents[-1]["summaries"]) == 201
