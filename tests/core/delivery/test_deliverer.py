"""Tests of how long the end of a run waits for an observer."""

import logging
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sacred_core import events
from sacred_core.delivery.backlog import Backlog
from sacred_core.delivery.deliverer import Deliverer
from sacred_core.delivery.overflow import Overflow
from sacred_core.exceptions import UnavailableError
from sacred_core.observers import RetryPolicy

SOURCE = events.EventSource("run")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
POLICY = RetryPolicy(end_timeout=25.0, call_timeout=10.0, retry_interval=5.0)
RESOURCE = SOURCE.make(events.ResourceAdded, filename="/r")
END = SOURCE.make(events.RunCompleted, stop_time=NOW)


class Clock:
    """Stands for the module `time`: time passes where `now` is changed."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("sacred_core.delivery.deliverer.time", clock)
    return clock


def new_deliverer(call: Callable[[events.Event], object]) -> Deliverer:
    def new_backlog() -> Backlog:
        return Backlog(Overflow(Path, lambda event: event))

    logger = logging.getLogger("deliverer")
    return Deliverer("it", call, POLICY, True, lambda name: "", logger, new_backlog)


def test_calls_after_the_last_retry_share_one_time(clock: Clock) -> None:
    """A server on which each call fails after 10 seconds delays the end by 35 seconds."""
    limits: list[float] = []

    def call(event: events.Event) -> None:
        limits.append(deliverer.end_of_wait(1000.0))
        clock.now += 10
        raise UnavailableError("the server is away")

    def pause(seconds: float) -> None:
        clock.now += seconds

    deliverer = new_deliverer(call)
    deliverer.backlog.add(RESOURCE)
    deliverer.backlog.add(END)
    deliverer.finish(pause)
    assert limits == [1025.0, 1025.0, *[1035.0] * (len(limits) - 2)]
    assert len(limits) > 3


def test_progress_and_large_files_have_more_time(clock: Clock, tmp_path: Path) -> None:
    """A file has a second per million bytes, also if it then fails; so the end is tried."""
    file = tmp_path / "large"
    file.touch()
    os.truncate(file, 50_000_000)
    large = SOURCE.make(events.ArtifactAdded, name="large", filename=str(file))
    limits: dict[str, float] = {}

    def call(event: events.Event) -> None:
        limits[event.method] = deliverer.end_of_wait(1000.0)
        clock.now += 40
        if event is not END:
            raise ValueError("too large")

    deliverer = new_deliverer(call)
    deliverer.backlog.add(large)
    deliverer.backlog.add(END)
    deliverer.finish(lambda seconds: None)
    assert limits["artifact_event"] == 1000.0 + 40 + 10 + 50
    assert limits["completed_event"] >= clock.now - 40 + 10
    assert deliverer.end_of_wait(1000.0) >= clock.now + 25, "the end was recorded"
