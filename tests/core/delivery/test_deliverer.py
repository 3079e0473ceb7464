"""Tests of how long the end of a run waits for an observer."""

import itertools
import logging
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sacred_core import events
from sacred_core.delivery.backlog import Backlog
from sacred_core.delivery.deliverer import Abandoned, Deliverer
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


def new_deliverer(call: Callable[[events.Event], object], output: str = "") -> Deliverer:
    def new_backlog() -> Backlog:
        return Backlog(Overflow(Path, lambda event: event))

    logger = logging.getLogger("deliverer")
    return Deliverer("it", call, POLICY, True, lambda name: output, logger, new_backlog)


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


def folded(delivered: list[events.Event]) -> tuple[object, str, dict[int, float]]:
    """Return information, output and points that a store has after these events."""
    info: object = None
    text, points = "", dict[int, float]()
    for event in delivered:
        if isinstance(event, events.Heartbeat):
            info = event.info
        elif isinstance(event, events.OutputCaptured):
            text = text[: event.offset] + event.text
        elif isinstance(event, events.MetricsLogged):
            for name, metric in event.metrics_by_name.items():
                values = enumerate(metric["values"], event.starts[name])
                points |= {(name, index): value for index, value in values}  # type: ignore[misc]
    return info, text, points


def abandoned(
    sent: list[events.Event], stop: int, refused: str
) -> tuple[list[events.Event], list[events.Event]]:
    """Return what an observer recorded and what is left, where a call is abandoned.

    Args:
        sent: The events of the run.
        stop: The number of the call.
        refused: The method that the observer refuses after the first event, or ``"all"``: then it
            is not available.
    """
    recorded: list[events.Event] = []
    calls = itertools.count(1)

    def call(event: events.Event) -> None:
        if next(calls) >= stop:
            deliverer.abandon()
        elif recorded and refused in (event.method, "all"):
            raise UnavailableError("away") if refused == "all" else ValueError("refused")
        else:
            recorded.append(event)

    deliverer = new_deliverer(call, folded(sent)[1])
    is_abandoned = False
    for event in sent:
        deliverer.backlog.add(event)
        if not is_abandoned:
            try:
                deliverer.deliver()
            except Abandoned:
                is_abandoned = True
    deliverer.take_rest()
    left = deliverer.undelivered.events.drain()
    return recorded, [each for each in left if isinstance(each, events.Event)]


@pytest.mark.parametrize("refused", ["", "output_event", "log_metrics", "heartbeat_event", "all"])
def test_what_is_left_replaces_nothing_newer(refused: str) -> None:
    """Wherever the run stops waiting, what was recorded and what is left are the whole run."""

    def columns(values: list[float]) -> dict[str, object]:
        return {"steps": [0, 1], "values": values, "timestamps": [NOW, NOW]}

    def beat(number: int) -> events.Event:
        return SOURCE.make(events.Heartbeat, info={"n": number}, beat_time=NOW, result=number)

    sent: list[events.Event] = [beat(1)]
    for number in (0, 2):
        sent += [
            SOURCE.make(events.OutputCaptured, text=f"a line {number}\n", offset=9 * (number // 2)),
            SOURCE.make(
                events.MetricsLogged,
                metrics_by_name={"a": columns([1.0, 2.0]), "b": columns([3.0, 4.0])},
                info={}, starts={"a": number, "b": number},
            ),
            beat(number + 2),
        ]  # fmt: skip
    expected = folded(sent)
    for stop in range(1, 40):
        recorded, left = abandoned(sent, stop, refused)
        assert folded(recorded + left) == expected, (stop, recorded, left)
