"""Tests of the thread that brings a store up to date."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sacred_core.spool.copier import Copier
from sacred_core.spool.descriptions import SpoolTarget
from tests.core.spool.conftest import eventually

TARGET = SpoolTarget(observer="SqlObserver", location="sqlite:///runs.db")
FOREVER = 1000.0


class Store:
    """Answers as a test asks it to.

    Attributes:
        answers_first: Something is stored before the call returns or fails.
        is_complete: The next answer is the id of the run.
        error: What the next call raises.
        calls: The number of calls that began.
        ended: What the thread reported at its end.
    """

    def __init__(self) -> None:
        self.is_complete, self.answers_first, self.calls = False, False, 0
        self.error: Exception | None = None
        self.answers = threading.Event()
        self.answers.set()
        self.ended: list[Any] = []
        self.copiers: list[Copier] = []

    def update(self, note_answer: Callable[[], None]) -> int | None:
        self.calls += 1
        self.answers.wait(60)
        if self.answers_first:
            note_answer()
        if self.error is not None:
            raise self.error
        return 7 if self.is_complete else None

    def copier(self, retry_interval: float = FOREVER) -> Copier:
        copier = Copier(TARGET, self.update, retry_interval, self.ended.append)
        self.copiers.append(copier)
        copier.start()
        return copier


@pytest.fixture
def store() -> Iterator[Store]:
    found = Store()
    yield found
    found.answers.set()
    for copier in found.copiers:
        copier.close()
    eventually(lambda: len(found.ended) == len(found.copiers))


def seconds(call: Callable[[], Any]) -> float:
    began = time.monotonic()
    call()
    return time.monotonic() - began


def test_it_is_called_at_once_and_when_woken(store: Store) -> None:
    """Once for each wake-up, or once for several."""
    copier = store.copier()
    eventually(lambda: store.calls == 1)
    copier.wake()
    eventually(lambda: store.calls == 2)
    assert copier.run_id is None and store.ended == []


def test_it_rests_after_an_attempt(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not take all the time of the run; the end does not wait for it."""
    monkeypatch.setattr("sacred_core.spool.copier.REST", FOREVER * 1_000_000)
    copier = store.copier()
    eventually(lambda: store.calls == 1)
    copier.wake()
    copier.wait(time.monotonic() + 0.05)
    assert store.calls == 1
    store.is_complete = True
    copier.close()
    copier.wait(time.monotonic() + FOREVER)
    assert (store.calls, store.ended) == (2, [7])


def test_the_end_is_copied(store: Store) -> None:
    """Then the thread ends, and has the id of the run in the store."""
    copier = store.copier()
    eventually(lambda: store.calls == 1)
    store.is_complete = True
    copier.close()
    copier.wait(time.monotonic() + 60)
    assert (copier.run_id, store.ended, store.calls) == (7, [7], 2)


def test_what_came_during_a_call_is_copied_by_another(store: Store) -> None:
    """Also the end of the run."""
    store.answers.clear()
    copier = store.copier()
    eventually(lambda: store.calls == 1)
    copier.close()
    store.answers.set()
    copier.wait(time.monotonic() + 60)
    assert (store.calls, copier.run_id, store.ended) == (2, None, [None])


def test_a_failure_is_retried_after_the_interval(store: Store) -> None:
    """A wake-up meanwhile is no attempt."""
    store.error = ConnectionError("refused")
    copier = store.copier()
    eventually(lambda: copier.reason.startswith("ConnectionError"))
    copier.wake()
    copier.wake()
    time.sleep(0.02)
    assert store.calls == 1
    store.copier(retry_interval=0.001)
    eventually(lambda: store.calls > 4)


def test_a_store_that_never_answered_is_not_tried_at_the_end(store: Store) -> None:
    """The thread ends at once, and knows why the run is not delivered."""
    store.error = ConnectionError("refused")
    copier = store.copier()
    eventually(lambda: copier.reason.startswith("ConnectionError"))
    copier.close()
    copier.wait(time.monotonic() + 60)
    assert (store.calls, store.ended) == (1, [None])


def test_a_store_that_answered_before_is_tried_once_more(store: Store) -> None:
    """There is no second attempt after the end."""
    copier = store.copier()
    eventually(lambda: store.calls == 1)
    store.error = ConnectionError("refused")
    copier.wake()
    eventually(lambda: copier.reason.startswith("ConnectionError"))
    copier.close()
    copier.wait(time.monotonic() + 60)
    assert (store.calls, store.ended) == (3, [None])


def test_a_store_that_refuses_a_part_is_tried_once_more(store: Store) -> None:
    """It answers each time, and what it refuses is refused each time."""
    store.error, store.answers_first = ValueError("too large"), True
    copier = store.copier()
    eventually(lambda: store.calls == 1)
    copier.close()
    copier.wait(time.monotonic() + 60)
    assert (store.calls, store.ended) == (2, [None])
    assert copier.reason == "ValueError: too large"


def test_an_answer_during_a_call_is_one(store: Store) -> None:
    """The rest of the call has all the time that the end of a run has."""
    answered, go_on = threading.Event(), threading.Event()

    def update(note_answer: Callable[[], None]) -> int:
        note_answer()
        answered.set()
        go_on.wait(60)
        return 7

    store.update = update  # type: ignore[method-assign]
    copier = store.copier()
    answered.wait(60)
    copier.close()
    assert seconds(lambda: copier.wait(time.monotonic() + 1.5)) > 1.4
    go_on.set()
    copier.wait(time.monotonic() + 60)
    assert copier.run_id == 7


def test_a_call_that_hangs_has_a_fraction_of_a_second(store: Store) -> None:
    """Counted from its beginning, if the store has not answered."""
    store.answers.clear()
    copier = store.copier()
    eventually(lambda: store.calls == 1)
    copier.close()
    assert 0.2 < seconds(lambda: copier.wait(time.monotonic() + 60)) < 30
    assert seconds(lambda: [copier.wait(time.monotonic() + 60) for _ in range(20)]) < 20 * 0.2
    assert copier.reason == "it did not answer" and store.ended == []


def test_a_call_of_a_store_that_answered_has_all_the_time(store: Store) -> None:
    """That is, until the given moment."""
    copier = store.copier()
    eventually(lambda: store.calls == 1)
    store.answers.clear()
    copier.wake()
    eventually(lambda: store.calls == 2)
    copier.close()
    assert seconds(lambda: copier.wait(time.monotonic() + 0.8)) > 0.7
    assert copier.reason == "no more time"


def test_the_reason_has_no_password(store: Store) -> None:
    """It is printed at the end of the run."""
    store.error = ConnectionError("cannot connect to db://ann:hunter2@host")
    copier = store.copier()
    eventually(lambda: copier.reason.startswith("ConnectionError"))
    assert "hunter2" not in copier.reason


def test_a_success_forgets_the_failure(store: Store) -> None:
    """The next attempts do not wait."""
    store.error = ConnectionError("refused")
    copier = store.copier(retry_interval=0.001)
    eventually(lambda: store.calls > 1)
    store.error = None
    eventually(lambda: copier.reason == "no more time")
    calls = store.calls
    copier.wake()
    eventually(lambda: store.calls > calls)
