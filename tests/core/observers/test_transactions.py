"""Tests of events that a store stores in one transaction."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from sacred_core import Experiment
from sacred_core.observers.documents import DocumentObserver
from sacred_core.stores.model import StoredRun
from sacred_core.testing import Memory, MemoryObserver, MemoryStore

NOW = datetime(2026, 1, 1, tzinfo=UTC)
START: dict[str, Any] = {
    "ex_info": {"name": "it", "base_dir": "/", "sources": [], "dependencies": [],
                "repositories": []},
    "command": "main", "host_info": {}, "start_time": NOW, "config": {}, "meta_info": {},
    "_id": None,
}  # fmt: skip


class Transactional(MemoryObserver):
    """Stores nothing where the transaction fails, and counts transactions and writes."""

    def __init__(self, memory: Memory) -> None:
        super().__init__(memory)
        self.transactions = self.writes = 0
        self.written: list[frozenset[str]] = []
        self.fails_at_end = False

    @contextlib.contextmanager
    def write_together(self) -> Iterator[None]:
        self.transactions += 1
        yield
        if self.fails_at_end:
            raise ValueError("the commit is refused")

    def update_run(self, run: StoredRun, names: frozenset[str]) -> bool:
        self.written.append(names)
        return super().update_run(run, names)


class Overriding(Transactional):
    """Does something else with a heartbeat."""

    def heartbeat_event(self, **fields: Any) -> None:  # type: ignore[override]
        super().heartbeat_event(**fields)


def started(kind: type[Transactional] = Transactional) -> Transactional:
    observer = kind(Memory())
    observer.started_event(**START)
    return observer


def beat(observer: DocumentObserver) -> None:
    observer.heartbeat_event({"a": 1}, None, NOW, 5)


def test_events_are_recorded_in_one_transaction() -> None:
    """All calls in `record_together` are in one context of the store."""
    observer = started()

    def record() -> None:
        observer.output_event("x", 0)
        beat(observer)

    assert observer.record_together(record)

    assert observer.transactions == 1


def test_failed_transaction_writes_all_fields_again() -> None:
    """After a transaction that was not stored, the next heartbeat writes what it had changed."""
    observer = started()
    observer.fails_at_end = True
    with pytest.raises(ValueError, match="the commit is refused"):
        observer.record_together(lambda: beat(observer))
    observer.written.clear()

    beat(observer)

    assert observer.written == [frozenset({"heartbeat", "info", "result", "metrics"})]


def test_failed_transaction_restores_positions_of_points() -> None:
    """Points of a transaction that was not stored get the same positions again."""
    memory = Memory()
    observer = Transactional(memory)
    run_id = observer.started_event(**START)
    points = {"loss": {"steps": [0], "values": [1.0], "timestamps": [NOW]}}
    observer.fails_at_end = True
    with pytest.raises(ValueError, match="the commit is refused"):
        observer.record_together(lambda: observer.log_metrics(points))

    observer.log_metrics(points)

    assert MemoryStore(memory).metrics(run_id)["loss"]["values"] == [1.0]


def test_overridden_methods_are_called_one_by_one() -> None:
    """A subclass that overrides a method of an event is called outside of a transaction."""
    observer = started(Overriding)

    assert not observer.record_together(lambda: beat(observer))

    assert (observer.transactions, observer.written) == (0, [])


def test_store_without_transactions_calls_nothing() -> None:
    """By default `record_together` returns False and calls nothing."""
    observer = MemoryObserver(Memory())
    observer.started_event(**START)

    assert not observer.record_together(lambda: pytest.fail("it was called"))


def test_no_transaction_before_the_start() -> None:
    """An observer without a run has nothing to record together."""
    assert not Transactional(Memory()).record_together(lambda: pytest.fail("it was called"))


def test_news_of_a_heartbeat_are_one_transaction() -> None:
    """Output, points and the heartbeat at the end of a run are recorded in one transaction."""
    memory = Memory()
    observer = Transactional(memory)
    experiment = Experiment("together", save_git_info=False)
    experiment.observers.append(observer)

    @experiment.main
    def main(_run: Any) -> int:
        _run.log_scalar("loss", 0.5)
        print("hello")
        return 3

    run = experiment.run()

    assert observer.transactions == 1
    store = MemoryStore(memory)
    assert store.output(run._id) == "hello\n"
    assert store.metrics(run._id)["loss"]["values"] == [0.5]
    assert store.get(run._id).result == 3
