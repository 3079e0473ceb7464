"""Tests of digests of runs over a store in memory."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sacred_core.stores import Annotation, StoredRun
from sacred_core.stores.curves import Ranges
from sacred_core.stores.digests import MetricDigest, RunDigest, digest_metrics, digest_run
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore
from sacred_core.testing.event_driver import START
from sacred_core.testing.samples import EXPERIMENT

UID = "ab" * 16


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def record(memory: Memory, **fields: Any) -> EventDriver:
    driver = EventDriver(MemoryObserver(memory))
    driver.start(**{"meta_info": {"uid": UID, "command": "main"}, **fields})
    return driver


def digest(memory: Memory, reads_files: bool = False) -> RunDigest:
    store = MemoryStore(memory)
    (run,) = store.list()
    return digest_run(store, run, reads_files)


def test_the_digest_is_that_of_the_description() -> None:
    """Parts are digests of canonical JSON, and the total is that of version, uid and parts."""
    memory = Memory()
    driver = record(memory, config={"b": 1, "a": 0.5})
    driver.print("ä\n")
    driver.complete(result=3)
    found = digest(memory)
    assert found.parts["config"] == sha256('{"a":0.5,"b":1}')
    assert found.parts["meta"] == sha256('{"command":"main"}')
    assert found.parts["result"] == sha256("3")
    assert found.parts["status"] == sha256('"COMPLETED"')
    assert found.parts["command"] == sha256('"main"')
    assert found.parts["output"] == sha256('"\\u00e4\\n"')
    assert found.parts["fail_trace"] == sha256("[]")
    assert found.parts["annotations"] == sha256('{"notes":[],"tags":[]}')
    assert found.parts["times"] == sha256(
        '{"heartbeat":null,"queue_time":null,"start_time":1767323045678,"stop_time":1767323045678}'
    )
    assert found.parts["experiment"] == sha256(
        '{"base_dir":".","dependencies":[],"name":"fed","repositories":[]}'
    )
    assert found.parts["metrics"] == sha256("{}")
    assert found.parts["files"] == sha256(
        '[{"artifact":{},"patch":{},"resource":{},"source":{}},{}]'
    )
    text = json.dumps([1, UID, found.parts], sort_keys=True, separators=(",", ":"))
    assert found.total == sha256(text)
    assert (found.uid, found.characters) == (UID, 2)


def _tag(run: StoredRun) -> None:
    run.annotate(Annotation(time=START, user="ann", added=("x",)))


CHANGES: dict[str, Callable[[StoredRun], object]] = {
    "config": lambda run: run.config.update(seed=1.0),
    "host": lambda run: run.host.update(hostname="there"),
    "meta": lambda run: run.meta.update(comment="x"),
    "info": lambda run: run.info.update(x=1),
    "result": lambda run: setattr(run, "result", 1),
    "status": lambda run: setattr(run, "recorded_status", "FAILED"),
    "times": lambda run: setattr(run, "queue_time", START),
    "fail_trace": lambda run: run.fail_trace.append("x"),
    "command": lambda run: setattr(run, "command", "other"),
    "experiment": lambda run: run.experiment.update(mainfile="x"),
    "annotations": _tag,
    "files": lambda run: run.artifacts.append("x"),
}


@pytest.mark.parametrize("part", CHANGES)
def test_each_part_counts(part: str) -> None:
    """A change of the record changes the digest of its part, and the total, and no other part."""
    memory = Memory()
    record(memory).complete()
    store = MemoryStore(memory)
    before = digest(memory)
    (run,) = store.list()
    CHANGES[part](run)
    after = digest_run(store, run)
    assert [name for name in after.parts if after.parts[name] != before.parts[name]] == [part]
    assert after.total != before.total


def test_the_heartbeat_counts_until_the_end() -> None:
    """It is when a run that was killed was alive; of a run that ended it is not compared."""
    memory = Memory()
    driver = record(memory)
    store = MemoryStore(memory)
    found = []
    for _ in range(2):
        driver.beat()
        found.append(digest(memory).parts["times"])
    assert found[0] != found[1]
    driver.complete()
    (run,) = store.list()
    ended = digest(memory)
    run.heartbeat = None
    assert digest_run(store, run) == ended


def test_a_run_without_a_heartbeat_had_it_at_its_start() -> None:
    """As its copy has; of a run that was killed before the first one."""
    memory = Memory()
    record(memory)
    run = memory.runs[1].run
    assert run.heartbeat is None
    without = digest(memory)
    run.heartbeat = run.start_time
    assert digest(memory) == without
    run.heartbeat = START + timedelta(seconds=1)
    assert digest(memory) != without


def test_defaults_of_the_experiment_do_not_count() -> None:
    """Records of Sacred may lack what a copy has."""
    memory, other = Memory(), Memory()
    record(memory, ex_info={"name": "x"}).complete()
    record(
        other,
        ex_info={"name": "x", "base_dir": ".", "repositories": [], "dependencies": []},
        meta_info={"uid": UID, "command": "main", "queue_time": "2026-01-01"},
    ).complete()
    assert digest(memory) == digest(other)


def test_ids_do_not_count() -> None:
    """The id, that of the first store, and the place of the uid do not change the digest."""
    memory, other = Memory(), Memory()
    record(memory).complete()
    record(other, _id=7).complete()
    assert digest(memory) == digest(other)
    (run,) = MemoryStore(other).list()
    run.run_id = "x"
    assert digest_run(MemoryStore(other), run).total == digest(memory).total


def test_a_uid_that_is_derived_may_be_recorded_later() -> None:
    """A copy of a run of Sacred has the uid in its record, and the digest of the original."""
    memory, copy = Memory(), Memory()
    record(memory, meta_info={}).complete()
    record(copy, meta_info={"uid": digest(memory).uid}).complete()
    assert digest(copy).total == digest(memory).total


def test_the_order_of_tags_notes_and_dependencies_does_not_count() -> None:
    """Stores that were synchronised have them in different orders."""
    memory, other = Memory(), Memory()
    notes = [Annotation(time=START + timedelta(hours=n), user="a", note=f"{n}") for n in range(2)]
    tags = [Annotation(time=START, user="ann", added=(tag,)) for tag in "xy"]
    for each, annotations, names in (
        (memory, [*notes, *tags], ["a==1", "b==2"]),
        (other, [*tags[::-1], *notes[::-1]], ["b==2", "a==1"]),
    ):
        record(each, ex_info={**EXPERIMENT, "dependencies": names}).complete()
        for annotation in annotations:
            MemoryStore(each).annotate(1, annotation)
    assert digest(memory) == digest(other)


def test_points_are_read_by_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    """At most 100,000 points are read at once, of several short metrics together."""
    memory = Memory()
    driver = record(memory)
    counts = {"a": 60_000, "b": 250_000, "c": 40_000, "d": 10_000, "e": 1}
    for name, count in counts.items():
        driver.log(name, [0.5] * count)
    driver.complete()
    store, calls = MemoryStore(memory), []
    read = store.points

    def points(run_id: int | str, ranges: Ranges) -> Any:
        calls.append(dict(ranges))
        return read(run_id, ranges)

    monkeypatch.setattr(store, "points", points)
    found = digest_metrics(store, 1)
    assert {name: own.points for name, own in found.items()} == counts
    assert calls == [
        {"a": (0, 60_000)},
        {"b": (0, 100_000)},
        {"b": (100_000, 200_000)},
        {"b": (200_000, 250_000), "c": (0, 40_000), "d": (0, 10_000)},
        {"e": (0, 1)},
    ]


class WithoutRanges:
    """The part of a store that has neither summaries nor ranges of points."""

    def __init__(self, store: MemoryStore) -> None:
        self.metrics = store.metrics


@pytest.mark.parametrize("is_whole", [True, False])
def test_the_first_points_have_the_digest_of_a_shorter_metric(is_whole: bool) -> None:
    """With counts, only these metrics are read, and of them only the first points."""
    memory, shorter = Memory(), Memory()
    for each, count in ((memory, 3_000), (shorter, 1_500)):
        driver = record(each)
        driver.log("loss", [n / 3 for n in range(count)])
        driver.log("other", [1.0])
        driver.complete()
    store: Any = MemoryStore(memory)
    if is_whole:
        store = WithoutRanges(store)
    assert digest_metrics(store, 1, {"loss": 1_500}) == {
        "loss": digest_metrics(MemoryStore(shorter), 1)["loss"]
    }
    assert digest_metrics(store, 1, {"loss": 9_999, "none": 1}) == {
        "loss": digest_metrics(MemoryStore(memory), 1)["loss"]
    }
    assert digest_metrics(store, 1, {"loss": 0}) == {}
    assert digest_metrics(store, 1) == digest_metrics(MemoryStore(memory), 1)


def test_metrics_have_their_number_of_points() -> None:
    """Metrics are listed by name, those without points are not."""
    memory = Memory()
    driver = record(memory)
    driver.log("loss", [1.0, 2.0])
    driver.log("empty", [])
    driver.complete()
    found = digest(memory)
    assert [*found.metrics] == ["loss"] and found.metrics["loss"].points == 2
    counted = {"loss": [2, found.metrics["loss"].digest]}
    assert found.parts["metrics"] == sha256(json.dumps(counted, separators=(",", ":")))
    assert isinstance(found.metrics["loss"], MetricDigest)


def test_long_output_is_one_string() -> None:
    """The output is digested in parts, and the digest is that of the whole string."""
    memory = Memory()
    text = "0123456789ä" * 20_000
    driver = record(memory)
    driver.print(text)
    driver.complete()
    assert digest(memory).parts["output"] == sha256(json.dumps(text))


def test_files_are_read_where_their_digest_is_unknown(tmp_path: Path) -> None:
    """Recorded digests are used; others, and all if asked for, are computed from the content."""
    (tmp_path / "file").write_text("content")
    memory = Memory()
    driver = record(memory)
    driver.artifact("art", str(tmp_path / "file"))
    driver.complete()
    stored = memory.runs[1]
    md5 = hashlib.md5(b"content").hexdigest()
    assert digest(memory).files["artifact"] == {"art": md5}
    stored.files["artifact", "art"] = b"changed"
    assert digest(memory).files["artifact"] == {"art": md5}
    changed = {"art": hashlib.md5(b"changed").hexdigest()}
    assert digest(memory, reads_files=True).files["artifact"] == changed
    stored.run.files.clear()
    assert digest(memory).files["artifact"] == changed
    del stored.files["artifact", "art"]
    assert digest(memory).files["artifact"] == {"art": None}


def test_patches_and_metadata_count(tmp_path: Path) -> None:
    """The patch of a repository is a file by its commit; metadata of artifacts change the part."""
    memory = Memory()
    repository = {"url": None, "commit": "c0ffee", "dirty": True, "patch": "+a\n"}
    clean = {"url": None, "commit": "d", "dirty": True}
    (tmp_path / "file").write_text("content")
    driver = record(memory, ex_info={**EXPERIMENT, "repositories": [repository, clean]})
    driver.artifact("art", str(tmp_path / "file"), metadata={"x": 1})
    driver.complete()
    found = digest(memory)
    assert found.files["patch"] == {"c0ffee": hashlib.md5(b"+a\n").hexdigest()}
    memory.runs[1].run.files["artifact"].clear()
    assert digest(memory).files == found.files
    assert digest(memory).parts["files"] != found.parts["files"]
