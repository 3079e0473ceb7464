"""Tests of copying chosen runs, and of following running ones, between memories."""

from collections.abc import Callable
from typing import Any

import pytest

from sacred_core.exceptions import UnavailableError
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore
from sacred_core.transfer.copying import Copied
from sacred_core.transfer.following import copy_chosen, follow_chosen
from sacred_core.transfer.known_runs import Target
from sacred_core.transfer.verification import verify


def record(memory: Memory, number: int) -> EventDriver:
    driver = EventDriver(MemoryObserver(memory))
    # The heartbeats of the driver are years old: the interval is as long.
    driver.start(meta_info={"uid": f"{number:032x}", "beat_interval": 9e7})
    return driver


class Steps:
    """What happens while the copy waits: one step for each wait."""

    def __init__(self, *steps: Callable[[], Any]) -> None:
        self.waits: list[float] = []
        self._steps = [*steps]

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self._steps.pop(0)()


@pytest.fixture
def a() -> Memory:
    return Memory()


@pytest.fixture
def b() -> Memory:
    return Memory()


def steps(monkeypatch: pytest.MonkeyPatch, *each: Callable[[], Any]) -> Steps:
    found = Steps(*each)
    monkeypatch.setattr("sacred_core.transfer.following.time.sleep", found.sleep)
    return found


def equal(a: Memory, b: Memory) -> bool:
    return all(each.state == "equal" for each in verify(MemoryStore(a), MemoryStore(b)))


def test_chosen_runs_are_copied_in_their_order(a: Memory, b: Memory) -> None:
    """Others are not; a second copy sends nothing, and a note is sent for each event."""
    for number in (1, 2, 3):
        driver = record(a, number)
        driver.log("loss", [1.0, 2.0])
        driver.complete()
    sent: list[Any] = []
    found = [*copy_chosen(MemoryStore(a), [3, 1], Target(MemoryStore(b)), sent.append)]
    assert [(each.source_id, each.is_new, each.points) for each in found] == [
        (3, True, 2), (1, True, 2),
    ]  # fmt: skip
    assert len(sent) == sum(each.events for each in found)
    again = [*copy_chosen(MemoryStore(a), [3, 1], Target(MemoryStore(b)))]
    assert [(each.events, each.is_new) for each in again] == [(0, False)] * 2


def test_a_run_that_cannot_be_copied_does_not_stop_the_others(a: Memory, b: Memory) -> None:
    """A damaged run and one that does not exist any more are results with a reason."""
    for number in (1, 2):
        record(a, number).complete()
    a.runs[1].run.info = [1]  # type: ignore[assignment]
    for copy in (copy_chosen, _follow):
        found = [*copy(MemoryStore(a), [1, 9, 2], Target(MemoryStore(b)))]
        assert [each.target_id is None for each in found] == [True, True, False]
        assert "damaged" in found[0].missing[0] and "'9' not found" in found[1].missing[0]


def _follow(source: MemoryStore, ids: list[int], target: Target) -> Any:
    return follow_chosen(source, ids, target, 1.0)


def test_a_running_run_is_followed_until_its_end(
    a: Memory, b: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs that ended are yielded at once, running ones with the sums of all parts."""
    record(a, 1).complete()
    driver = record(a, 2)
    driver.print("one\n")
    driver.log("loss", [1.0])
    driver.beat()
    states: list[tuple[str, int]] = []

    def more() -> None:
        states.append((b.runs[2].output, len(b.runs[2].metrics["loss"]["values"])))
        driver.print("two\n")
        driver.log("loss", [2.0, 3.0])
        driver.beat()

    waiting = steps(monkeypatch, more, lambda: None, more, driver.complete)
    found = [*follow_chosen(MemoryStore(a), [2, 1], Target(MemoryStore(b)), 7.5)]
    assert [each.source_id for each in found] == [1, 2]
    assert waiting.waits == [7.5] * 4
    assert states == [("one\n", 1), ("one\ntwo\n", 3)]
    assert (found[1].points, found[1].characters) == (5, 12)
    assert found[1].is_new and found[1].has_ended and found[1].target_id == 2
    assert found[1].uid == f"{2:032x}" and found[1].events > 8
    assert equal(a, b)


def test_a_run_that_died_is_not_followed_for_ever(
    a: Memory, b: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that has missed its heartbeats is copied as it is."""
    driver = record(a, 1)
    driver.log("loss", [1.0])
    driver.beat()
    waiting = steps(monkeypatch, lambda: a.runs[1].run.meta.update(beat_interval=1.0))
    (found,) = follow_chosen(MemoryStore(a), [1], Target(MemoryStore(b)), 1.0)
    assert len(waiting.waits) == 1
    assert (found.has_ended, found.points) == (False, 1)


def test_a_run_that_is_deleted_meanwhile_is_not_followed(
    a: Memory, b: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was copied is counted, and that the rest is missing."""
    driver = record(a, 1)
    driver.log("loss", [1.0])
    driver.beat()
    steps(monkeypatch, a.runs.clear)
    (found,) = follow_chosen(MemoryStore(a), [1], Target(MemoryStore(b)), 1.0)
    assert (found.points, found.target_id, found.uid) == (1, 1, f"{1:032x}")
    assert len(found.missing) == 1 and "not found" in found.missing[0]


@pytest.mark.parametrize(("count", "listings"), [(19, 0), (20, 1)])
def test_the_target_is_listed_once_for_many_runs(
    a: Memory, b: Memory, count: int, listings: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few runs are looked up one by one."""
    for number in range(count):
        record(a, number).complete()
    calls: list[None] = []
    target = Target(MemoryStore(b))
    listing = target.list_runs
    monkeypatch.setattr(target, "list_runs", lambda: (calls.append(None), listing()))
    ids = [*range(1, count + 1)]
    found = [*copy_chosen(MemoryStore(a), iter(ids), target)]
    assert len(calls) == listings and all(each.is_new for each in found)
    again = [*follow_chosen(MemoryStore(a), iter(ids), target, 1.0)]
    assert len(calls) == 2 * listings and not any(each.events for each in again)


class Unavailable(MemoryStore):
    def get(self, run_id: int | str) -> Any:
        raise UnavailableError("no connection")


def test_a_lost_connection_is_raised(a: Memory, b: Memory) -> None:
    """The copy ends: it would fail for each run."""
    record(a, 1)
    for copy in (copy_chosen, _follow):
        with pytest.raises(UnavailableError):
            list(copy(Unavailable(a), [1], Target(MemoryStore(b))))
    assert isinstance(Copied(uid="", source_id=1, target_id=None), Copied)
