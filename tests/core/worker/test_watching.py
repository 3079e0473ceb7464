"""Tests of how a worker judges whether others are alive."""

import threading
from types import SimpleNamespace
from typing import Any

import attrs
import pytest

from sacred_core.stores import StoredRun
from sacred_core.stores.worker_claims import WorkerClaim
from sacred_core.worker.watching import RunningClock, Watch, interval_of


class Clock:
    """Seconds that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def held(status: str = "QUEUED", beats: int = 0, **fields: Any) -> StoredRun:
    """Return a run that a worker has claimed, with an interval of 10 seconds."""
    claim = WorkerClaim(worker="other", token="claim-1", interval=10.0, beats=beats)
    return StoredRun(id=1, status=status, claim=claim, **fields)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def watch(clock: Clock) -> Watch:
    return Watch(clock)


def observe(watch: Watch, clock: Clock, *runs: StoredRun) -> list[list[Any]]:
    """Return the ids of dead runs, of one observation every 10 seconds."""
    found = []
    for run in runs:
        found.append([each.id for each in watch.observe([run])])
        clock.now += 10.0
    return found


def test_a_run_is_dead_after_three_intervals_without_a_change(watch: Watch, clock: Clock) -> None:
    """The first observation only begins to count."""
    assert observe(watch, clock, *[held()] * 5) == [[], [], [], [1], [1]]


def test_a_change_begins_a_new_count(watch: Watch, clock: Clock) -> None:
    """A renewal shows that the worker is alive."""
    runs = [held(beats=number) for number in (0, 0, 0, 1, 1, 1, 1)]
    assert observe(watch, clock, *runs) == [[], [], [], [], [], [], [1]]


def test_a_break_counts_as_one_interval(watch: Watch, clock: Clock) -> None:
    """The process executed a run itself: the store may have been away meanwhile."""
    assert observe(watch, clock, held()) == [[]]
    clock.now += 10_000
    watch.note_break()
    assert observe(watch, clock, *[held()] * 3) == [[], [], [1]]


def test_a_slow_observation_counts(watch: Watch, clock: Clock) -> None:
    """The store was read all the time."""
    assert observe(watch, clock, held()) == [[]]
    clock.now += 25
    assert observe(watch, clock, held()) == [[1]]


def test_a_time_in_which_the_process_is_suspended_does_not_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The clock counts two ticks at most between two looks at the time."""
    times, slept = iter([0.0, 1.0, 2.5, 900.0, 901.0]), threading.Event()
    done: list[float] = []

    def sleep(seconds: float) -> None:
        done.append(seconds)
        if len(done) > 4:
            slept.set()
            threading.Event().wait()

    clock = RunningClock(1.0)
    fake = SimpleNamespace(monotonic=lambda: next(times), sleep=sleep)
    monkeypatch.setattr("sacred_core.worker.watching.time", fake)
    clock()
    assert slept.wait(10)
    assert clock() == 1.0 + 1.5 + 2.0 + 1.0
    assert done == [1.0] * 5


def test_the_thread_of_a_clock_ends_with_it() -> None:
    """A process with many workers, one after the other, has no thread of an earlier one."""
    before = set(threading.enumerate())
    clock = RunningClock(0.01)
    clock()
    (thread,) = set(threading.enumerate()) - before
    while clock() < 0.02:
        thread.join(0.001)
    assert thread.is_alive()
    del clock
    thread.join(10)
    assert not thread.is_alive()


def test_what_was_seen_before_an_outage_does_not_count(watch: Watch, clock: Clock) -> None:
    """Nobody could show that it is alive while the store was away."""
    assert observe(watch, clock, *[held()] * 3) == [[], [], []]
    watch.reset()
    assert observe(watch, clock, *[held()] * 4) == [[], [], [], [1]]


def test_a_run_that_was_not_listed_meanwhile_begins_again(watch: Watch, clock: Clock) -> None:
    """It was not held then."""
    assert observe(watch, clock, *[held()] * 3) == [[], [], []]
    assert watch.observe([]) == []
    assert observe(watch, clock, *[held()] * 2) == [[], []]


def test_runs_without_a_worker_are_never_dead(watch: Watch, clock: Clock) -> None:
    """A queued run waits, and a run that no worker has started is not the business of one."""
    waiting = attrs.evolve(held(), claim=None)
    running = attrs.evolve(held("RUNNING"), claim=None)
    assert observe(watch, clock, *[waiting] * 5) == [[]] * 5
    assert observe(watch, clock, *[running] * 5) == [[]] * 5


@pytest.mark.parametrize(
    ("status", "beat_interval", "expected"),
    [("RUNNING", 60.0, 60.0), ("RUNNING", 1.0, 10.0), ("RUNNING", None, 10.0), ("QUEUED", 60, 10)],
)
def test_the_interval_is_the_longer_one(
    status: str, beat_interval: float | None, expected: float
) -> None:
    """The heartbeats of a run count once it has started."""
    assert interval_of(held(status, meta={"beat_interval": beat_interval})) == expected


def test_a_run_without_a_claim_has_no_interval() -> None:
    """It is not observed."""
    assert interval_of(StoredRun(id=1, status="QUEUED")) == 0.0
