"""Tests of calls of a store that cannot be reached for some time."""

import logging
import signal

import pytest

from sacred_core.exceptions import StoreError, UnavailableError
from sacred_core.worker.persistence import StoppedError, StoreCalls
from sacred_core.worker.stopping import StopRequest

LOGGER = logging.getLogger("sacred_core.worker")


@pytest.fixture
def pauses(stop: StopRequest, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses, which take no time."""
    found: list[float] = []
    monkeypatch.setattr(stop, "wait", found.append)
    return found


class Store:
    """Fails with the errors of a list, one after the other."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = [*errors]

    def call(self) -> int:
        if self.errors:
            raise self.errors.pop(0)
        return 7


def test_pauses_grow_up_to_a_limit(
    stop: StopRequest, pauses: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    """The log has the store, the reason without secrets, and the end of the outage."""
    caplog.set_level(logging.INFO)
    lost: list[int] = []
    calls = StoreCalls("the queue", stop, LOGGER, lambda: lost.append(1))
    errors = [UnavailableError("mysql://ann:hunter2@db is down"), ConnectionError("no route")]
    assert calls.persist(Store(*errors, *[TimeoutError("slow")] * 10).call) == 7
    assert len(pauses) == len(lost) == 12
    assert 0.13 < pauses[0] <= 0.2 < pauses[3] < pauses[6]
    assert 20 < pauses[-1] <= 30
    assert "the queue cannot be reached: mysql://ann:***@db is down. " in caplog.messages[0]
    assert caplog.messages[0].endswith("The next attempt is in 0.2 seconds")
    assert caplog.messages[-1] == "the queue can be reached again"
    assert "hunter2" not in caplog.text


def test_other_errors_are_raised_at_once(stop: StopRequest, pauses: list[float]) -> None:
    """Repeating them would change nothing."""
    with pytest.raises(StoreError, match="another version"):
        StoreCalls("q", stop, LOGGER).persist(Store(StoreError("another version")).call)
    assert pauses == []


def test_a_signal_ends_the_attempts(stop: StopRequest, pauses: list[float]) -> None:
    """The one in progress is the last."""
    stop.request(signal.SIGTERM)
    with pytest.raises(StoppedError):
        StoreCalls("q", stop, LOGGER).persist(Store(UnavailableError("down")).call)
    assert StoreCalls("q", stop, LOGGER).persist(Store().call) == 7
    assert pauses == []


def test_there_may_be_time_after_a_signal(stop: StopRequest, pauses: list[float]) -> None:
    """What is being put back into the queue is tried until the deadline."""
    stop.request(signal.SIGTERM)
    left = [True, True, False]
    calls = StoreCalls("q", stop, LOGGER)
    with pytest.raises(StoppedError):
        calls.persist(Store(*[UnavailableError("down")] * 9).call, lambda: left.pop(0))
    assert len(pauses) == 2
