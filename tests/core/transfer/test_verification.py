"""Tests of the comparison of two stores in memory."""

import math
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sacred_core.exceptions import UnavailableError
from sacred_core.stores import Annotation, StoredRun
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore
from sacred_core.testing.event_driver import START
from sacred_core.transfer.verification import uids_of, verify


def start(memory: Memory, number: int = 1, _id: Any = None, **fields: Any) -> EventDriver:
    driver = EventDriver(MemoryObserver(memory))
    meta = {"uid": f"{number:032x}"}
    driver.start(_id=_id, **{"meta_info": meta, "config": {"lr": 0.1}, **fields})
    return driver


def messages(a: Memory, b: Memory, reads_files: bool = False) -> list[str]:
    """Return what differs in the only run."""
    (comparison,) = verify(MemoryStore(a), MemoryStore(b), reads_files=reads_files)
    assert comparison.problem is None
    assert comparison.state == ("different" if comparison.differences else "equal")
    return [str(each) for each in comparison.differences]


def test_runs_are_paired_by_their_uid(a: Memory, b: Memory) -> None:
    """Ids do not matter; runs of one store are listed, those of B at the end."""
    for number in (1, 2, 3):
        start(a, number).complete()
    for number, run_id in ((4, 1), (3, 2), (2, 7)):
        start(b, number, run_id).complete()
    found = [*verify(MemoryStore(a), MemoryStore(b))]
    assert [(each.a, each.b, each.state) for each in found] == [
        (1, None, "only in A"), (2, 7, "equal"), (3, 2, "equal"), (None, 1, "only in B"),
    ]  # fmt: skip
    assert [each.uid for each in found] == [f"{number:032x}" for number in (1, 2, 3, 4)]
    assert {each.name for each in found} == {"fed"}


def test_a_selection_is_of_store_a(a: Memory, b: Memory) -> None:
    """With ids only these runs are compared, and runs of B that A lacks are not listed."""
    for number in (1, 2):
        start(a, number).complete()
    start(b, 3).complete()
    assert [each.a for each in verify(MemoryStore(a), MemoryStore(b), [2])] == [2]
    assert [*verify(MemoryStore(a), MemoryStore(b), [])] == []
    assert [*verify(MemoryStore(a), MemoryStore(b), [9])] == []


def test_a_run_that_was_copied_twice_is_compared_once(a: Memory, b: Memory) -> None:
    """Of runs with the same uid the oldest counts."""
    start(a).complete()
    start(b).complete()
    start(b).complete(result=2)
    assert uids_of(MemoryStore(b)) == {f"{1:032x}": 1}
    assert messages(a, b) == []


def _change(**values: Any) -> Callable[[StoredRun], None]:
    def change(run: StoredRun) -> None:
        for name, value in values.items():
            setattr(run, name, value)

    return change


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (_change(config={"lr": 0.2}), ["config.lr: 0.1 in A, 0.2 in B"]),
        (_change(config={"lr": "0.1"}), ["config.lr: 0.1 in A, '0.1' in B"]),
        (_change(config={"lr": [1] * 40}), [f"config.lr: 0.1 in A, {str([1] * 40)[:60]}… in B"]),
        (
            _change(config={"x": {"y": None}}),
            ["config.lr: only in A (0.1)", "config.x: only in B ({'y': None})"],
        ),
        (_change(host={"hostname": "there"}), ["host.hostname: 'here' in A, 'there' in B"]),
        (_change(command="eval"), ["command: 'main' in A, 'eval' in B"]),
        (_change(recorded_status="FAILED"), ["status: 'COMPLETED' in A, 'FAILED' in B"]),
        (_change(result=2), ["result: 1 in A, 2 in B"]),
        (_change(result=1.0), ["result: 1 in A, 1.0 in B"]),
        (_change(result=math.nan), ["result: 1 in A, nan in B"]),
        (_change(fail_trace=["x"]), ["fail_trace: differs"]),
        (
            _change(start_time=START + timedelta(milliseconds=2)),
            [
                "start_time: 2026-01-02T03:04:05.678+00:00 in A, "
                "2026-01-02T03:04:05.680+00:00 in B"
            ],
        ),
        (_change(stop_time=None), ["stop_time: 2026-01-02T03:04:05.678+00:00 in A, None in B"]),
        (
            _change(experiment={"name": "x", "dependencies": ["numpy"]}),
            [
                "experiment.name: 'fed' in A, 'x' in B",
                "experiment.dependencies: [] in A, ['numpy'] in B",
            ],
        ),
    ],
)  # fmt: skip
def test_what_differs_in_the_record_is_named(
    a: Memory, b: Memory, change: Callable[[StoredRun], None], expected: list[str]
) -> None:
    """Entries have their dotted path, and both values."""
    for memory in (a, b):
        start(memory).complete(result=1)
    change(b.runs[1].run)
    assert messages(a, b) == expected


def test_many_entries_are_counted(a: Memory, b: Memory) -> None:
    """Of a part, 20 entries are listed, and the number of the others."""
    start(a, config={f"x{n}": 1 for n in range(25)}).complete()
    start(b, config={f"x{n}": 2 for n in range(25)}).complete()
    found = messages(a, b)
    assert len(found) == 21
    assert found[0] == "config.x0: 1 in A, 2 in B"
    assert found[19:] == ["config.x19: 1 in A, 2 in B", "config: 5 more entries differ"]


@pytest.mark.parametrize(
    ("mine", "its", "message"),
    [
        ("abcd", "ab", "output: 2 of 4 characters in B"),
        ("", "abc", "output: 0 of 3 characters in A"),
        ("abX", "abcd", "output: differs from character 2 on (3 in A, 4 in B)"),
    ],
)
def test_output_is_compared_by_character(
    a: Memory, b: Memory, mine: str, its: str, message: str
) -> None:
    """It is reported how much of it a store has, or where it differs."""
    for memory, text in ((a, mine), (b, its)):
        driver = start(memory)
        driver.print(text)
        driver.complete()
    assert messages(a, b) == [message]


@pytest.mark.parametrize(
    ("mine", "its", "message"),
    [
        ([1.0] * 3_000, [1.0] * 2_500, "metric loss: 2500 of 3000 points in B"),
        ([1.0], [1.0, 2.0], "metric loss: 1 of 2 points in A"),
        ([1.0], [2.0], "metric loss: differs (1 point)"),
        ([1.0, 2.0], [2.0], "metric loss: differs (2 points in A, 1 in B)"),
        ([1.0, 2.0], [], "metric loss: missing in B (2 points)"),
        ([], [1], "metric loss: missing in A (1 point)"),
    ],
)
def test_points_are_counted(
    a: Memory, b: Memory, mine: list[Any], its: list[Any], message: str
) -> None:
    """It is reported how many of the points a store has, or that they differ."""
    for memory, values in ((a, mine), (b, its)):
        driver = start(memory)
        driver.log("same", [1.0])
        driver.log("loss", values)
        driver.complete()
    assert messages(a, b) == [message]


def test_files_are_compared_by_their_content(a: Memory, b: Memory, tmp_path: Path) -> None:
    """A file may be missing, its content may be missing, and its content may differ."""
    for memory, text, names in ((a, "1", "xyz"), (b, "2", "wyz")):
        (tmp_path / "file").write_text(text)
        (tmp_path / "same").write_text("same")
        driver = start(memory)
        for name in names:
            driver.artifact(name, str(tmp_path / "file"))
        driver.resource(str(tmp_path / "same"))
        driver.complete()
    (memory := b.runs[1]).run.files["artifact"].pop("z")
    del memory.files["artifact", "z"]
    assert messages(a, b) == [
        "artifact x: missing in B",
        "artifact y: content differs",
        "artifact z: content missing in B",
        "artifact w: missing in A",
    ]
    b.runs[1].files["resource", str(tmp_path / "same")] = b"changed"
    assert len(messages(a, b)) == 4
    assert messages(a, b, reads_files=True)[-1] == f"resource {tmp_path / 'same'}: content differs"


def test_metadata_of_artifacts_are_compared(a: Memory, b: Memory, tmp_path: Path) -> None:
    """Metadata are a part of the files."""
    (tmp_path / "file").write_text("content")
    for memory, metadata in ((a, {"x": 1}), (b, {"x": 2})):
        driver = start(memory)
        driver.artifact("art", str(tmp_path / "file"), metadata=metadata)
        driver.complete()
    assert messages(a, b) == ["files: metadata differs"]


def test_annotations_are_compared_as_sets(a: Memory, b: Memory) -> None:
    """Tags and notes that only one store has are listed."""
    for memory, tags, notes in ((a, "xyz", ["one"]), (b, "zw", ["one", "two", "three"])):
        start(memory).complete()
        store = MemoryStore(memory)
        store.annotate(1, Annotation(time=START, user="ann", added=tuple(tags)))
        for note in notes:
            store.annotate(1, Annotation(time=START, user="ann", note=note))
    assert messages(a, b) == [
        "tags: 'x', 'y' only in A", "tags: 'w' only in B", "notes: 2 notes only in B",
    ]  # fmt: skip


@pytest.mark.parametrize("where", ["A", "B"])
def test_a_damaged_run_is_unreadable(a: Memory, b: Memory, where: str) -> None:
    """What is wrong with a record is reported, and the other runs are compared."""
    for memory in (a, b):
        for number in (1, 2):
            start(memory, number).complete()
    damaged = a if where == "A" else b
    damaged.runs[1].run.info = [1]  # type: ignore[assignment]
    first, second = verify(MemoryStore(a), MemoryStore(b))
    assert first.state == "unreadable" and second.state == "equal"
    assert str(first.problem).startswith(f"damaged in {where}: ") and "info" in str(first.problem)


def test_points_that_cannot_be_read_are_a_problem(a: Memory, b: Memory) -> None:
    """So are points of a run whose record is complete."""
    for memory in (a, b):
        driver = start(memory)
        driver.log("loss", [1.0])
        driver.complete()
    b.runs[1].metrics["loss"]["values"] = 3  # type: ignore[assignment]
    (found,) = verify(MemoryStore(a), MemoryStore(b))
    assert found.state == "unreadable" and "metrics" in str(found.problem)


def test_a_damaged_run_of_one_store_is_unreadable(a: Memory, b: Memory) -> None:
    """It is not only missing in the other one."""
    start(a).complete()
    a.runs[1].run.info = [1]  # type: ignore[assignment]
    (found,) = verify(MemoryStore(a), MemoryStore(b))
    assert (found.a, found.b, found.state) == (1, None, "unreadable")


class Unavailable(MemoryStore):
    def get(self, run_id: int | str) -> StoredRun:
        raise UnavailableError("no connection")


def test_a_lost_connection_is_no_difference(a: Memory, b: Memory) -> None:
    """An error of a whole store is raised; a run that was deleted meanwhile is skipped."""
    start(a).complete()
    start(b).complete()
    with pytest.raises(UnavailableError, match="no connection"):
        list(verify(MemoryStore(a), Unavailable(b)))
    found = verify(MemoryStore(a), MemoryStore(b), [1])
    a.runs.clear()
    assert [*found] == []
