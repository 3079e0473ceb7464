"""What deleting a run removes from a bucket, and what it never removes."""

import contextlib
import itertools
import json
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sacred_objects import ObjectObserver, ObjectStore, bucket_layout

from sacred_core.exceptions import RunRemovedError, StoreError
from sacred_core.testing import EventDriver
from sacred_core.testing.event_driver import DispatchingDriver

DIGEST = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


@pytest.fixture
def store(bucket: Any) -> ObjectStore:
    return ObjectStore(bucket_layout(bucket, "runs"))


def feed_of(bucket: Any, **folders: Any) -> EventDriver:
    return EventDriver(ObjectObserver(lambda: bucket, bucket.url, "runs", **folders))


def completed(bucket: Any, path: Path, **folders: Any) -> Any:
    """Return the id of a run that has a resource and an artifact."""
    path.write_text(path.name)
    driver = feed_of(bucket, **folders)
    run_id = driver.start()
    driver.resource(str(path))
    driver.artifact("model.bin", str(path))
    driver.complete()
    return run_id


def shared(bucket: Any) -> set[str]:
    return {key for key in bucket.objects if "_resources/" in key}


@pytest.mark.parametrize(
    "stored",
    [
        "1/run.json", "./1/../1/run.json", "_resources/../1/model.bin", "../outside.txt", "", "..",
        f"../outside_{DIGEST}.txt", "_resources", f"_resources/deep/er_{DIGEST}.txt",
        "_resources/mine.txt", "_ids/deleted-9", f"1/model_{DIGEST}.bin",
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["resources", "sources", "patch"])
def test_an_edited_record_removes_nothing_of_others(
    bucket: Any, store: ObjectStore, tmp_path: Path, kind: str, stored: str
) -> None:
    """An edited record removes nothing of others, whatever it names beside shared content."""
    completed(bucket, tmp_path / "a.txt")
    second = completed(bucket, tmp_path / "b.txt")
    for key in ("outside.txt", f"outside_{DIGEST}.txt", f"runs/1/model_{DIGEST}.bin",
                f"runs/_resources/deep/er_{DIGEST}.txt", "runs/_resources/mine.txt"):  # fmt: skip
        bucket.put(key, b"x")
    entry = json.loads(bucket.objects[f"runs/{second}/run.json"])
    entry["resources"] = [["a", stored]] if kind == "resources" else []
    entry["experiment"]["sources"] = [["a", stored]] if kind == "sources" else []
    entry["experiment"]["repositories"] = [{"patch": stored}] if kind == "patch" else []
    bucket.put(f"runs/{second}/run.json", json.dumps(entry).encode())
    own = (f"runs/{second}/", f"runs/_index/0-{int(second):016d}-")
    before = {key for key in bucket.objects if not key.startswith(own)}
    store.delete(second)
    assert before <= set(bucket.objects)


def test_runs_are_not_shared_content_of_a_folder_that_holds_both(
    bucket: Any, tmp_path: Path
) -> None:
    """Resources may be in the folder of the runs itself."""
    first = completed(bucket, tmp_path / "a.txt", resource_dir="runs")
    second = completed(bucket, tmp_path / "b.txt", resource_dir="runs")
    entry = json.loads(bucket.objects[f"runs/{second}/run.json"])
    entry["resources"].append(["x", "1/run.json"])
    bucket.put(f"runs/{second}/run.json", json.dumps(entry).encode())
    store = ObjectStore(bucket_layout(bucket, "runs", "runs"))
    store.delete(second)
    assert store.get(first).status == "COMPLETED"
    assert not [key for key in bucket.objects if key.startswith("runs/b_")]


def test_a_deletion_that_fails_anywhere_can_be_repeated(
    bucket: Any, store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deletion that fails anywhere can be repeated, at each request of it; nothing but the
    highest deleted number is left.
    """
    monkeypatch.setattr("sacred_core.stores.leases.Owner.is_dead", lambda self: True)
    other = completed(bucket, tmp_path / "other.txt")
    left = {key for key in bucket.objects if "_ids/" not in key}
    for request in range(1, 60):
        run_id = completed(bucket, tmp_path / "a.txt")
        is_done = bucket.fails_at(request, lambda run_id=run_id: store.delete(run_id))  # type: ignore[misc]
        with contextlib.suppress(StoreError):  # it is deleted
            store.delete(run_id)
        now = {key for key in bucket.objects if "_ids/" not in key}
        assert now == left, f"request {request}: {now ^ left}"
        if is_done:
            break
    else:
        raise AssertionError("a deletion takes more requests than were tried")
    assert store.get(other).status == "COMPLETED"


def test_the_deletion_of_another_run_finishes_one_that_failed(
    bucket: Any, store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is left of either, at whichever request the first deletion failed."""
    monkeypatch.setattr("sacred_core.stores.leases.Owner.is_dead", lambda self: True)
    for request in itertools.count(1):
        first, second = (completed(bucket, tmp_path / name) for name in ("a.txt", "b.txt"))
        is_done = bucket.fails_at(request, lambda run_id=first: store.delete(run_id))  # type: ignore[misc]
        is_begun = first not in [run.id for run in store.list()]
        store.delete(second)
        if not is_begun:
            with contextlib.suppress(StoreError):  # it is deleted
                store.delete(first)
        left = {key for key in bucket.objects if "_ids/" not in key}
        assert not left, f"request {request}: {left}"
        if is_done:
            return


def test_names_of_processes_that_ended_do_not_count(
    bucket: Any, store: ObjectStore, tmp_path: Path
) -> None:
    """Names of processes that ended do not count, neither those of an ended run nor those of one
    that has been starting for days.
    """
    run_id = completed(bucket, tmp_path / "a.txt")
    (key,) = shared(bucket)
    token = json.loads(bucket.objects[f"runs/{run_id}/run.json"])["token"]
    old, now = "2026-01-01T00:00:00+00:00", datetime.now(UTC).isoformat()
    for name, time in ((token, now), ("unknown", old)):
        data = json.dumps({"keys": [key], "time": time}).encode()
        bucket.put(f"runs/_pending/{name}/0.json", data)
    bucket.put("runs/_pending/odd/0.json", b"[")
    store.delete(run_id)
    assert shared(bucket) == set()
    assert [key for key in bucket.objects if "/unknown/" in key or f"/{token}/" in key] == []


def test_names_of_a_starting_run_count(bucket: Any, store: ObjectStore, tmp_path: Path) -> None:
    """Its content is removed by a later deletion, when the run has ended without it."""
    run_id = completed(bucket, tmp_path / "a.txt")
    (key,) = shared(bucket)
    data = json.dumps({"keys": [key], "time": datetime.now(UTC).isoformat()}).encode()
    bucket.put("runs/_pending/starting/0.json", data)
    store.delete(run_id)
    assert shared(bucket) == {key}
    bucket.delete(["runs/_pending/starting/0.json"])
    with pytest.raises(StoreError):
        store.delete(run_id)
    assert shared(bucket) == set()


def test_missing_content_is_sent_again_at_the_end(
    bucket: Any, store: ObjectStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Missing content is sent again at the end, where the file is as it was; else a warning names
    it.
    """
    paths = [tmp_path / f"{name}.txt" for name in ("same", "changed", "gone")]
    driver = feed_of(bucket)
    run_id = driver.start()
    for path in paths:
        path.write_text(path.name)
        driver.resource(str(path))
    bucket.delete(shared(bucket))
    paths[1].write_text("other")
    paths[2].unlink()
    driver.complete()
    with store.open_file(run_id, "resource", str(paths[0])) as stream:
        assert stream.read() == b"same.txt"
    missing = [each for each in caplog.messages if "is missing" in each]
    assert len(missing) == 2 and "changed_" in missing[0] and "gone_" in missing[1]


def test_a_record_is_replaced_only_where_it_is_known(bucket: Any, store: ObjectStore) -> None:
    """A record is replaced only where it is known, without another request; a write whose answer
    was lost is known by the token.
    """
    driver = feed_of(bucket)
    run_id = driver.start()
    key = f"runs/{run_id}/run.json"
    bucket.put(key, bucket.objects[key])  # the same record, by an attempt without an answer
    driver.beat(result=1)
    assert store.get(run_id).result == 1
    entry = json.loads(bucket.objects[key]) | {"token": "of another run"}
    bucket.put(key, json.dumps(entry).encode())
    for event in (lambda: driver.beat(result=2), lambda: driver.print("late"), driver.complete):
        with pytest.raises(RunRemovedError, match="run '1' was deleted from memory://bucket/runs"):
            event()
    assert store.get(run_id).result == 1


def test_the_end_of_a_deleted_run_stays_on_this_machine(
    bucket: Any, store: ObjectStore, tmp_path: Path
) -> None:
    """The end of a deleted run stays on this machine, in a folder; no object of it is left."""
    observer = ObjectObserver(lambda: bucket, bucket.url, "runs")
    observer.failure_dir = tmp_path / "failed"
    driver = DispatchingDriver(observer, logging.getLogger("deleted"))
    run_id = driver.start()
    driver.print("first\n")
    driver.beat()
    store.delete(run_id)
    driver.print("late\n")
    driver.complete(result=3)
    assert not [key for key in bucket.objects if key.startswith(f"runs/{run_id}/")]
    (events,) = (tmp_path / "failed").rglob("events.jsonl")
    lines = [json.loads(line) for line in events.read_text().splitlines()]
    assert [line["event"] for line in lines] == ["RunCompleted"]
