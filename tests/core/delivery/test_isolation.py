"""Tests of events that one observer cannot record."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from sacred_core import events
from sacred_core.delivery.backlog import Backlog
from sacred_core.delivery.dispatcher import Dispatcher
from sacred_core.delivery.isolation import Isolation
from sacred_core.delivery.overflow import Overflow
from sacred_core.exceptions import StoreError, UnavailableError
from sacred_core.observers import RunObserver
from sacred_core.testing.samples import START_FIELDS

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Recorder(RunObserver):
    """Records what it is called with; `fails` returns what it raises instead."""

    def __init__(self, fails: Callable[[str, Any], Exception | None]) -> None:
        self.fails = fails
        self.calls: list[tuple[str, Any]] = []
        self.recorded: list[tuple[str, Any]] = []

    def note(self, method: str, value: Any) -> None:
        self.calls.append((method, value))
        error = self.fails(method, value)
        if error is not None:
            raise error
        self.recorded.append((method, value))

    def log_metrics(self, metrics_by_name: Any, starts: Any) -> None:
        for name, metric in metrics_by_name.items():
            self.note("metric", (name, starts[name], metric["values"]))

    def output_event(self, text: str, offset: int) -> None:
        self.note("output", (offset, text))

    def code_event(self, sources: Any) -> None:
        self.note("code", sources)

    def completed_event(self, result: Any) -> None:
        self.note("completed", result)


class Beating(Recorder):
    """Records heartbeats too."""

    def heartbeat_event(self, info: Any, result: Any) -> None:
        self.note("beat", info)


class Session:
    """A run of one observer."""

    def __init__(self, observer: Recorder, whole: str = "") -> None:
        self.source = events.EventSource("run")
        self.beats = 0
        self.dispatcher = Dispatcher([observer], lambda name: whole, logging.getLogger("isolated"))
        self.dispatcher.send_start(
            self.source.make(events.RunStarted, start_time=NOW, **START_FIELDS), None
        )

    def send(self, kind: type[events.Event], **fields: Any) -> None:
        self.dispatcher.send(self.source.make(kind, **fields))

    def metrics(self, start: int, *names: str) -> None:
        metrics = {
            name: {"steps": [start], "values": [start], "timestamps": [NOW]} for name in names
        }
        starts = dict.fromkeys(names, start)
        self.send(events.MetricsLogged, metrics_by_name=metrics, info={}, starts=starts)

    def output(self, offset: int, text: str) -> None:
        self.send(events.OutputCaptured, text=text, offset=offset)

    def beat(self, **info: Any) -> None:
        self.beats += 1
        self.send(events.Heartbeat, info=info, beat_time=NOW + timedelta(seconds=self.beats))

    def end(self) -> None:
        self.dispatcher.finish(self.source.make(events.RunCompleted, stop_time=NOW, result=3))


def refusing(
    *values: Any, error: Exception | None = None
) -> Callable[[str, Any], Exception | None]:
    """Return a function for `Recorder` that refuses what contains one of ``values``."""
    refusal = error or StoreError("refused")
    return lambda method, value: refusal if any(str(v) in str(value) for v in values) else None


def test_it_is_set_aside_after_its_second_failure(caplog: pytest.LogCaptureFixture) -> None:
    """It is set aside after its second failure, not after the first, where it may have failed by
    chance; then others pass it.
    """
    observer = Beating(refusing("'odd'"))
    session = Session(observer)
    session.metrics(0, "odd")
    session.metrics(0, "even")
    session.beat(number=1)
    assert observer.recorded == [("beat", {"number": 1}), ("metric", ("even", 0, [0]))]
    assert "The observer Beating cannot record log_metrics of 'odd': StoreError: refused." in (
        caplog.text
    )


def test_points_take_the_places_of_those_that_are_set_aside() -> None:
    """Each metric for itself; in the end they come last."""
    observer = Beating(refusing("('odd', 1, [1])"))
    session = Session(observer)
    for number in range(4):
        session.metrics(number, "odd", "even")
        session.beat(number=number)
    session.beat()
    observer.fails = lambda method, value: None
    session.end()
    found = [value for method, value in observer.recorded if method == "metric"]
    assert [value for value in found if value[0] == "odd"] == [
        ("odd", 0, [0]), ("odd", 1, [2]), ("odd", 2, [3]), ("odd", 3, [1]),
    ]  # fmt: skip
    even = {start: values for name, start, values in found if name == "even"}
    assert even == {number: [number] for number in range(4)}
    assert observer.recorded[-1] == ("completed", 3)


def test_output_is_replaced_and_complete_at_the_end() -> None:
    """Output is replaced and complete at the end, by as many characters; in the end everything from
    there on is sent.
    """
    observer = Beating(refusing("odd"))
    session = Session(observer, whole="an odd\nline\n")
    session.output(0, "an odd\n")
    session.output(7, "line\n")
    session.beat()
    assert [v for m, v in observer.recorded if m == "output"] == [(0, "??????\n"), (7, "line\n")]
    observer.fails = lambda method, value: None
    session.end()
    assert observer.recorded[-2] == ("output", (0, "an odd\nline\n"))


def test_code_that_cannot_be_recorded_is_tried_at_the_end(caplog: pytest.LogCaptureFixture) -> None:
    """Code that cannot be recorded is tried at the end, also where several events of the kind fail
    one after the other.
    """
    observer = Beating(refusing("odd"))
    session = Session(observer)
    for number in range(3):
        session.send(
            events.CodeLoaded, sources=[["odd", str(number)]], dependencies=[], base_dir="/"
        )
        session.metrics(number, "loss")
        session.beat()
    session.beat()
    assert [v for m, v in observer.recorded if m == "metric"] == [
        ("loss", n, [n]) for n in range(3)
    ]
    session.end()
    assert "3 times code_event (refused)" in caplog.text
    assert observer.recorded[-1] == ("completed", 3)


@pytest.mark.parametrize(
    "error", [UnavailableError("away"), ConnectionError("down"), TimeoutError()]
)
def test_an_outage_holds_up_everything(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    """An outage holds up everything, in order, as long as it lasts; nothing is taken for an event
    at fault.
    """
    observer = Beating(lambda method, value: error)
    session = Session(observer)
    for number in range(5):
        session.metrics(number, "loss")
        session.beat(number=number)
    assert observer.recorded == []
    observer.fails = lambda method, value: None
    session.beat(number=5)
    assert observer.recorded == [
        *(("metric", ("loss", number, [number])) for number in range(5)), ("beat", {"number": 5}),
    ]  # fmt: skip
    assert "cannot record" not in caplog.text


def test_one_event_that_is_unavailable_is_set_aside() -> None:
    """Where heartbeats are recorded it is no outage: the others pass."""
    observer = Beating(refusing("'odd'", error=UnavailableError("answers 500")))
    session = Session(observer)
    session.metrics(0, "odd")
    session.metrics(0, "even")
    session.beat()
    session.beat()
    assert ("metric", ("even", 0, [0])) in observer.recorded
    observer.fails = lambda method, value: None
    session.end()
    assert ("metric", ("odd", 0, [0])) in observer.recorded


@pytest.mark.parametrize(
    ("error", "is_held"),
    [(ValueError("odd"), False), (OSError("full"), True), (StoreError("refused"), True)],
)
def test_without_heartbeats_the_type_of_the_exception_decides(
    error: Exception, is_held: bool
) -> None:
    """What a backend raises may be an outage; what the observer's own code raises is not."""
    observer = Recorder(refusing("'odd'", error=error))
    session = Session(observer)
    session.metrics(0, "odd")
    session.metrics(0, "even")
    session.beat()
    expected = [] if is_held else ["even"]
    assert [value[0] for _, value in observer.recorded] == expected


def test_an_outage_that_ends_in_between_is_not_taken_for_a_fault() -> None:
    """The event is tried once more after the heartbeat was recorded."""
    observer = Beating(lambda method, value: None)
    down = iter([True, True, False])
    observer.fails = lambda method, value: (
        StoreError("away") if method == "metric" and next(down, False) else None
    )
    session = Session(observer)
    session.metrics(0, "loss")
    session.metrics(1, "loss")
    session.beat(number=1)
    assert observer.recorded == [
        ("beat", {"number": 1}), ("metric", ("loss", 0, [0])), ("metric", ("loss", 1, [1])),
    ]  # fmt: skip


def test_a_heartbeat_is_not_recorded_after_a_later_one() -> None:
    """An outage that ends between two attempts: the later one has the information that counts."""
    failures = iter([True, True])

    def fails(method: str, value: Any) -> Exception | None:
        is_first = method == "beat" and value == {"number": 1}
        return UnavailableError("away") if is_first and next(failures, False) else None

    observer = Beating(fails)
    session = Session(observer)
    for number in (1, 2):
        session.send(events.Heartbeat, info={"number": number}, beat_time=NOW)
    session.end()
    assert [value for method, value in observer.recorded if method == "beat"] == [{"number": 2}]


def test_a_failure_is_reported_once_also_after_an_outage(caplog: pytest.LogCaptureFixture) -> None:
    """The first of the events at fault, and the outage; not each beat."""
    observer = Beating(refusing("'odd'"))
    session = Session(observer)
    for number in range(5):
        session.metrics(number, "odd")
        session.beat()
    assert len(caplog.messages) == 2
    observer.fails = lambda method, value: StoreError("away")
    for _ in range(3):
        session.beat()
    assert len(caplog.messages) == 3
    assert "failed in log_metrics: refused" in caplog.messages[0]
    assert "cannot record log_metrics of 'odd'" in caplog.messages[1]
    assert "away" in caplog.messages[2]


def points_of(observer: Recorder) -> list[tuple[str, int, list[int]]]:
    return [value for method, value in observer.recorded if method == "metric"]


def test_points_of_a_metric_that_can_be_recorded_again_are_in_order() -> None:
    """Where all points of a metric fail for some time, none is at fault: they come first."""
    observer = Beating(refusing("'odd'"))
    session = Session(observer)
    for number in range(4):
        session.metrics(number, "odd", "even")
        session.beat()
    assert [value for value in points_of(observer) if value[0] == "odd"] == []
    observer.fails = lambda method, value: None
    for number in range(4, 6):
        session.metrics(number, "odd", "even")
        session.beat()
    session.end()
    for name in ("odd", "even"):
        found = [value for value in points_of(observer) if value[0] == name]
        assert found == [(name, number, [number]) for number in range(6)]


@pytest.mark.parametrize(
    ("at_fault", "order"), [(["[0]"], [1, 2, 3, 4, 0]), (["[0]", "[3]"], [1, 2, 4, 0, 3])]
)
def test_points_after_those_at_fault_are_in_order_too(at_fault: list[str], order: Any) -> None:
    """Of points that fail for some time, those at fault are skipped, and the others move up."""
    observer = Beating(refusing("'odd'"))
    session = Session(observer)
    for number in range(3):
        session.metrics(number, "odd")
        session.beat()
    observer.fails = refusing(*at_fault)
    session.metrics(3, "odd")
    session.beat()
    observer.fails = lambda method, value: None
    session.metrics(4, "odd")
    session.end()
    found = sorted(points_of(observer), key=lambda point: point[1])
    assert [start for _, start, _ in found] == list(range(5))
    assert [values for _, _, values in found] == [[number] for number in order]


def test_many_points_that_fail_cost_little() -> None:
    """Of those that are set aside two are tried before each later point."""
    observer = Beating(refusing("'odd'"))
    session = Session(observer)
    for number in range(50):
        session.metrics(number, "odd")
        session.beat()
    tries = [method for method, _ in observer.calls if method == "metric"]
    assert len(tries) < 50 * 8


def test_points_that_later_ones_passed_are_tried_only_at_the_end() -> None:
    """They are not tried again with each of the later points."""
    observer = Beating(refusing("[1]"))
    session = Session(observer)
    for number in range(8):
        session.metrics(number, "loss")
        session.beat()
    tries = [value for method, value in observer.calls if method == "metric" and value[2] == [1]]
    assert len(tries) == 4  # twice at once, after a heartbeat, and before the next point
    session.end()
    assert len(points_of(observer)) == 7


def test_the_end_of_a_run_without_values() -> None:
    """The result or the traceback is removed; None where there is none, and of other events."""
    waiting = Backlog(Overflow(Path, lambda event: event))
    isolation = Isolation("it", lambda event: None, True, logging.getLogger("isolated"), waiting)
    reduced = isolation.end_without_values
    source = events.EventSource("run")
    end = source.make(events.RunCompleted, stop_time=NOW, result=3)
    assert reduced(end) == attrs.evolve(end, result=None)
    failed = source.make(events.RunFailed, fail_time=NOW, fail_trace=["a"])
    assert reduced(failed) == attrs.evolve(failed, fail_trace=[])
    stopped = source.make(
        events.RunInterrupted, interrupt_time=NOW, status="MINE", fail_trace=["a"]
    )
    assert reduced(stopped) == attrs.evolve(stopped, fail_trace=[])
    assert reduced(source.make(events.RunCompleted, stop_time=NOW)) is None
    assert reduced(source.make(events.RunFailed, fail_time=NOW, fail_trace=[])) is None
    assert reduced(source.make(events.OutputCaptured, text="", offset=0)) is None


def test_a_message_that_was_refused_is_not_sent_again() -> None:
    """An observer without heartbeats is called with the end once."""
    observer = Recorder(refusing("3"))
    Session(observer).end()
    assert observer.calls == [("completed", 3)]
