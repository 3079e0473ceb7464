"""Tests of runs that are resumed, on the memory; every backend fulfils the contract."""

import logging
from datetime import timedelta

import pytest

from sacred_core import events
from sacred_core.exceptions import StoreError
from sacred_core.observers.call_plan import call_plans
from sacred_core.observers.documents import DocumentObserver
from sacred_core.observers.resuming import resume_stored
from sacred_core.stores import StoredRun
from sacred_core.stores.segments import encode_segment, output_mark, without_mark
from sacred_core.testing import Memory, MemoryObserver, MemoryStore
from sacred_core.testing.event_driver import START, EventDriver

UID = "0123456789abcdef" * 2


def resuming(segment: int = 1, **fields: object) -> events.RunStarted:
    return events.EventSource("driver", segment).make(
        events.RunStarted,
        **{
            "ex_info": {"name": "fed", "sources": [], "dependencies": ["numpy==2.0"]},
            "command": "main", "host_info": {"hostname": "there"}, "config": {},
            "meta_info": {"uid": UID}, "start_time": START + timedelta(hours=1),
            "_id": 1, "resumed": True, **fields,
        },
    )  # fmt: skip


def deliver(observer: MemoryObserver, event: events.Event) -> None:
    call_plans(observer)[type(event)](event, lambda name: "")


def test_a_run_is_found_by_its_uid_if_the_id_is_of_another() -> None:
    """The id in another store may be that of another run here."""
    memory = Memory()
    EventDriver(MemoryObserver(memory)).start()
    EventDriver(MemoryObserver(memory)).start(meta_info={"uid": UID})
    observer = MemoryObserver(memory)
    assert resume_stored(observer, resuming(), "token", 1) == 2
    assert observer.token == "token" and memory.runs[2].token == "token"
    assert resume_stored(observer, resuming(meta_info={"uid": "f" * 32}), "other", 1) is None


def test_segments_that_a_store_missed_are_empty(caplog: pytest.LogCaptureFixture) -> None:
    """A segment has one number in all stores, and a store without the run reports that."""
    memory = Memory()
    driver = EventDriver(MemoryObserver(memory))
    driver.start(meta_info={"uid": UID})
    driver.log("loss", [1, 2])
    assert resume_stored(MemoryObserver(memory), resuming(3), "token", 1) == 1
    segments = MemoryStore(memory).get(1).segments
    assert [each.status for each in segments] == ["DEAD", "", "", "RUNNING"]
    assert [each.points for each in segments] == [{}, {"loss": 2}, {"loss": 2}, {"loss": 2}]
    with caplog.at_level(logging.WARNING):
        EventDriver(MemoryObserver(Memory())).resume(MemoryObserver(Memory()))
    assert "the memory does not have the run that is resumed" in caplog.text


@pytest.mark.parametrize("beat", [None, 5, 50])
def test_a_killed_segment_ends_with_its_last_heartbeat_or_point(beat: int | None) -> None:
    """Whichever is later: a process that was killed early has sent no heartbeat."""
    memory = Memory()
    driver = EventDriver(MemoryObserver(memory))
    driver.start(meta_info={"uid": UID})
    if beat:
        driver.observer.heartbeat_event({}, {}, START + timedelta(seconds=beat), None)
    times = [START + timedelta(seconds=second) for second in (20, 10)]
    for name, time in zip(("loss", "accuracy"), times, strict=True):
        point = {"name": name, "steps": [0], "values": [1], "timestamps": [time]}
        driver.observer.log_metrics({name: point}, {})
    assert resume_stored(MemoryObserver(memory), resuming(), "token", 1) == 1
    first, _ = MemoryStore(memory).get(1).segments
    assert first.duration == timedelta(seconds=max(beat or 0, 20))


def test_a_backend_without_the_primitive_reports_its_name() -> None:
    """The error says which method is missing."""
    memory = Memory()
    EventDriver(MemoryObserver(memory)).start(meta_info={"uid": UID})

    class Earlier(MemoryObserver):
        replace_token = DocumentObserver.replace_token

    with pytest.raises(NotImplementedError, match="Earlier must implement replace_token"):
        deliver(Earlier(memory), resuming())


def test_a_store_that_cannot_continue_runs_is_an_error() -> None:
    """A run of such a store cannot be resumed."""

    class Reader:
        def get(self, run_id: object) -> StoredRun:
            return StoredRun(id=1, status="FAILED", meta={"uid": UID})

    observer = MemoryObserver(Memory())
    observer.open_store = Reader  # type: ignore[method-assign, assignment]
    with pytest.raises(StoreError, match="Reader must derive from DocumentStore"):
        resume_stored(observer, resuming(), "token", 1)


def test_the_same_code_has_the_same_digest() -> None:
    """Further modules of the first segment, imported later, are not a difference."""
    memory = Memory()
    sources = [["a.py", "1" * 32], ["b.py", "2" * 32]]
    ex_info = {"name": "fed", "sources": sources, "dependencies": ["numpy==2.0", "more==1"]}
    EventDriver(MemoryObserver(memory)).start(meta_info={"uid": UID}, ex_info=ex_info)
    same = {"name": "fed", "sources": sources[:1], "dependencies": ["numpy==2.0"]}
    other = {**same, "sources": [["a.py", "3" * 32]]}
    for segment, own in enumerate((same, other, same), 1):
        start = resuming(segment, ex_info=own, start_time=START + timedelta(hours=segment))
        assert resume_stored(MemoryObserver(memory), start, f"token {segment}", 1) == 1
    codes = [each.code for each in MemoryStore(memory).get(1).segments]
    assert codes[0] == codes[1] == codes[3] != codes[2]


def test_the_mark_is_a_line_of_the_output() -> None:
    """It begins on a new line, and one that was written before is found again."""
    start = resuming()
    mark = "[segment 2 of this run: 2026-01-02 04:04:05 UTC on there]\n"
    for output, added in (("", mark), ("a\n", mark), ("a", f"\n{mark}")):
        assert output_mark(start, output) == added
        assert without_mark(output + added, 1) == output + added.removesuffix(mark)
        assert without_mark(output + added, 2) == output + added
    assert without_mark(f"{mark}more", 1) == f"{mark}more"


def test_a_heartbeat_of_a_replayed_run_has_its_segments() -> None:
    """A copy of a run that was resumed since gets its segments; the end of the copy is undone."""
    memory = Memory()
    source = EventDriver(MemoryObserver(memory))
    source.start(meta_info={"uid": UID})
    source.interrupt()
    copy = MemoryObserver(Memory())
    first = EventDriver(copy)
    first.start(meta_info={"uid": UID})
    first.beat()
    first.interrupt()
    source.resume(MemoryObserver(memory))
    segments = [encode_segment(each) for each in MemoryStore(memory).get(1).segments]
    replayed = events.EventSource(UID, events.WHOLE_RUN)
    beat = replayed.make(
        events.Heartbeat, info={}, beat_time=START, segments=segments, writers=["rank1"]
    )
    for _ in range(2):
        deliver(copy, beat)
        run = MemoryStore(copy.memory).get(1)
        assert (run.recorded_status, run.stop_time, run.writers) == ("RUNNING", None, ["rank1"])
        assert [encode_segment(each) for each in run.segments] == segments
    points = {"loss": {"name": "loss", "steps": [1], "values": [2], "timestamps": [START]}}
    fields = {"metrics_by_name": points, "info": {}, "starts": {"loss": 0}}
    deliver(copy, replayed.make(events.MetricsLogged, **fields))
    deliver(copy, replayed.make(events.OutputCaptured, text="whole", offset=0))
    assert MemoryStore(copy.memory).output(1) == "whole"
    assert MemoryStore(copy.memory).metrics(1)["loss"]["values"] == [2]
