"""Queued runs in memory."""

from collections.abc import Iterator

import pytest

from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore
from sacred_core.worker.stopping import StopRequest


@pytest.fixture
def store() -> MemoryStore:
    """A store with a queued run, whose id is 1."""
    memory = Memory()
    queue_run(memory)
    return MemoryStore(memory)


@pytest.fixture
def stop() -> Iterator[StopRequest]:
    """Whether the worker is asked to end: not yet."""
    request = StopRequest()
    yield request
    request.close()


def queue_run(memory: Memory, **fields: object) -> int | str:
    """Queue a run, and return its id."""
    run_id: int | str = EventDriver(MemoryObserver(memory)).queue(**fields)
    return run_id
