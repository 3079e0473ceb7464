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


def new_deliverer(
    call: Callable[[events.Event], object],
    output: str = "",
    record_together: Callable[[Callable[[], None]], bool] | None = None,
) -> Deliverer:
    def new_backlog() -> Backlog:
        return Backlog(Overflow(Path, lambda event: event))

    logger = logging.getLogger("deliverer")
    return Deliverer(
        "it", call, POLICY, True, lambda name: output, logger, new_backlog,
        record_together=record_together,
    )  # fmt: skip


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


OUTPUT = SOURCE.make(events.OutputCaptured, text="x", offset=0)
BEAT = SOURCE.make(events.Heartbeat, info={}, beat_time=NOW, result=None)


class Together:
    """An observer that records several events in one step.

    Attributes:
        calls: The names of the events of each step, and of each call outside of one.
        error: What the step raises.
    """

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.error: Exception | None = None
        self._step: list[str] | None = None

    def call(self, event: events.Event) -> None:
        if self._step is None:
            self.calls.append([type(event).__name__])
        else:
            self._step.append(type(event).__name__)

    def record(self, record: Callable[[], None]) -> bool:
        self._step = []
        try:
            record()
            self.calls.append(self._step)
            if self.error is not None:
                raise self.error
        finally:
            self._step = None
        return True


@pytest.fixture
def together() -> Together:
    return Together()


def deliverer_of(together: Together) -> Deliverer:
    return new_deliverer(together.call, record_together=together.record)


def add_all(deliverer: Deliverer, *added: events.Event) -> None:
    for event in added:
        deliverer.backlog.add(event)


def test_events_are_delivered_together(together: Together) -> None:
    """What waits is recorded in one step, and does not wait any longer."""
    deliverer = deliverer_of(together)
    add_all(deliverer, OUTPUT, BEAT)

    deliverer.deliver()

    assert together.calls == [["OutputCaptured", "Heartbeat"]]
    assert not deliverer.has_waiting


def test_file_is_delivered_by_itself(together: Together) -> None:
    """An event with a file, which may fail by itself, is not in the step, nor what follows it."""
    deliverer = deliverer_of(together)
    add_all(deliverer, OUTPUT, OUTPUT, RESOURCE, BEAT)

    deliverer.deliver()

    assert together.calls == [["OutputCaptured"] * 2, ["ResourceAdded"], ["Heartbeat"]]


def test_single_event_needs_no_step(together: Together) -> None:
    """One event that waits is delivered as before."""
    deliverer = deliverer_of(together)
    add_all(deliverer, BEAT)

    deliverer.deliver()

    assert together.calls == [["Heartbeat"]]


def test_refused_step_is_delivered_one_by_one(together: Together) -> None:
    """If a step is refused, each of its events is delivered by itself."""
    deliverer = deliverer_of(together)
    add_all(deliverer, OUTPUT, BEAT)
    together.error = ValueError("refused")

    deliverer.deliver()

    assert together.calls[1:] == [["OutputCaptured"], ["Heartbeat"]]
    assert not deliverer.has_waiting and not deliverer.is_failing


def test_outage_in_a_step_ends_the_round(together: Together) -> None:
    """If the store is unavailable, events are not tried one by one: all wait for the next round."""
    deliverer = deliverer_of(together)
    add_all(deliverer, OUTPUT, BEAT)
    together.error = UnavailableError("away")

    deliverer.deliver()

    assert len(together.calls) == 1
    assert (len(deliverer.backlog), deliverer.is_failing) == (2, True)


def test_heartbeat_that_was_replaced_during_a_step_remains(together: Together) -> None:
    """A newer heartbeat, added while the step records the older one, is delivered too."""
    newer = SOURCE.make(events.Heartbeat, info={"a": 1}, beat_time=NOW, result=None)

    def record_and_add(step: Callable[[], None]) -> bool:
        done = together.record(step)
        if len(together.calls) == 1:
            deliverer.backlog.add(newer)
        return done

    deliverer = new_deliverer(together.call, record_together=record_and_add)
    add_all(deliverer, OUTPUT, BEAT)

    deliverer.deliver()

    assert together.calls == [["OutputCaptured", "Heartbeat"], ["Heartbeat"]]


def test_abandoned_step_is_not_recorded(together: Together) -> None:
    """A step during which the run stops waiting raises, so that the store records none of it."""

    def record(step: Callable[[], None]) -> bool:
        deliverer.abandon()
        step()
        return True

    deliverer = new_deliverer(together.call, record_together=record)
    add_all(deliverer, OUTPUT, BEAT)
    with pytest.raises(Abandoned):
        deliverer.deliver()

    assert len(deliverer.backlog) == 2


def test_nothing_is_delivered_together_while_a_file_waits(together: Together) -> None:
    """While a file that could not be stored is set aside, events are delivered one by one."""

    def call(event: events.Event) -> None:
        together.call(event)
        if event is RESOURCE:
            raise ValueError("unreadable")

    deliverer = new_deliverer(call, record_together=together.record)
    add_all(deliverer, RESOURCE)
    deliverer.deliver()
    deliverer.is_failing = False
    together.calls.clear()
    add_all(deliverer, OUTPUT, BEAT)

    deliverer.deliver(with_retries=False)

    assert together.calls == [["OutputCaptured"], ["Heartbeat"]]
