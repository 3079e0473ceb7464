"""Tests of the synchronisation of two memories."""

import copy
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from sacred_core.exceptions import UnavailableError
from sacred_core.stores import Annotation
from sacred_core.stores.writers import part_meta
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore
from sacred_core.testing.event_driver import START
from sacred_core.testing.segment_contract import add_segment
from sacred_core.transfer.copying import copy_runs
from sacred_core.transfer.known_runs import Target
from sacred_core.transfer.planning import DryTarget
from sacred_core.transfer.syncing import Synced, synchronise
from sacred_core.transfer.verification import verify


def record(memory: Memory, number: int = 1, _id: Any = None, **fields: Any) -> EventDriver:
    driver = EventDriver(MemoryObserver(memory))
    meta = {"uid": f"{number:032x}", "beat_interval": 9e7}
    driver.start(_id=_id, **{"meta_info": meta, **fields})
    return driver


def copied(driver: EventDriver, memory: Memory) -> EventDriver:
    """Return a driver that continues the same run in another memory."""
    other = copy.copy(driver)
    (record,) = memory.runs.values()
    other.continue_with(MemoryStore(memory).observer_of(record.run.id))
    return other


def sync(a: Memory, b: Memory) -> list[Synced]:
    return [*synchronise(Target(MemoryStore(a)), Target(MemoryStore(b)))]


def states(a: Memory, b: Memory) -> list[str]:
    return [each.state for each in sync(a, b)]


def equal(a: Memory, b: Memory) -> bool:
    found = [*verify(MemoryStore(a), MemoryStore(b))]
    return bool(found) and all(each.state == "equal" for each in found)


def test_each_store_gets_the_runs_of_the_other(a: Memory, b: Memory) -> None:
    """Afterwards both have all runs, and synchronising them again changes nothing."""
    for number in (1, 2):
        record(a, number).complete()
    for number, run_id in ((2, 7), (3, 1)):
        record(b, number, run_id).complete()
    found = sync(a, b)
    assert [(each.a, each.b, each.state) for each in found] == [
        (1, 8, "copied to B"), (2, 7, "equal"), (3, 1, "copied to A"),
    ]  # fmt: skip
    assert [each.uid for each in found] == [f"{number:032x}" for number in (1, 2, 3)]
    assert {each.name for each in found} == {"fed"}
    assert equal(a, b)
    before = copy.deepcopy((a.runs, b.runs))
    assert states(a, b) == ["equal"] * 3
    assert (a.runs.keys(), b.runs.keys()) == tuple(each.keys() for each in before)


@pytest.mark.parametrize("is_reversed", [False, True])
def test_missing_parts_are_copied_in_both_directions(
    a: Memory, b: Memory, is_reversed: bool, path: Path
) -> None:
    """One store has a file and points that the other one lacks, which has the end."""
    first = record(a)
    first.print("one\n")
    first.log("loss", [1.0])
    first.beat()
    list(copy_runs(MemoryStore(a), Target(MemoryStore(b))))
    second = copied(first, b)
    second.output, second.metrics = "one\n", copy.deepcopy(first.metrics)
    first.artifact("art", str(path))
    first.log("more", [4.0])
    first.beat()
    second.print("two\n")
    second.log("loss", [2.0])
    second.log("other", [3.0])
    second.beat(result=1)
    second.complete(result=1)
    one, other = (b, a) if is_reversed else (a, b)
    (found,) = sync(one, other)
    assert found.state == "merged" and found.to_a is not None and found.to_b is not None
    assert equal(a, b)
    for memory in (a, b):
        run = memory.runs[1]
        assert run.output == "one\ntwo\n"
        assert run.metrics["loss"]["values"] == [1.0, 2.0]
        assert sorted(run.metrics) == ["loss", "more", "other"]
        assert run.run.recorded_status == "COMPLETED" and run.run.result == 1
        assert run.run.artifacts == ["art"]
    assert states(one, other) == ["equal"]


@pytest.mark.parametrize("is_reversed", [False, True])
def test_a_run_that_continued_is_copied(a: Memory, b: Memory, is_reversed: bool) -> None:
    """The later state replaces the earlier one, in one direction only."""
    driver = record(a)
    driver.beat(info={"x": 1})
    list(copy_runs(MemoryStore(a), Target(MemoryStore(b))))
    driver.beat(info={"x": 2}, result=5)
    one, other = (b, a) if is_reversed else (a, b)
    (found,) = sync(one, other)
    assert ((found.to_a, found.to_b)[not is_reversed]) is not None
    assert ((found.to_a, found.to_b)[is_reversed]) is None
    assert [memory.runs[1].run.info for memory in (a, b)] == [{"x": 2}] * 2
    assert equal(a, b)


@pytest.mark.parametrize("is_reversed", [False, True])
def test_a_queued_run_that_started_is_copied(a: Memory, b: Memory, is_reversed: bool) -> None:
    """The queued copy becomes the run that was started elsewhere."""
    meta = {"uid": f"{1:032x}", "beat_interval": 9e7}
    run_id = EventDriver(MemoryObserver(a)).queue(meta_info=meta)
    list(copy_runs(MemoryStore(a), Target(MemoryStore(b))))
    driver = record(a, _id=run_id, asked_id=run_id, config={"seed": 2})
    driver.complete(result=3)
    one, other = (b, a) if is_reversed else (a, b)
    assert states(one, other) == ["merged"]
    assert [memory.runs[1].run.result for memory in (a, b)] == [3, 3]
    assert equal(a, b)


def annotate(memory: Memory, hours: int, **fields: Any) -> None:
    annotation = Annotation(time=START + timedelta(hours=hours), user="ann", **fields)
    MemoryStore(memory).annotate(1, annotation)


def test_annotations_are_merged_as_sets(a: Memory, b: Memory) -> None:
    """Each store gets the tags and notes that only the other one has, with times and users."""
    for memory in (a, b):
        record(memory).complete()
        annotate(memory, 0, note="same", added=("same",))
    annotate(a, 1, note="of a", added=("x",))
    annotate(b, 2, note="of b", added=("y",))
    (found,) = sync(a, b)
    assert found.state == "merged" and found.is_merged
    assert (found.to_a, found.to_b) == (None, None)
    for memory in (a, b):
        run = MemoryStore(memory).get(1)
        assert sorted(run.tags) == ["same", "x", "y"]
        assert sorted((note["text"], note["user"]) for note in run.notes) == [
            ("of a", "ann"), ("of b", "ann"), ("same", "ann"),
        ]  # fmt: skip
    assert states(a, b) == ["equal"]


@pytest.mark.parametrize("is_reversed", [False, True])
def test_the_last_change_of_a_tag_counts(a: Memory, b: Memory, is_reversed: bool) -> None:
    """A tag that was removed later, by the times, is removed in both stores."""
    for memory in (a, b):
        record(memory).complete()
    annotate(a, 1, added=("x", "y"))
    annotate(b, 2, removed=("x",))
    annotate(b, 0, removed=("y",))
    one, other = (b, a) if is_reversed else (a, b)
    assert states(one, other) == ["merged"]
    assert [MemoryStore(memory).get(1).tags for memory in (a, b)] == [["y"]] * 2
    assert states(one, other) == ["equal"] and equal(a, b)


def test_two_ends_are_a_conflict(a: Memory, b: Memory) -> None:
    """Nothing of the runs is changed but tags and notes; the differences are reported."""
    record(a).complete(result=1)
    record(b).fail()
    annotate(a, 1, added=("x",))
    annotate(b, 1, note="note")
    before = copy.deepcopy((a.runs[1].run, b.runs[1].run))
    (found,) = sync(a, b)
    assert found.state == "conflict" and found.is_merged
    assert [str(each) for each in found.conflicts] == [
        "result: 1 in A, None in B",
        "status: 'COMPLETED' in A, 'FAILED' in B",
        "fail_trace: differs",
    ]
    assert (a.runs[1].run, b.runs[1].run) == before
    for memory in (a, b):
        run = MemoryStore(memory).get(1)
        assert run.tags == ["x"] and [note["text"] for note in run.notes] == ["note"]


@pytest.mark.parametrize("has_ended", [False, True])
def test_other_points_are_a_conflict(a: Memory, b: Memory, has_ended: bool) -> None:
    """Points are only added to the points that the other store has too, also of running runs."""
    for memory, values in ((a, [1.0, 2.0]), (b, [5.0])):
        driver = record(memory)
        driver.log("loss", values)
        driver.beat()
        if has_ended:
            driver.complete()
    (found,) = sync(a, b)
    assert found.state == "conflict"
    assert [each.name for each in found.conflicts] == ["metric loss"]
    assert b.runs[1].metrics["loss"]["values"] == [5.0]


def test_a_longer_output_without_an_end_is_a_conflict(a: Memory, b: Memory) -> None:
    """The end of the other store would cut it."""
    for memory, text in ((a, "one\n"), (b, "one\ntwo\n")):
        driver = record(memory)
        driver.print(text)
        driver.beat()
        if memory is a:
            driver.complete()
    (found,) = sync(a, b)
    assert [str(each) for each in found.conflicts] == ["output: 4 of 8 characters in A"]
    assert b.runs[1].output == "one\ntwo\n" and a.runs[1].output == "one\n"


def test_output_that_is_rewritten_until_the_end_is_copied(a: Memory, b: Memory) -> None:
    """That of the run that ended replaces what a progress bar showed before."""
    for memory, text in ((a, "100 %\n"), (b, "10 %")):
        driver = record(memory)
        driver.print(text)
        driver.beat()
        if memory is a:
            driver.complete()
    assert states(a, b) == ["merged"]
    assert b.runs[1].output == "100 %\n" and equal(a, b)


def test_another_configuration_is_a_conflict(a: Memory, b: Memory) -> None:
    """It never changes, so that these are different runs."""
    record(a, config={"lr": 1}).complete()
    record(b, config={"lr": 2}).beat()
    (found,) = sync(a, b)
    assert found.state == "conflict" and b.runs[1].run.recorded_status == "RUNNING"
    assert [str(each) for each in found.conflicts] == ["config.lr: 1 in A, 2 in B"]


def test_a_missing_part_of_runs_that_ended_is_copied(a: Memory, b: Memory) -> None:
    """Where both have the same end, one may lack points."""
    for memory, count in ((a, 100), (b, 90)):
        driver = record(memory)
        driver.log("loss", [1.0] * count)
        driver.beat()
        driver.complete()
    (found,) = sync(b, a)
    assert found.state == "merged" and found.to_a is not None and found.to_a.points == 10
    assert equal(a, b)


@pytest.mark.parametrize("where", ["A", "B", "only A", "only B"])
def test_a_damaged_run_is_reported(a: Memory, b: Memory, where: str) -> None:
    """The others are synchronised."""
    for memory in (a, b):
        if where.startswith("only") and memory is (a if where == "only B" else b):
            continue
        record(memory).beat()
    record(a, 2).complete()
    damaged = a if where.endswith("A") else b
    damaged.runs[1].run.info = [1]  # type: ignore[assignment]
    found = {each.uid: each for each in sync(a, b)}
    first, second = found[f"{1:032x}"], found[f"{2:032x}"]
    assert first.state == "failed" and "damaged" in str(first.problem)
    assert second.state == "copied to B"


def test_content_that_is_missing_is_reported(a: Memory, b: Memory, path: Path) -> None:
    """The run is copied without it."""
    driver = record(a)
    driver.artifact("art", str(path))
    driver.complete()
    a.runs[1].files.clear()
    (found,) = sync(a, b)
    assert found.state == "copied to B"
    assert len(found.missing) == 1 and "'art'" in found.missing[0]


def test_a_dry_run_changes_nothing(a: Memory, b: Memory) -> None:
    """The results are those of a synchronisation."""
    record(a, 1).complete()
    record(b, 2).complete()
    list(copy_runs(MemoryStore(a), Target(MemoryStore(b))))
    annotate(a, 1, note="note")
    record(a, 3).complete()
    before = copy.deepcopy((a.runs, b.runs))
    found = [*synchronise(DryTarget(MemoryStore(a)), DryTarget(MemoryStore(b)))]
    assert [each.state for each in found] == ["merged", "copied to B", "copied to A"]
    for memory, old in zip((a, b), before, strict=True):
        assert memory.runs.keys() == old.keys()
        assert all(run.annotations == old[key].annotations for key, run in memory.runs.items())
    first, *_ = synchronise(DryTarget(MemoryStore(a)), DryTarget(None))
    assert first.state == "copied to B"


class Unavailable(MemoryStore):
    def get(self, run_id: int | str) -> Any:
        raise UnavailableError("no connection")


def test_a_lost_connection_is_raised(a: Memory, b: Memory) -> None:
    """So that the caller can repeat the synchronisation."""
    record(a)
    for memories in ((a, b), (a, copy.copy(a)), (b, a)):
        stores = [
            Unavailable(memory) if memory is a else MemoryStore(memory) for memory in memories
        ]
        with pytest.raises(UnavailableError):
            list(synchronise(*map(Target, stores)))


@pytest.mark.parametrize("is_reversed", [False, True])
def test_a_file_that_one_store_lacks_is_copied(
    a: Memory, b: Memory, path: Path, is_reversed: bool
) -> None:
    """Also where the other one has everything else, and the same end."""
    for memory in (a, b):
        driver = record(memory)
        if memory is a:
            driver.artifact("art", str(path))
        driver.beat()
        driver.complete()
    one, other = (b, a) if is_reversed else (a, b)
    assert states(one, other) == ["merged"]
    assert b.runs[1].files["artifact", "art"] == b"content" and equal(a, b)


def record_interrupted(a: Memory, b: Memory) -> None:
    """Record a run that is interrupted, in both stores."""
    driver = record(a)
    driver.log("loss", [4.0, 3.0, 2.0])
    driver.print("first\n")
    driver.beat()
    driver.interrupt()
    sync(a, b)


@pytest.mark.parametrize("is_reversed", [False, True])
def test_a_run_that_was_resumed_is_continued(a: Memory, b: Memory, is_reversed: bool) -> None:
    """In the store that has fewer segments, whatever the end of the earlier one was."""
    record_interrupted(a, b)
    one, other = (b, a) if is_reversed else (a, b)
    (resumed,) = one.runs.values()
    end = add_segment(resumed)
    assert len(states(a, b)) == 1 and equal(a, b)
    end()
    assert states(a, b) == ["merged"]
    assert equal(a, b) and states(a, b) == ["equal"]
    (copy_of_it,) = other.runs.values()
    assert copy_of_it.run.recorded_segments == resumed.run.recorded_segments


def test_two_resumed_copies_are_a_conflict(a: Memory, b: Memory) -> None:
    """Each store has another second segment: nothing is copied."""
    record_interrupted(a, b)
    for memory, hours in ((a, 0), (b, 3)):
        (stored,) = memory.runs.values()
        add_segment(stored)()
        last = stored.run.recorded_segments[-1]
        assert last.start_time is not None
        moved = attrs.evolve(last, start_time=last.start_time + timedelta(hours=hours))
        stored.run.recorded_segments[-1] = moved
    (found,) = sync(a, b)
    assert found.state == "conflict" and not equal(a, b)
    source, target = MemoryStore(a), Target(MemoryStore(b))
    (copied_run,) = copy_runs(source, target)
    assert "it was resumed there at 2026-01-02 07:04:05" in copied_run.conflict


def add_part(memory: Memory, name: str, values: list[float]) -> None:
    """Record what a writer of the only run logs, to its end."""
    store = MemoryStore(memory)
    (run,) = store.list()
    part = EventDriver(store.writer_observer(run.id))
    part.start(meta_info=part_meta(run.uid, name))
    part.log("loss", values)
    part.complete()


def test_each_store_gets_the_writers_of_the_other(a: Memory, b: Memory) -> None:
    """Parts that only one store has are copied to the other one, also of runs that are equal."""
    record(a).complete()
    sync(a, b)
    add_part(a, "rank1", [1.0, 2.0])
    add_part(b, "rank2", [3.0])
    assert not equal(a, b)
    sync(a, b)
    assert equal(a, b)
    for memory in (a, b):
        assert list(MemoryStore(memory).writers(1)) == ["rank1", "rank2"]


def test_a_dry_run_copies_no_parts(a: Memory, b: Memory) -> None:
    """Nothing is stored, also not below a run that both stores have."""
    record(a).complete()
    sync(a, b)
    add_part(a, "rank1", [1.0])
    store = MemoryStore(b)
    assert [*synchronise(Target(MemoryStore(a)), DryTarget(store))]
    assert store.writer_store(1) is None and not equal(a, b)
