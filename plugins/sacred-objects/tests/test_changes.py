"""Tests of the runs that changed since a listing, by the times of objects."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sacred_objects import ObjectObserver, ObjectStore, bucket_layout

from sacred_core.stores import RunQuery
from sacred_core.stores.changes import CLOCK_TOLERANCE, change_token, missing_ids
from sacred_core.testing.event_driver import record_completed_run

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def store(bucket: Any) -> ObjectStore:
    """Five runs that ended long ago, and other objects."""
    for _ in range(5):
        record_completed_run(ObjectObserver(lambda: bucket, bucket.url, "runs"))
    for key in ("runs/_resources/data", "runs/readme", "other/1/run.json"):
        bucket.put(key, b"{}")
    for key in bucket.written:
        bucket.written[key] = LONG_AGO
    return ObjectStore(bucket_layout(bucket, "runs"))


def changed(store: ObjectStore, token: str) -> list[Any]:
    return [run.id for run in store.list(RunQuery(since=token))]


def test_one_listing_finds_the_changes(
    store: ObjectStore, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Objects of other runs are not read, and objects beside the runs are no changes."""
    bucket.put("runs/2/cout.txt", b"x")
    token = change_token(store)
    bucket.put("runs/_resources/more", b"x")
    bucket.put("runs/4/annotations.jsonl", b"")
    read: list[str] = []
    listings: list[str] = []
    get, scan = bucket.get, bucket.scan
    monkeypatch.setattr(bucket, "get", lambda key, *a: (read.append(key), get(key, *a))[1])
    monkeypatch.setattr(bucket, "scan", lambda key, *a: (listings.append(key), scan(key, *a))[1])
    monkeypatch.setattr(bucket, "folders", None)
    assert changed(store, token) == [2, 4]
    assert {key.split("/")[1] for key in read} == {"4", "_index"}  # the index has the record of 2
    assert listings == ["runs/"]


def test_clocks_of_servers_may_differ(store: ObjectStore, bucket: Any) -> None:
    """Runs are listed again that changed within a minute before the last change."""
    last = datetime.now(UTC) - timedelta(minutes=2)
    bucket.written["runs/1/run.json"] = last - CLOCK_TOLERANCE
    bucket.written["runs/2/run.json"] = last - CLOCK_TOLERANCE - timedelta(milliseconds=1)
    bucket.written["runs/3/run.json"] = last
    token = change_token(store)
    assert changed(store, token) == [1, 3]
    bucket.written["runs/4/run.json"] = last - timedelta(seconds=30)
    assert changed(store, token) == [1, 3, 4]


def test_a_bucket_without_times_compares_records(
    store: ObjectStore, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bucket of another plugin may be without `scan`: changes are found all the same."""
    monkeypatch.delattr(type(bucket), "scan")
    store = ObjectStore(bucket_layout(bucket, "runs"))
    token = change_token(store)
    assert changed(store, token) == []
    record_completed_run(ObjectObserver(lambda: bucket, bucket.url, "runs"))
    assert 6 in changed(store, token)


def test_ids_are_found_without_reading(
    store: ObjectStore, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One listing finds the ids; what is left of a deleted run is not a run."""
    bucket.delete(["runs/2/run.json"])
    bucket.put("runs/3/run.json", b"{")
    monkeypatch.setattr(bucket, "get", None)
    assert store.ids() == [1, 3, 4, 5]
    assert missing_ids(store, [1, 2, 3]) == [2]
