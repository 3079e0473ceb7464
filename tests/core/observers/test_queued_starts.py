"""Tests of the start of a queued run by its id."""

from typing import Any

import pytest

from sacred_core.exceptions import RunIdError
from sacred_core.stores.worker_claims import WorkerClaim, encode_claim
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore

UID = "0123456789abcdef" * 2


def queue_run(memory: Memory) -> Any:
    """Queue a run and return its id."""
    return EventDriver(MemoryObserver(memory)).queue(meta_info={"uid": UID})


def start(memory: Memory, run_id: Any, claim: WorkerClaim | None = None) -> EventDriver:
    """Start a run by its id."""
    driver = EventDriver(MemoryObserver(memory))
    encoded = None if claim is None else encode_claim(claim)
    driver.start(_id=run_id, asked_id=run_id, claim=encoded, meta_info={"uid": UID})
    return driver


def test_a_waiting_run_is_started_by_its_id() -> None:
    """Neither a claim nor a worker is needed; a free id is not checked."""
    memory = Memory()
    start(memory, queue_run(memory))
    start(memory, 9)
    assert [run.recorded_status for run in MemoryStore(memory).list()] == ["RUNNING"] * 2


def test_a_run_of_a_worker_is_refused() -> None:
    """The message names the worker."""
    memory = Memory()
    run_id = queue_run(memory)
    MemoryStore(memory).claim(None, "ann@node1")
    with pytest.raises(RunIdError, match="'ann@node1' starts it now: stop that worker first"):
        start(memory, run_id)


def test_a_worker_that_has_lost_the_run_is_refused() -> None:
    """It was put back, or another worker has claimed it."""
    memory = Memory()
    run_id, store = queue_run(memory), MemoryStore(memory)
    first = store.claim(None, "ann")
    assert first is not None
    store.requeue(run_id, "silent")
    for _ in range(2):
        with pytest.raises(RunIdError, match="worker 'ann' has lost it"):
            start(memory, run_id, first.claim)
        second = store.claim(None, "bob") or second  # noqa: F821 - of the first round
    start(memory, run_id, second.claim)
    run = store.get(run_id)
    assert run.recorded_status == "RUNNING" and run.claim == second.claim


def test_a_run_that_was_started_before_is_resumed_instead() -> None:
    """The message names the option."""
    memory = Memory()
    run_id = queue_run(memory)
    start(memory, run_id).fail()
    MemoryStore(memory).requeue(run_id, "try again")
    with pytest.raises(RunIdError, match=f"use --resume {run_id}"):
        start(memory, run_id)
