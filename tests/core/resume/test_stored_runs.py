"""Tests of finding the run to resume, and of waiting for the end of its process."""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sacred_core.exceptions import ResumeError
from sacred_core.resume.stored_runs import check_status, first_store, has_store, wait_for_end
from sacred_core.stores.model import StoredRun
from sacred_core.testing.memory import Memory, MemoryObserver

LOGGER = logging.getLogger("test")


class Runs:
    """A store that returns other states of one run, one after the other."""

    def __init__(self, *ages: float | None) -> None:
        self.states = [stored_run(age) for age in ages]
        self.looks = 0

    def get(self, run_id: object) -> StoredRun:
        self.looks += 1
        return self.states.pop(0) if len(self.states) > 1 else self.states[0]


def stored_run(age: float | None) -> StoredRun:
    """Return a run whose last heartbeat is so old; None: it was interrupted."""
    now = datetime.now(UTC)
    return StoredRun(
        id=3,
        status="INTERRUPTED" if age is None else "RUNNING",
        start_time=now - timedelta(minutes=1),
        heartbeat=now - timedelta(seconds=age or 0),
        host={"hostname": "node7"},
        meta={"beat_interval": 0.1, "uid": "0" * 32},
    )


def test_a_run_whose_heartbeats_ended_is_returned(caplog: pytest.LogCaptureFixture) -> None:
    """While it waits, a message says for what; then the status of the run is DEAD."""
    runs: Any = Runs(1.9)
    with caplog.at_level(logging.WARNING):
        ended = wait_for_end(runs, runs.states[0], LOGGER)
    assert ended.status == "DEAD"
    assert "Waiting whether run '3' is still running" in caplog.text
    assert "within 2 seconds" in caplog.text


def test_a_dead_run_is_not_read_again() -> None:
    """Nothing is waited for if the heartbeats ended long ago."""
    runs: Any = Runs(60.0)
    assert wait_for_end(runs, runs.states[0], LOGGER).status == "DEAD"
    assert runs.looks == 0


def test_a_heartbeat_is_an_error() -> None:
    """The error has the host, and what to do."""
    runs: Any = Runs(0.1)
    with pytest.raises(ResumeError, match=r"run '3' is still running: .* on node7\. Stop"):
        wait_for_end(runs, stored_run(1.0), LOGGER)


def test_a_run_that_ends_meanwhile_is_returned() -> None:
    """The status that it then has decides whether it is resumed."""
    runs: Any = Runs(None)
    assert wait_for_end(runs, stored_run(0.1), LOGGER).status == "INTERRUPTED"


def test_a_damaged_run_is_refused() -> None:
    """The error has the reason of the damage; a fork is refused too."""
    damaged = StoredRun(id=1, status="FAILED", damage="no JSON")
    for is_fork in (False, True):
        with pytest.raises(ResumeError, match=r"its record is damaged \(no JSON\)"):
            check_status(damaged, is_fork)


def test_the_first_observer_with_a_store_counts() -> None:
    """Observers without a store, such as messages, are skipped."""
    memory = Memory()
    store: Any = first_store([object(), MemoryObserver(memory), MemoryObserver(Memory())])
    assert store.memory is memory
    assert not has_store(object())
