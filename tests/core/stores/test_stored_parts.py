"""What is compared to find out how much of a run a store has."""

from datetime import timedelta
from typing import Any

import pytest

from sacred_core.stores import Annotation, FileInfo, StoredRun
from sacred_core.stores.stored_parts import (
    Stored,
    annotation_key,
    has_ended,
    has_same_end,
    is_same_file,
    is_same_file_set,
    is_same_time,
)
from sacred_core.testing import EventDriver
from sacred_core.testing.event_driver import START
from sacred_core.testing.memory import Memory, MemoryObserver, MemoryStore

LATER = START + timedelta(microseconds=999)


@pytest.mark.parametrize(
    ("status", "expected"),
    [("RUNNING", False), ("QUEUED", False), ("", False), ("COMPLETED", True), ("MINE", True)],
)
def test_has_ended(status: str, expected: bool) -> None:
    """A run ends with any status that is not one of the first ones."""
    assert has_ended(StoredRun(id=1, status=status)) is expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (("COMPLETED", START), ("COMPLETED", LATER), True),
        (("COMPLETED", START), ("COMPLETED", START + timedelta(milliseconds=1)), False),
        (("COMPLETED", START), ("FAILED", START), False),
        (("COMPLETED", START), ("COMPLETED", None), False),
        (("COMPLETED", None), ("COMPLETED", None), True),
        (("RUNNING", None), ("RUNNING", None), False),
    ],
)
def test_has_same_end(one: Any, other: Any, expected: bool) -> None:
    """Ends are the same if status and time are, to the millisecond."""
    first, second = (
        StoredRun(id=1, status=status, stop_time=stop) for status, stop in (one, other)
    )
    assert has_same_end(first, second) is has_same_end(second, first) is expected


def test_is_same_time() -> None:
    """Stores round times to milliseconds; two missing times are the same."""
    assert is_same_time(START, LATER) and is_same_time(LATER, START) and is_same_time(None, None)
    assert not is_same_time(START, None) and not is_same_time(None, START)
    assert not is_same_time(START, START + timedelta(milliseconds=1))


@pytest.mark.parametrize(
    ("info", "known", "expected"),
    [
        (FileInfo(md5="1"), FileInfo(md5="1"), True),
        (FileInfo(md5="1"), FileInfo(md5="2"), False),
        (FileInfo(md5="1"), FileInfo(), True),
        (FileInfo(), FileInfo(md5="2"), True),
        (FileInfo(md5="1", size=3), FileInfo(md5="1"), True),
        (FileInfo(metadata={"a": 1}), FileInfo(metadata={"a": 1}), True),
        (FileInfo(metadata={"a": 1}), FileInfo(), False),
        (FileInfo(metadata={"a": float("nan")}), FileInfo(metadata={"a": float("nan")}), True),
        (FileInfo(metadata={"a": 1}), FileInfo(metadata={"a": 1.0}), False),
        (FileInfo(metadata={"a": "\ud83d\ude00"}), FileInfo(metadata={"a": "\U0001f600"}), True),
        (FileInfo(content_type="a/b"), FileInfo(content_type="a/c"), False),
        (FileInfo(content_type="a/b"), FileInfo(), False),
        (FileInfo(), FileInfo(content_type="a/b", metadata={"a": 1}), True),
    ],
)
def test_is_same_file(info: FileInfo, known: FileInfo, expected: bool) -> None:
    """Digests that are known are compared, and details that the source knows."""
    assert is_same_file(info, known) is expected
    assert is_same_file_set({"x": info}, {"x": known, "y": FileInfo()}) is expected
    assert not is_same_file_set({"x": info}, {"y": known})


def test_annotation_key() -> None:
    """An annotation is the same in a store that rounds its time, and no other one is."""
    one = Annotation(time=START.replace(microsecond=5_000), user="ann", note="x", added=("a",))
    keys = {annotation_key(one)}
    same = Annotation(time=START.replace(microsecond=5_999), user="ann", note="x", added=("a",))
    assert annotation_key(same) in keys
    for changes in ({"user": "bob"}, {"note": None}, {"added": ()}, {"removed": ("a",)}):
        fields = {"time": one.time, "user": "ann", "note": "x", "added": ("a",), **changes}
        assert annotation_key(Annotation(**fields)) not in keys


@pytest.fixture
def memory() -> Memory:
    return Memory()


def test_what_a_store_has_of_a_run_in_progress(memory: Memory) -> None:
    """The output is compared, as its end may be rewritten; points count if they are in facts."""
    driver = EventDriver(MemoryObserver(memory))
    driver.start()
    driver.print("printed")
    driver.log("loss", [1, 2])
    store = MemoryStore(memory)
    found = Stored.of(store, store.get(1))
    assert (found.output, found.run.metrics) == ("printed", None)


def test_what_a_store_has_of_a_run_that_ended(memory: Memory) -> None:
    """The length of the output is known; without facts, output and points are read."""
    driver = EventDriver(MemoryObserver(memory))
    driver.start()
    driver.print("printed")
    driver.log("loss", [1, 2])
    driver.complete()
    store = MemoryStore(memory)
    assert Stored.of(store, store.get(1)).output == 7
    memory.runs[1].run.metrics = memory.runs[1].run.output_length = None
    found = Stored.of(store, store.get(1))
    assert found.output == "printed"
    assert {name: summary.stop for name, summary in (found.run.metrics or {}).items()} == {
        "loss": 2
    }
    assert found.run.recorded_status == "COMPLETED"
