"""Events are sent in order, each until it is stored."""

from collections.abc import Callable
from typing import Any

import pytest

from sacred_core.events import Event, EventSource, Heartbeat, OutputCaptured, RunAnnotated
from sacred_core.exceptions import RunRemovedError, StoreError, UnavailableError
from sacred_core.testing.event_driver import START
from sacred_core.transfer import sending
from sacred_core.transfer.sending import Sender

SOURCE = EventSource("uid")


class Observer:
    """Notes its calls, and raises what it is given."""

    def __init__(self, *failures: Exception) -> None:
        self.calls: list[Any] = []
        self.failures = list(failures)

    def output_event(self, text: str, offset: int) -> None:
        self._note(text)

    def heartbeat_event(self, captured_out: str) -> None:
        self._note(("beat", captured_out))

    def artifact_event(self, name: str) -> None:
        self._note(name)

    def _note(self, call: Any) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.calls.append(call)

    def join(self) -> None:
        self.calls.append("join")


def printed(*texts: str) -> list[Event]:
    return [SOURCE.make(OutputCaptured, text=text, offset=0) for text in texts]


def test_all_events_are_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """In order, with those for which the observer has no method; the observer is joined."""
    observer, sent = Observer(), []
    annotation = SOURCE.make(RunAnnotated, time=START, user="ann", note="x", added=[], removed=[])
    beat = SOURCE.make(Heartbeat, info={}, beat_time=START)
    sender = Sender(observer, 5, sent.append)
    sender.send([*printed("a", "b"), annotation, beat])
    assert observer.calls == ["a", "b", ("beat", ""), "join"]
    assert (sender.count, len(sent), sender.run_id) == (4, 4, 5)


def test_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """An event is repeated after each pause, then the outage is raised."""
    slept: list[float] = []
    monkeypatch.setattr(sending.time, "sleep", slept.append)
    observer = Observer(*[UnavailableError("away")] * 3)
    Sender(observer).send(printed("a"))
    assert observer.calls == ["a", "join"]
    assert tuple(slept) == sending.PAUSES
    with pytest.raises(UnavailableError):
        Sender(Observer(*[UnavailableError("away")] * 2), pauses=(0,)).send(printed("a"))


def test_other_errors_are_not_repeated() -> None:
    """They become an error of the store with the reason; those of the store stay."""
    observer = Observer(ValueError("odd"))
    with pytest.raises(StoreError, match="cannot store the run: ValueError: odd"):
        Sender(observer).send(printed("a"))
    with pytest.raises(RunRemovedError):
        Sender(Observer(RunRemovedError("gone"))).send(printed("a"))
    assert observer.calls == []


class Transactional(Observer):
    """Stores together what is sent together."""

    def record_together(self, record: Callable[[], None]) -> bool:
        record()
        self.calls.append("commit")
        return True


def test_events_are_sent_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to a number of events; a single one needs no transaction."""
    monkeypatch.setattr(sending, "_MOST_TOGETHER", 2)
    observer = Transactional()
    Sender(observer).send(printed("a", "b", "c"))
    assert observer.calls == ["a", "b", "commit", "c", "join"]


class NotNow(Observer):
    """Cannot store several events together."""

    def record_together(self, record: Callable[[], None]) -> bool:
        return False


def test_events_that_cannot_be_sent_together() -> None:
    """They are sent one by one."""
    observer = NotNow()
    Sender(observer).send(printed("a", "b"))
    assert observer.calls == ["a", "b", "join"]
