"""Tests of the observer that works on a thread of its own (section 1.6.10)."""

import copy
import inspect
import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import pytest

import sacred_core.observer
from sacred_core import Experiment, events
from sacred_core.delivery.dispatcher import Dispatcher
from sacred_core.exceptions import ObserverSignatureError, ObserverStartError
from sacred_core.observers import QueueObserver, RunObserver
from sacred_core.testing.samples import START_FIELDS

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Recorder(RunObserver):
    """Stores what it receives; fails in the methods whose names are in `broken`."""

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self.broken: set[str] = set()
        self.failed = threading.Event()

    def note(self, method: str, what: Any) -> None:
        if not self.broken.isdisjoint((method, str(what))):
            self.failed.set()
            raise ConnectionError("mongodb://me:hunter2@host is down")
        self.heard.append(what)

    def queued_event(self, _id: Any) -> Any:
        self.note("queued", "queued")
        return "the id"

    def started_event(self, _id: Any) -> Any:
        self.heard = []
        self.note("started", "started")
        return "the id"

    def resource_event(self, filename: str) -> None:
        self.note("resource", filename)

    def artifact_event(self, name: str) -> None:
        self.note("artifact", name)

    def log_metrics(self, starts: dict[str, int]) -> None:
        self.note("metrics", starts)

    def heartbeat_event(self, info: dict[str, Any]) -> None:
        self.note("heartbeat", info)

    def completed_event(self, result: Any) -> None:
        self.note("completed", result)

    def join(self) -> None:
        self.heard.append("joined")


class Session:
    """A run as its observers see it."""

    def __init__(self, observer: Any, **seconds: float) -> None:
        self.seconds = {"interval": 0.01, "retry_interval": 0.01, "join_timeout": 10.0, **seconds}
        self.queue = QueueObserver(observer, **self.seconds)
        self.queue.retry_policy = attrs.evolve(self.queue.retry_policy, hands_over=False)
        self.lazy_arguments: list[str] = []
        self.begin()

    def begin(self) -> None:
        self.source = events.EventSource("run")
        self.dispatcher = Dispatcher([self.queue], self.resolve_lazy, logging.getLogger("test"))

    def resolve_lazy(self, name: str) -> str:
        self.lazy_arguments.append(name)
        return "all output"

    def start(self) -> Any:
        return self.dispatcher.send_start(
            self.make(events.RunStarted, start_time=NOW, **START_FIELDS), None
        )

    def make(self, kind: type[events.Event], **fields: Any) -> Any:
        return self.source.make(kind, **fields)

    def send(self, kind: type[events.Event], **fields: Any) -> None:
        self.dispatcher.send(self.make(kind, **fields))

    def artifact(self, name: str) -> None:
        self.send(events.ArtifactAdded, name=name, filename="/f")

    def metrics(self, start: int) -> None:
        self.send(events.MetricsLogged, metrics_by_name={}, info={}, starts={"loss": start})

    def beat(self, number: int) -> None:
        self.send(events.Heartbeat, info={"beat": number}, beat_time=NOW)

    def end(self) -> None:
        self.dispatcher.finish(self.make(events.RunCompleted, stop_time=NOW, result="result"))


def wait_for(condition: Callable[[], Any]) -> None:
    limit = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.002)


def test_the_documented_defaults() -> None:
    """It wakes every 20 seconds, and 10 seconds after a failure."""
    parameters = inspect.signature(QueueObserver).parameters
    assert list(parameters)[:3] == ["covered_observer", "interval", "retry_interval"]
    assert (parameters["interval"].default, parameters["retry_interval"].default) == (20, 10)


def test_both_documented_modules_offer_it() -> None:
    """`sacred_core.observer` is a facade, which has no other new names."""
    assert sacred_core.observer.QueueObserver is QueueObserver
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        sacred_core.observer.Nothing


def test_a_run_is_delivered_completely_and_in_order(tmp_path: Path) -> None:
    """A run is delivered whole and in order, also with an interval that is longer than the run: its
    end wakes the thread.
    """
    (tmp_path / "file").write_text("x")
    recorder = Recorder()
    ex = Experiment("queued")
    ex.observers.append(QueueObserver(recorder, interval=1000, retry_interval=1000))

    @ex.main
    def main(_run: Any) -> int:
        assert _run._id == "the id"
        ex.open_resource(tmp_path / "file").close()
        ex.add_artifact(tmp_path / "file", name="kept")
        _run.log_scalar("loss", 0.5)
        return 7

    ex.run()
    expected = ["started", str(tmp_path / "file"), "kept", {"loss": 0}, {}, 7, "joined"]
    assert recorder.heard == expected


def test_a_queued_run_is_delivered_at_once() -> None:
    """Its id is the observer's answer."""
    recorder = Recorder()
    session = Session(recorder)
    event = session.make(events.RunQueued, queue_time=NOW, **START_FIELDS)
    assert session.dispatcher.send_start(event, None) == "the id"
    session.dispatcher.finish(None)
    assert recorder.heard == ["queued", "joined"]


def test_a_failure_at_the_start_fails_the_run() -> None:
    """The failure is raised at once."""
    recorder = Recorder()
    recorder.broken = {"started"}
    session = Session(recorder)
    with pytest.raises(ObserverStartError, match="is down"):
        session.start()
    session.end()
    assert recorder.heard == []


def test_a_method_with_unknown_arguments_is_refused_at_once() -> None:
    """The error names the covered observer."""

    class Wrong:
        def completed_event(self, outcome: Any) -> None: ...

    with pytest.raises(ObserverSignatureError, match=r"Wrong\.completed_event"):
        QueueObserver(Wrong())


def test_a_duck_gets_only_what_it_asks_for() -> None:
    """The whole output is put together only for who requires it."""

    class Duck:
        def __init__(self) -> None:
            self.heard: list[Any] = []

        def completed_event(self, result: Any, seq: int) -> None:
            self.heard.append((result, seq))

    class Listener(Duck):
        def heartbeat_event(self, captured_out: str) -> None:
            self.heard.append(captured_out)

    for duck, lazy_arguments, heard in (
        (Duck(), [], [("result", 2)]),
        (Listener(), ["captured_out"], ["all output", ("result", 2)]),
    ):
        session = Session(duck)
        assert session.start() is None
        session.beat(1)
        session.end()
        assert (session.lazy_arguments, duck.heard) == (lazy_arguments, heard)


def test_a_failing_event_holds_up_the_later_ones_until_it_is_taken() -> None:
    """Nothing is lost and nothing overtakes."""
    recorder = Recorder()
    session = Session(recorder, join_timeout=10)
    session.start()
    recorder.broken = {"metrics"}
    session.metrics(0)
    session.artifact("later")
    assert recorder.failed.wait(10)
    session.metrics(1)
    recorder.failed.clear()
    assert recorder.failed.wait(10)
    assert recorder.heard == ["started"]
    recorder.broken = set()
    session.end()
    expected = ["started", {"loss": 0}, "later", {"loss": 1}, "result", "joined"]
    assert recorder.heard == expected


def test_a_backend_that_comes_back_during_the_join_gets_everything() -> None:
    """The end of the run waits for it."""
    recorder = Recorder()
    session = Session(recorder, join_timeout=30)
    session.start()
    recorder.broken = {"metrics", "completed"}
    session.metrics(0)
    repair = threading.Timer(0.1, recorder.broken.clear)
    repair.start()
    session.end()
    repair.join()
    assert recorder.heard == ["started", {"loss": 0}, "result", "joined"]


class Unreachable(Recorder):
    """Fails in some of its calls, one after the other."""

    def __init__(self, first: int, count: int) -> None:
        super().__init__()
        self.outage = range(first, first + count)
        self.calls = 0

    def note(self, method: str, what: Any) -> None:
        self.calls += method != "started"
        if self.calls - 1 in self.outage:
            raise ConnectionError("unreachable")
        super().note(method, what)


@pytest.mark.parametrize("count", range(1, 7))
@pytest.mark.parametrize("first", range(6))
def test_the_end_comes_after_what_was_missed(first: int, count: int) -> None:
    """The end comes after what was missed, wherever the backend becomes unreachable, and for
    however many calls.
    """
    recorder = Unreachable(first, count)
    session = Session(recorder, interval=1000, join_timeout=30)
    session.start()
    session.artifact("a")
    session.send(events.ResourceAdded, filename="/r")
    session.metrics(0)
    session.artifact("b")
    session.beat(1)
    session.artifact("c")
    session.end()
    assert recorder.heard[-2:] == ["result", "joined"]
    assert sorted(map(str, recorder.heard[1:-2])) == sorted(
        ["a", "/r", "{'loss': 0}", "b", "{'beat': 1}", "c"]
    )


class RepairedLate(Recorder):
    """Can store most files from the first heartbeat on."""

    def started_event(self, _id: Any) -> Any:
        self.broken = {"gone", "late", "later"}
        return super().started_event(_id)

    def heartbeat_event(self, info: dict[str, Any]) -> None:
        self.broken = {"gone"}


def test_files_that_can_be_stored_come_before_the_end() -> None:
    """One that cannot is not waited for, as the observer takes other events."""
    recorder = RepairedLate()
    session = Session(recorder, interval=1000, retry_interval=1000, join_timeout=1000)
    session.start()
    for name in ("gone", "late", "later"):
        session.artifact(name)
        session.metrics(0)
    session.beat(1)
    session.end()
    assert recorder.heard[-4:] == ["late", "later", "result", "joined"]


def test_the_end_is_retried_although_a_file_cannot_be_stored() -> None:
    """The observer becomes unreachable right then, for three calls."""

    class LateOutage(Recorder):
        failures = 3

        def completed_event(self, result: Any) -> None:
            self.failures -= 1
            if self.failures >= 0:
                raise ConnectionError("unreachable")
            super().completed_event(result)

    recorder = LateOutage()
    session = Session(recorder, interval=1000, join_timeout=10)
    session.start()
    recorder.broken = {"gone"}
    session.artifact("gone")
    session.metrics(0)
    session.artifact("gone")
    session.metrics(1)
    # While nothing is taken the end waits for the files, so these have to become storable.
    repair = threading.Timer(0.1, recorder.broken.clear)
    repair.start()
    session.end()
    repair.join()
    assert recorder.heard[-2:] == ["result", "joined"]


def test_a_file_that_cannot_be_stored_holds_up_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """It is retried, and reported at the end."""
    recorder = Recorder()
    session = Session(recorder)
    session.start()
    recorder.broken = {"gone", "late"}
    for name in ("gone", "late"):
        session.artifact(name)
        session.metrics(0)
    wait_for(lambda: recorder.heard == ["started", {"loss": 0}, {"loss": 0}])
    recorder.broken = {"gone"}
    wait_for(lambda: "late" in recorder.heard)
    session.end()
    assert recorder.heard[-2:] == ["result", "joined"]
    assert (
        "Recorder in the queue did not record: artifact_event (ConnectionError"
        in caplog.messages[-1]
    )


def test_what_fails_for_ever_is_reported_once_with_counts(caplog: pytest.LogCaptureFixture) -> None:
    """The process ends, the end of the run is delivered in any case, and no secret is shown."""
    recorder = Recorder()
    session = Session(recorder, join_timeout=0.05)
    session.start()
    recorder.broken = {"metrics", "/r"}
    session.metrics(0)
    session.metrics(1)
    session.send(events.ResourceAdded, filename="/r")
    session.end()
    first, last = caplog.messages
    assert "Recorder in the queue failed in log_metrics: ConnectionError: mongodb" in first
    assert "did not record: 2 times log_metrics (Conn" in last and "; resource_event (Conn" in last
    assert "hunter2" not in caplog.text
    assert recorder.heard == ["started", "result", "joined"]


class Hanging(Recorder):
    """Does not return from a method before it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.released, self.hangs = threading.Event(), threading.Event()

    def heartbeat_event(self, info: dict[str, Any]) -> None:
        self.hangs.set()
        self.released.wait(20)
        self.heard.append(info)


def test_an_observer_that_hangs_does_not_hang_the_run(caplog: pytest.LogCaptureFixture) -> None:
    """What it did not record is reported; a later run gets a copy of the observer."""
    hanging = Hanging()
    session = Session(hanging, join_timeout=0.01)
    session.start()
    session.beat(1)
    assert hanging.hangs.wait(10)
    session.end()
    assert caplog.messages == [
        "The observer Hanging in the queue did not record: "
        "heartbeat_event (still running); completed_event (not delivered)"
    ]
    session.begin()
    session.start()
    hanging.released.set()
    (twin,) = session.dispatcher.observers
    session.end()
    assert twin.covered_observer is not hanging
    assert twin.covered_observer.heard == ["started", "result", "joined"]


def test_of_several_waiting_heartbeats_only_the_last_is_delivered() -> None:
    """The call with the first one may be running."""
    hanging = Hanging()
    session = Session(hanging, join_timeout=10)
    session.start()
    session.beat(1)
    assert hanging.hangs.wait(10)
    for number in (2, 3, 4):
        session.beat(number)
    hanging.released.set()
    session.end()
    assert hanging.heard == ["started", {"beat": 1}, {"beat": 4}, "result", "joined"]


def test_output_that_does_not_fit_into_memory_is_on_disk(
    caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """About 256 MiB of output wait in memory at most; nothing is lost."""

    class Printer(Hanging):
        def output_event(self, offset: int) -> None:
            self.heard.append(offset)

    printer = Printer()
    printer.failure_dir = tmp_path
    session = Session(printer, join_timeout=10)
    session.start()
    session.beat(1)
    assert printer.hangs.wait(10)
    text = "x" * 2**24
    for number in range(20):
        session.send(events.OutputCaptured, text=text, offset=number)
    on_disk = sum(path.stat().st_size for path in tmp_path.rglob("*.jsonl"))
    assert 3 * 2**24 < on_disk < 6 * 2**24
    printer.released.set()
    session.end()
    assert printer.heard[-22:] == [*range(20), "result", "joined"]
    assert caplog.messages == [] and list(tmp_path.iterdir()) == []


def test_one_object_serves_one_run_after_another() -> None:
    """Each with a new thread, which ends with it."""
    before = set(threading.enumerate())
    recorder = Recorder()
    session = Session(recorder)
    for number in range(3):
        if number:
            session.begin()
        session.start()
        session.metrics(number)
        session.end()
        assert recorder.heard == ["started", {"loss": number}, "result", "joined"]
    after = set(threading.enumerate()) - before
    assert "sacred-queue" not in [thread.name for thread in after]


def test_runs_at_the_same_time_have_queues_and_observers_of_their_own() -> None:
    """The dispatcher copies an observer that is busy."""
    recorder = Recorder()
    session = Session(recorder)
    session.start()
    outer, outer_source = session.dispatcher, session.source
    session.begin()
    (twin,) = session.dispatcher.observers
    session.start()
    session.metrics(5)
    session.end()
    assert twin.covered_observer.heard == ["started", {"loss": 5}, "result", "joined"]
    outer.finish(outer_source.make(events.RunCompleted, stop_time=NOW, result="outer"))
    assert recorder.heard == ["started", "outer", "joined"]


def test_the_covered_observer_decides_on_priority_and_folder(tmp_path: Path) -> None:
    """A duck without them has the usual ones."""
    recorder = Recorder()
    recorder.priority, recorder.spool_folder = 7, tmp_path
    queue = QueueObserver(recorder)
    assert (queue.priority, queue.spool_folder) == (7, tmp_path)
    assert (QueueObserver(object()).priority, QueueObserver(object()).spool_folder) == (0, None)


def test_a_subclass_may_override_a_method() -> None:
    """What it passes on by name reaches the covered observer."""

    class Doubling(QueueObserver):
        def completed_event(self, result: Any) -> None:
            super().completed_event(result=result * 2)

    recorder = Recorder()
    session = Session(recorder)
    session.queue = copy.copy(Doubling(recorder, **session.seconds))
    session.begin()
    session.start()
    session.end()
    assert session.queue.covered_observer.heard == ["started", "resultresult", "joined"]
