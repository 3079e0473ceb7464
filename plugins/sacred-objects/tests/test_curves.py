"""Tests of the requests and bytes that curves and parts of metrics cost."""

from typing import Any

import pytest
from sacred_objects import ObjectObserver, ObjectStore, bucket_layout

from sacred_core.stores.curves import curve, points, summaries, tail
from sacred_core.stores.summaries import summarize_blocks
from sacred_core.testing import EventDriver

POINTS = 100_000
PART = 10_000


class Traffic:
    """Counts what is asked of a bucket.

    Attributes:
        requests: Their number.
        bytes: Of the answers.
    """

    def __init__(self, bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.requests = self.bytes = 0
        get, size = bucket.get, bucket.size

        def count(key: str, *span: Any) -> bytes | None:
            data: bytes | None = get(key, *span)
            self.requests += 1
            self.bytes += len(data or b"")
            return data

        def count_size(key: str) -> int | None:
            self.requests += 1
            found: int | None = size(key)
            return found

        monkeypatch.setattr(bucket, "get", count)
        monkeypatch.setattr(bucket, "size", count_size)


@pytest.fixture
def store(bucket: Any) -> ObjectStore:
    """One run that ended, with a long metric."""
    driver = EventDriver(ObjectObserver(lambda: bucket, bucket.url, "runs"))
    driver.start()
    for start in range(0, POINTS, PART):
        values = [float(number % 997) for number in range(start, start + PART)]
        driver.log("loss", values, first_step=start)
    driver.beat()
    driver.complete()
    return ObjectStore(bucket_layout(bucket, "runs"))


def test_a_curve_needs_the_index_only(
    store: ObjectStore, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three requests: for the record, the index and the size of the points."""
    whole = len(bucket.objects["runs/1/metrics.json"])
    traffic = Traffic(bucket, monkeypatch)
    found = curve(store, 1, "loss", width=100)
    values = [float(number % 997) for number in range(POINTS)]
    assert found == [*summarize_blocks([*range(POINTS)], values)]
    assert found == summaries(store, 1)["loss"]
    assert traffic.requests == 2 * 3
    assert traffic.bytes < 2 * 0.01 * whole


def test_ranges_of_points_are_fetched(
    store: ObjectStore, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request for each column gets the part of it around the points."""
    whole = len(bucket.objects["runs/1/metrics.json"])
    traffic = Traffic(bucket, monkeypatch)
    found = points(store, 1, {"loss": (70_500, 70_503)})["loss"]
    assert [*found["steps"]] == [70_500, 70_501, 70_502]
    assert [*found["values"]] == [float(number % 997) for number in range(70_500, 70_503)]
    assert len([*found["timestamps"]]) == 3
    assert traffic.requests == 3 + 3
    assert traffic.bytes < 1.2 * whole * PART / POINTS, (
        "more than the part that was written at once"
    )


def test_new_points_are_fetched_alone(
    store: ObjectStore, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tail has the summaries and the last part."""
    whole = len(bucket.objects["runs/1/metrics.json"])
    traffic = Traffic(bucket, monkeypatch)
    assert [*tail(store, 1, {"loss": POINTS - 1})["loss"]["steps"]] == [POINTS - 1]
    assert tail(store, 1, {"loss": POINTS}) == {}
    assert traffic.requests == 3 + 6 + 3
    assert traffic.bytes < 1.2 * whole * PART / POINTS + 3 * 0.01 * whole


@pytest.mark.parametrize("index", [None, b'{"size": 1, "metrics": {}}', b"cut o"])
def test_without_a_valid_index_all_points_are_read(
    store: ObjectStore, bucket: Any, index: bytes | None
) -> None:
    """A missing index, one of other points and a damaged one change no result."""
    expected = (summaries(store, 1), repr(points(store, 1, {"loss": (5, 7)})))
    bucket.delete(["runs/1/metrics.index.json"])
    if index is not None:
        bucket.put("runs/1/metrics.index.json", index)
    assert (summaries(store, 1), repr(points(store, 1, {"loss": (5, 7)}))) == expected


def test_an_index_alone_is_no_metric(store: ObjectStore, bucket: Any) -> None:
    """Where the points are gone there are none, as without an index."""
    bucket.delete(["runs/1/metrics.json"])
    assert summaries(store, 1) == {}
    assert points(store, 1, {"loss": (5, 7)}) == {}


def test_a_reader_follows_a_run_that_is_running(
    bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each tail fetches the record twice, and the parts that it does not have once."""
    driver = EventDriver(ObjectObserver(lambda: bucket, bucket.url, "runs"))
    driver.start()
    store = ObjectStore(bucket_layout(bucket, "runs"))
    for number in range(20):
        driver.log("loss", [float(number)])
    assert len(tail(store, 1, {})["loss"]["steps"]) == 20
    traffic = Traffic(bucket, monkeypatch)
    assert tail(store, 1, {"loss": 20}) == {}
    assert traffic.requests == 1
    driver.log("loss", [20.0])
    assert [*tail(store, 1, {"loss": 20})["loss"]["values"]] == [20.0]
    assert traffic.requests == 1 + 2 + 1
    driver.complete()
    assert [*tail(store, 1, {"loss": 20})["loss"]["values"]] == [20.0]
