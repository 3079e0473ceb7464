"""The index of runs: what it saves, and that nothing depends on it."""

import itertools
import json
import random
from pathlib import Path
from typing import Any

import pytest
from sacred_objects import bucket_layout
from sacred_objects.listing import list_segments
from sacred_objects.object_keys import INDEX
from sacred_objects.run_index import RunIndex
from sacred_objects.segments import Copy, Segment, decode_segment, encode_segment
from sacred_objects.testing import (
    assert_requests_do_not_grow,
    store_ended_runs,
)

from sacred_core.exceptions import StoreError
from sacred_core.stores import Annotation, RunQuery
from sacred_core.stores.finding import find_runs
from sacred_core.testing import EventDriver
from sacred_core.testing.event_driver import START, record_completed_run


def test_requests_do_not_grow_with_the_runs(bucket: Any, runs: Any) -> None:
    """A listing, a query and a start need few requests among 20 and 600 runs."""
    assert_requests_do_not_grow(
        runs.layout, runs.store, runs.observer, lambda: bucket.requests, totals=(20, 200, 600)
    )


def test_a_recorded_run_is_listed_without_a_request_of_its_own(bucket: Any, runs: Any) -> None:
    """The listing is one request for the keys and one for the segment of each run."""
    for _ in range(3):
        driver = EventDriver(runs.observer())
        driver.start()
        driver.print("printed")
        driver.beat(info={"a": 1})
        driver.annotate(added=["tag"], note="note")
        driver.complete(result=1)
    before = bucket.requests
    found = [*runs.store.list()]
    assert bucket.requests - before == 1 + 3
    assert found == runs.without_index()
    assert [run.tags for run in found] == [["tag"]] * 3


def test_the_index_of_a_run_costs_two_requests(bucket: Any, runs: Any) -> None:
    """Segments are merged: each run writes one and each segment is read once or twice."""
    store_ended_runs(runs.layout, range(1, 33))
    before = bucket.requests
    index = RunIndex(runs.layout)
    for number in range(33, 33 + 320):
        index.add([Copy(f"{number}/run.json", str(number), b"{}")])
    assert bucket.requests - before <= 2.3 * 320
    assert len(list_segments(runs.layout)) <= 31 + 31


@pytest.mark.parametrize(
    ("name", "pages"),
    [
        *((name, 2) for name in ("Z", "b", "d", "h", "m", "s", "annotations", "_output/x")),
        ("run.jsoA", 6),  # as near to run.json as a name can be
    ],
)
def test_thousands_of_artifacts_are_skipped(bucket: Any, runs: Any, name: str, pages: int) -> None:
    """They cost two requests per run, wherever their names are between those of the record."""
    store_ended_runs(runs.layout, range(1, 6))
    for number, artifact in itertools.product(range(1, 6), range(5_000)):
        bucket.objects[f"runs/{number}/{name}{artifact}"] = b""
    line = b'{"time": "2026-01-01T00:00:00", "user": "u", "note": "n", "added": [], "removed": []}'
    bucket.put("runs/3/annotations.jsonl", line)
    new = bucket.objects.keys() - bucket.versions.keys()
    bucket.versions.update(dict.fromkeys(new, "version"))
    bucket.written.update(dict.fromkeys(new, START))
    before = bucket.requests
    listed = [*runs.store.list()]
    assert bucket.requests - before <= pages * 5 + 2 + 5 + 1
    assert listed == runs.without_index()
    assert [len(run.notes) for run in listed] == [0, 0, 1, 0, 0]
    assert [*runs.store.list(RunQuery(limit=3))] == listed[-3:]


@pytest.mark.parametrize("seed", range(10))
def test_the_newest_runs_of_any_ids(bucket: Any, runs: Any, seed: int) -> None:
    """The order and the number are those of all runs, whatever is between them in the bucket."""
    draw = random.Random(seed)
    numbers = [*range(1, 30), *range(95, 106), *draw.sample(range(1_000, 12_000), 60)]
    names = ["exp-1", "01", "2026-01-02", "a b", "Z", "ü", "-5"]
    for name in draw.sample([*map(str, numbers), *names], 90):
        store_ended_run(bucket, name, is_indexed=draw.random() < 0.7)
    every = runs.without_index()
    assert [*runs.store.list()] == every
    for limit in (1, 7, 40, 500):
        assert [*runs.store.list(RunQuery(limit=limit))] == every[-limit:]
    where = "result < 300"
    expected = [run for run in every if run.result < 300]
    assert find_runs(runs.store, where=where, limit=5) == expected[-5:]


def store_ended_run(bucket: Any, name: str, is_indexed: bool = True) -> None:
    entry = {"status": "COMPLETED", "result": sum(name.encode()), "experiment": {"name": "x"}}
    contents = {"run.json": entry, "config.json": {"name": name}, "info.json": {}}
    copies = []
    for own, content in contents.items():
        data = json.dumps(content).encode()
        copies.append(Copy(f"{name}/{own}", bucket.put(f"runs/{name}/{own}", data), data))
    if is_indexed:
        RunIndex(bucket_layout(bucket, "runs")).add(copies)


@pytest.mark.parametrize("name", ["run.json", "config.json", "info.json"])
def test_what_another_program_changes_is_listed_at_once(bucket: Any, runs: Any, name: str) -> None:
    """A copy in the index counts only as long as its object is the same."""
    store_ended_runs(runs.layout, range(1, 40))
    content = {"status": "FAILED", "new": 1, "experiment": {"name": "y"}}
    bucket.put(f"runs/7/{name}", json.dumps(content).encode())
    run = next(run for run in runs.store.list() if run.id == 7)
    assert {"run.json": run.status, "config.json": run.config, "info.json": run.info}[name] == (
        "FAILED" if name == "run.json" else content
    )
    bucket.delete([f"runs/7/{name}"])
    assert [*runs.store.list()] == runs.without_index()


def test_tags_of_this_and_of_earlier_releases(bucket: Any, runs: Any) -> None:
    """They are listed at once; those of this release are in the index."""
    store_ended_runs(runs.layout, range(1, 40))
    line = b'{"time": "2026-01-01T00:00:00", "user": "u", "note": null, "added": ["old"], "removed": []}\n'  # noqa: E501
    bucket.put("runs/7/annotations.jsonl", line)
    runs.store.annotate(7, Annotation(time=START, user="u", note=None, added=["new"], removed=[]))
    assert [run.tags for run in find_runs(runs.store, where="tags exists")] == [["old", "new"]]
    assert "7/annotations.2.jsonl" in runs.indexed()
    assert "7/annotations.jsonl" not in runs.indexed()


@pytest.mark.parametrize("number", [5, 32, 70])
def test_nothing_of_a_deleted_run_is_in_the_index(runs: Any, number: int) -> None:
    """Its copies are removed from merged segments too, those of others stay."""
    store_ended_runs(runs.layout, range(1, 71))
    before = runs.indexed()
    runs.store.delete(number)
    assert runs.indexed() == [key for key in before if not key.startswith(f"{number}/")]
    assert [run.id for run in runs.store.list()] == [n for n in range(1, 71) if n != number]


def test_runs_that_another_program_removed_are_not_listed(bucket: Any, runs: Any) -> None:
    """`update_index` removes their copies."""
    store_ended_runs(runs.layout, range(1, 40))
    bucket.delete([key for key in bucket.objects if key.startswith("runs/9/")])
    assert 9 not in [run.id for run in runs.store.list()]
    assert runs.store.update_index() == 0
    assert not [key for key in runs.indexed() if key.startswith("9/")]
    assert len(runs.indexed()) == 38 * 3


def test_runs_of_earlier_releases_are_listed_and_can_be_indexed(bucket: Any, runs: Any) -> None:
    """`update_index` adds them; a second call adds nothing and writes nothing."""
    store_ended_runs(runs.layout, range(1, 100), is_indexed=False)
    store_ended_run(bucket, "of-mine", is_indexed=False)
    assert runs.requests_of_listing() > 3 * 100
    assert runs.store.update_index() == 3 * 100
    assert runs.requests_of_listing() <= 3
    objects = dict(bucket.objects)
    assert runs.store.update_index() == 0
    assert bucket.objects == objects
    assert EventDriver(runs.observer()).start() == 100


def test_a_run_that_changes_is_not_indexed_meanwhile(
    bucket: Any, runs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy has the content of its version."""
    store_ended_runs(runs.layout, range(1, 4), is_indexed=False)
    get = bucket.get

    def change(key: str, *piece: Any) -> Any:
        if key == "runs/2/info.json":
            bucket.put(key, b'{"changed": 1}')
        return get(key, *piece)

    monkeypatch.setattr(bucket, "get", change)
    assert runs.store.update_index() == 2 * 3
    assert [run.info for run in runs.store.list()] == [{}, {"changed": 1}, {}]


def test_running_dead_and_queued_runs(bucket: Any, runs: Any) -> None:
    """Their status follows from their heartbeats, also where these are separate objects."""
    now = START.now(START.tzinfo)
    drivers = [EventDriver(runs.observer()) for _ in range(3)]
    drivers[0].start(start_time=now)
    drivers[1].start(start_time=now, meta_info={"x": "y" * 20_000})
    drivers[1].beat()
    drivers[1].beat()
    drivers[2].queue()
    assert "runs/2/heartbeat.json" in bucket.objects
    assert [run.status for run in runs.store.list()] == ["RUNNING", "DEAD", "QUEUED"]
    assert runs.store.update_index() > 0
    assert [run.status for run in runs.store.list()] == ["RUNNING", "DEAD", "QUEUED"]
    drivers[0].complete()
    drivers[1].complete()
    assert [run.status for run in runs.store.list()] == ["COMPLETED", "COMPLETED", "QUEUED"]
    assert [*runs.store.list()] == runs.without_index()


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[: len(data) // 2],
        lambda data: data[:-9] + b"x" * 9,
        lambda data: b"no segment",
        lambda data: encode_segment([Copy("1/run.json", "x", b"")])[:-1],
        lambda data: encode_segment([])[:-8] + data[-8:],
    ],
)
def test_a_damaged_segment_costs_requests_only(bucket: Any, runs: Any, damage: Any) -> None:
    """The runs in it are read from their own objects."""
    store_ended_runs(runs.layout, range(1, 40))
    for segment in list_segments(runs.layout):
        key = segment.key(runs.layout.root)
        bucket.put(key, damage(bucket.objects[key]))
    for name in ("x.gz", "0-names-.gz", "9-0-1-aa.gz", "deep/0-names-0123456789abcdef.gz"):
        bucket.put(f"runs/{INDEX}{name}", b"x")
    assert [*runs.store.list()] == runs.without_index()
    assert len([*runs.store.list(RunQuery(limit=5))]) == 5
    assert runs.store.update_index() == 39 * 3
    assert runs.requests_of_listing() <= 3


def test_a_bucket_that_refuses_the_index(
    bucket: Any, runs: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """A run is recorded and listed, without a warning."""
    bucket.refused = {"_index/"}
    record_completed_run(runs.observer())
    assert [run.status for run in runs.store.list()] == ["COMPLETED"]
    assert not [record for record in caplog.records if record.levelname == "WARNING"]


def test_a_bucket_that_cannot_be_scanned_has_no_index(
    bucket: Any, runs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its runs are recorded, listed and deleted by requests for each."""
    monkeypatch.delattr(type(bucket), "scan")
    for _ in range(3):
        record_completed_run(runs.observer())
    assert not [key for key in bucket.objects if f"/{INDEX}" in key]
    runs.store.delete(2)
    assert [run.id for run in runs.store.list()] == [1, 3]
    assert [run.id for run in runs.store.list(RunQuery(limit=1))] == [3]
    assert runs.store.update_index() == 0


def test_an_object_that_cannot_be_read_damages_one_run(
    bucket: Any, runs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others are listed; if all requests are refused, that is an error."""
    store_ended_runs(runs.layout, range(1, 4), is_indexed=False)
    get = bucket.get

    def refuse(key: str, *piece: Any) -> Any:
        if key == "runs/2/config.json":
            raise StoreError("access denied")
        return get(key, *piece)

    monkeypatch.setattr(bucket, "get", refuse)
    assert [run.damage for run in runs.store.list()] == [None, "access denied", None]
    monkeypatch.setattr(bucket, "folders", lambda prefix: refuse("runs/2/config.json"))
    with pytest.raises(StoreError, match="access denied"):
        [*runs.store.list()]


def test_artifacts_are_not_requested(bucket: Any, runs: Any, tmp_path: Path) -> None:
    """Also if their names are like those of annotations."""
    (tmp_path / "a").write_text("content")
    driver = EventDriver(runs.observer())
    driver.start()
    for name in ("data.jsonl", "annotations.txt", "annotations"):
        driver.artifact(name, str(tmp_path / "a"))
    driver.complete()
    bucket.put("runs/1/annotations.txt", b"of another program")
    assert runs.requests_of_listing() == 2


def test_large_objects_are_not_in_the_index(runs: Any) -> None:
    """They are requested when they are used."""
    driver = EventDriver(runs.observer())
    driver.start(config={"x": "y" * 100_000})
    driver.complete()
    assert runs.indexed() == ["1/info.json", "1/run.json"]
    assert [len(run.config["x"]) for run in runs.store.list()] == [100_000]


@pytest.mark.parametrize(
    ("numbers", "has"),
    [([None], False), ([1, 2], False), ([None, 5], True), ([3, 9], False), ([8], True)],
)
def test_which_runs_a_segment_may_have(numbers: list[int | None], has: bool) -> None:
    """Those whose numbers are in its range."""
    assert Segment(0, 4, 8, "").may_have(numbers) == has


def test_segments_of_names() -> None:
    """They may have runs without numbers only."""
    segment = Segment.of(1, [Copy("b/run.json", "1", b""), Copy("a/run.json", "1", b"")])
    assert Segment.parse(segment.name) == segment
    assert [segment.may_have(numbers) for numbers in ([None], [None, 3], [3])] == [
        True,
        True,
        False,
    ]


def test_contents_of_segments_are_bytes() -> None:
    """Any content is read as it was written, each version once."""
    copies = [Copy("1/ü", "v1", bytes(range(256))), Copy("1/ü", "v2", b""), Copy("2/x", "v", b"\n")]
    assert decode_segment(encode_segment([*copies, *copies])) == copies


def test_a_store_fetches_each_segment_once(bucket: Any, runs: Any) -> None:
    """Further listings fetch new segments only, as segments never change; merged ones are forgotten
    with their runs.
    """
    store_ended_runs(runs.layout, range(1, 11))
    store = runs.store
    first = [*store.list()]
    before = bucket.requests
    assert [*store.list()] == first
    assert bucket.requests - before == 1
    record_completed_run(runs.observer())
    before = bucket.requests
    assert len([*store.list()]) == len(first) + 1
    assert bucket.requests - before == 2
    runs.store.delete(1)
    assert [run.id for run in store.list()] == [run.id for run in first[1:]] + [11]
