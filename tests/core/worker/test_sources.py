"""Tests of asking the sources of queued runs."""

import logging
from types import SimpleNamespace
from typing import Any

import pytest

from sacred_core import QueueSource
from sacred_core.exceptions import QueryError, StoreError, Terminated, UnavailableError
from sacred_core.stores.query import Query
from sacred_core.testing import Memory, MemoryStore
from sacred_core.worker.sources import fill_queue

STORE = MemoryStore(Memory())


def raising(error: BaseException) -> Any:
    def fill(store: Any, where: Any) -> int:
        raise error

    return fill


@pytest.fixture
def offer(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Offer sources in place of those of installed plugins."""

    def replace(*sources: QueueSource) -> None:
        manager = SimpleNamespace(queue_sources=sources)
        monkeypatch.setattr("sacred_core.worker.sources.plugin_manager", lambda: manager)

    return replace


def test_each_source_gets_the_store_and_the_parsed_condition(offer: Any) -> None:
    """The numbers of all sources are added; without a condition they get None."""
    calls: list[Any] = []

    def fill(store: Any, where: Any) -> int:
        calls.append((store, where))
        return len(calls)

    offer(QueueSource("one", fill), QueueSource("two", fill))
    assert fill_queue(STORE, "config.lr > 1") == 3
    assert all(store is STORE and isinstance(where, Query) for store, where in calls)
    assert fill_queue(STORE, calls[0][1]) == 7 and calls[2] == calls[0]
    assert fill_queue(STORE, "") == fill_queue(STORE) - 4 == 11
    assert [where for _, where in calls[4:]] == [None] * 4


def test_a_condition_that_is_wrong_is_an_error_of_the_caller(offer: Any) -> None:
    """It is raised before a source is called."""
    offer(QueueSource("one", raising(AssertionError())))
    with pytest.raises(QueryError):
        fill_queue(STORE, "config.lr >")


def test_a_source_that_fails_is_one_warning(offer: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Other sources are asked; the same reason is not repeated, another one is reported."""
    good = QueueSource("good", lambda store, where: 5)
    for reason in ("one", "one", "two"):
        offer(QueueSource("bad", raising(StoreError(reason))), good)
        assert fill_queue(STORE) == 5
    assert caplog.record_tuples == [
        (
            "sacred_core.worker",
            logging.WARNING,
            "The source of queued runs 'bad' failed: StoreError: one",
        ),
        (
            "sacred_core.worker",
            logging.WARNING,
            "The source of queued runs 'bad' failed: StoreError: two",
        ),
    ]


@pytest.mark.parametrize("error", [UnavailableError("gone"), KeyboardInterrupt(), Terminated()])
def test_outages_and_the_end_of_the_worker_are_raised(offer: Any, error: BaseException) -> None:
    """The worker handles an outage of its store, and a signal, as anywhere else."""
    offer(QueueSource("one", raising(error)))
    with pytest.raises(type(error)):
        fill_queue(STORE)
