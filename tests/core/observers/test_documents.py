"""Tests of the base class of observers that store documents, with the backend in memory."""

import itertools
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sacred_core.exceptions import RunRemovedError
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore

NOW = datetime(2026, 1, 2, tzinfo=UTC)


class Recording(MemoryObserver):
    """Lists the names of the fields that are written; fails on demand."""

    def __init__(self, memory: Memory) -> None:
        super().__init__(memory)
        self.written: list[set[str]] = []
        self.is_away = False

    def update_run(self, run: Any, names: frozenset[str]) -> bool:
        if self.is_away:
            raise OSError("away")
        self.written.append(set(names))
        return super().update_run(run, names)


@pytest.fixture
def observer() -> Recording:
    return Recording(Memory())


def test_a_heartbeat_writes_only_what_changed(observer: Recording) -> None:
    """Equal values of different types are a change."""
    observer.started_event({}, "main", {}, NOW, {}, {}, None)
    for info, result in (({}, None), ({"a": 1}, None), ({"a": 1}, 2), ({"a": True}, 2.0)):
        observer.heartbeat_event(info, beat_time=NOW, result=result)
    assert observer.written == [
        {"heartbeat"}, {"heartbeat", "info"}, {"heartbeat", "result"},
        {"heartbeat", "info", "result"},
    ]  # fmt: skip


def test_captured_functions_are_written_once_for_each_change(observer: Recording) -> None:
    """A heartbeat with the same functions writes the experiment no more."""
    driver = EventDriver(observer)
    driver.start()
    for captured in (None, [["a.py", "f", []]], [["a.py", "f", []]], [["a.py", "f", ["x"]]], None):
        driver.beat(captured=captured)
    both, alone = {"heartbeat", "experiment"}, {"heartbeat"}
    assert observer.written == [alone, both, alone, both, alone]
    assert MemoryStore(observer.memory).get(1).captured[0].entries == ("x",)


def test_what_could_not_be_written_is_written_with_the_next_change(observer: Recording) -> None:
    """What could not be written is written with the next change, though it does not
    change again.
    """
    run_id = observer.started_event({}, "main", {}, NOW, {}, {}, None)
    observer.is_away = True
    with pytest.raises(OSError, match="away"):
        observer.heartbeat_event({"a": 1}, beat_time=NOW)
    observer.is_away = False
    observer.heartbeat_event({"a": 1}, beat_time=NOW)
    observer.completed_event(NOW, None)
    assert observer.written == [{"heartbeat", "info"}, {"status", "stop_time"}]
    assert MemoryStore(observer.memory).get(run_id).info == {"a": 1}


@pytest.mark.parametrize("end", ["complete", "interrupt", "fail"])
def test_an_end_writes_its_fields(observer: Recording, end: str) -> None:
    """A result or a trace that there is none of is not written."""
    driver = EventDriver(observer)
    driver.start()
    {"complete": driver.complete, "interrupt": driver.interrupt, "fail": driver.fail}[end]()
    expected = {"status", "stop_time"} | ({"fail_trace"} if end == "fail" else set())
    assert observer.written == [expected]


def test_the_result_of_the_last_heartbeat_stays(observer: Recording) -> None:
    """The result of the last heartbeat stays, where the end has none, as after a command without a
    return value.
    """
    driver = EventDriver(observer)
    run_id = driver.start()
    driver.beat(result=7)
    driver.complete()
    assert MemoryStore(observer.memory).get(run_id).result == 7
    assert driver.expected.result == 7


def test_each_event_of_a_deleted_run_is_refused(observer: Recording, tmp_path: Path) -> None:
    """The error names the run and the store."""
    file = tmp_path / "f"
    file.write_text("x")
    driver = EventDriver(observer)
    run_id = driver.start()
    del observer.memory.runs[run_id]
    for event in (
        driver.beat, driver.complete, driver.fail, driver.interrupt,
        lambda: driver.print("text"), lambda: driver.log("loss", [1.0]),
        lambda: driver.resource(str(file)), lambda: driver.artifact("a", str(file)),
        lambda: driver.code(".", [], ["numpy==2.0"]),
    ):  # fmt: skip
        with pytest.raises(RunRemovedError, match="run '1' was deleted from the memory"):
            event()
    assert observer.memory.runs == {}


def test_an_event_before_the_start_is_an_error(observer: Recording) -> None:
    """The message reports that there is no run."""
    with pytest.raises(RuntimeError, match="has no run"):
        observer.output_event("text", 0)
    with pytest.raises(RuntimeError, match="has no run"):
        observer.failed_event(NOW, [])


def test_each_run_has_a_token_of_its_own(observer: Recording) -> None:
    """Each run has a token of its own, also runs of one observer."""
    tokens = set()
    for _ in range(3):
        observer.started_event({}, "main", {}, NOW, {}, {}, None)
        tokens.add(observer.token)
    assert len(tokens) == 3 and all(tokens)


def test_positions_of_points_begin_anew_with_each_run(observer: Recording) -> None:
    """Those of methods that are called by hand, which have no event."""
    metric = {"name": "loss", "steps": [0], "values": [1.0], "timestamps": [NOW]}
    for count in (2, 1):
        run_id = observer.started_event({}, "main", {}, NOW, {}, {}, None)
        for _ in range(count):
            observer.log_metrics({"loss": metric})
        assert MemoryStore(observer.memory).metrics(run_id)["loss"]["values"] == [1.0] * count


def test_code_that_is_imported_later_is_sorted_and_listed_once(observer: Recording) -> None:
    """Code that is imported later is sorted and listed once, by name; dependencies without regard
    to case.
    """
    driver = EventDriver(observer)
    run_id = driver.start(
        ex_info={"name": "fed", "sources": [["b.py", "1"]], "dependencies": ["B==1"]}
    )
    for times in itertools.repeat(None, 2):
        del times
        driver.code(".", [["a.py", "2"], ["b.py", "3"]], ["a==1", "c==1", "B==1"])
    experiment = MemoryStore(observer.memory).get(run_id).experiment
    assert experiment["sources"] == [["a.py", "2"], ["b.py", "1"]]
    assert experiment["dependencies"] == ["a==1", "B==1", "c==1"]
