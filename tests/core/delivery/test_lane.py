"""Tests of observers that do not answer, and of the thread in which observers are called."""

import contextlib
import contextvars
import logging
import signal
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sacred_core import Experiment, events
from sacred_core.context import current_run
from sacred_core.delivery.dispatcher import Dispatcher
from sacred_core.exceptions import ObserverStartError, UnavailableError
from sacred_core.observers import RetryPolicy, RunObserver
from sacred_core.testing.samples import START_FIELDS

NOW = datetime(2026, 1, 1, tzinfo=UTC)
QUICK = RetryPolicy(wait=0.05, retry_interval=0.02, end_timeout=0.2, call_timeout=0.1)


class Recorder(RunObserver):
    """Records the names of its calls; each call waits until `answers` is set."""

    retry_policy = QUICK

    def __init__(self) -> None:
        self.failure_dir: Path | None = None
        self.calls: list[Any] = []
        self.contents: list[str] = []
        self.answers, self.is_called = threading.Event(), threading.Event()
        self.answers.set()

    def note(self, what: Any) -> None:
        self.is_called.set()
        self.answers.wait(20)
        self.calls.append(what)

    def started_event(self, _id: Any) -> Any:
        self.note("start")
        return 7

    def resource_event(self, filename: str) -> None:
        self.note(filename)

    def artifact_event(self, name: str, filename: str) -> None:
        self.note(name)
        self.contents.append(Path(filename).read_text())

    def heartbeat_event(self, beat_time: datetime) -> None:
        self.note("beat")

    def completed_event(self, result: Any) -> None:
        self.note("end")

    def join(self) -> None:
        self.calls.append("join")


@contextlib.contextmanager
def interrupted_at(event: threading.Event) -> Iterator[None]:
    """Send SIGINT to the main thread as soon as ``event`` is set.

    It is sent until it is handled: one that comes just before the thread waits does not end the
    wait in CPython.
    """
    is_handled = threading.Event()

    def handle(number: int, frame: object) -> None:
        if not is_handled.is_set():
            is_handled.set()
            raise KeyboardInterrupt

    def interrupt() -> None:
        event.wait(20)
        while not is_handled.wait(0.05):
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    before = signal.signal(signal.SIGINT, handle)
    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        thread.join()


class Session:
    """A run of some observers."""

    def __init__(self, *observers: Any) -> None:
        self.source = events.EventSource("run")
        self.dispatcher = Dispatcher(observers, lambda name: "", logging.getLogger("lanes"))

    def start(self) -> Any:
        event: Any = self.source.make(events.RunStarted, start_time=NOW, **START_FIELDS)
        return self.dispatcher.send_start(event, None)

    def send(self, kind: type[events.Event], **fields: Any) -> float:
        """Send an event, and return the seconds that this took."""
        began = time.monotonic()
        self.dispatcher.send(self.source.make(kind, **fields))
        return time.monotonic() - began

    def resource(self, name: str) -> float:
        return self.send(events.ResourceAdded, filename=name)

    def beat(self) -> float:
        return self.send(events.Heartbeat, info={}, beat_time=NOW)

    def end(self) -> None:
        self.dispatcher.finish(self.source.make(events.RunCompleted, stop_time=NOW, result=1))


@pytest.fixture
def observer() -> Iterator[Recorder]:
    recorder = Recorder()
    yield recorder
    recorder.answers.set()  # its thread ends


def test_an_observer_that_does_not_answer_is_waited_for_once(observer: Recorder) -> None:
    """Then its events are queued, until it has recorded them all; other observers have them."""
    other = Recorder()
    session = Session(observer, other)
    session.start()
    observer.answers.clear()
    names = [str(number) for number in range(20)]
    waits = [session.resource(name) for name in names]
    assert waits[0] >= QUICK.wait
    assert sum(wait >= QUICK.wait for wait in waits) < 10  # others: a loaded machine
    assert other.calls == ["start", *names]
    observer.answers.set()
    session.end()
    assert observer.calls == ["start", *names, "end", "join"]


def test_waits_of_one_run_have_one_limit(observer: Recorder) -> None:
    """An observer that is slow, but answers, is waited for up to the limit in all."""

    class Slow(Recorder):
        retry_policy = RetryPolicy(wait=0.5)

        def note(self, what: Any) -> None:
            time.sleep(0.3)
            super().note(what)

    slow = Slow()
    session = Session(slow)
    session.start()
    waits = [session.resource(str(number)) for number in range(5)]
    assert len([wait for wait in waits if wait >= 0.29]) < 5
    session.end()
    assert slow.calls == ["start", *"01234", "end", "join"]


def test_a_file_is_copied_if_its_observer_does_not_answer(
    observer: Recorder, tmp_path: Path
) -> None:
    """The user may remove it once `add_artifact` has returned."""
    session = Session(observer)
    session.start()
    observer.answers.clear()
    session.resource("first")
    made = tmp_path / "made"
    made.write_text("content")
    session.send(events.ArtifactAdded, name="made", filename=str(made))
    made.unlink()
    observer.answers.set()
    session.end()
    assert observer.contents == ["content"]


def test_the_end_of_a_run_is_bounded(
    observer: Recorder, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """All observers have the same time; what was not recorded is reported by name."""
    other = Recorder()
    session = Session(observer, other)
    session.start()
    for each in (observer, other):
        each.failure_dir = tmp_path
        each.answers.clear()
    session.resource("/r")
    began = time.monotonic()
    session.end()
    assert time.monotonic() - began < 20
    other.answers.set()
    expected = "did not record: resource_event (still running); completed_event (not delivered)"
    assert len([message for message in caplog.messages if expected in message]) == 2


class Later:
    """Stands for the module `time`, `seconds` later."""

    seconds = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.seconds


def test_the_time_of_an_end_that_began_earlier_counts(
    observer: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of the last heartbeat, which is part of the end."""
    clock = Later()
    for module in ("deliverer", "thread_lane"):
        monkeypatch.setattr(f"sacred_core.delivery.{module}.time", clock)
    observer.retry_policy = RetryPolicy(wait=0.05)
    observer.failure_dir = tmp_path
    session = Session(observer)
    session.start()
    observer.answers.clear()
    session.resource("/r")
    end = session.source.make(events.RunCompleted, stop_time=NOW)
    clock.seconds = 100.0
    began = time.monotonic()
    session.dispatcher.finish(end, clock.monotonic() - 50)
    assert time.monotonic() - began < 15, "the default time of the end is 35 seconds"
    assert list(tmp_path.glob("*/*/events.jsonl"))


def test_an_observer_that_hangs_is_copied_for_the_next_run(observer: Recorder) -> None:
    """Its call may return at any time, and must not write into the new run."""
    session = Session(observer)
    session.start()
    observer.answers.clear()
    session.resource("/r")
    session.end()
    twin = Session(observer).dispatcher.observers[0]
    assert twin is not observer
    observer.answers.set()
    deadline = time.monotonic() + 20
    while Session(observer).dispatcher.observers[0] is not observer:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert observer.calls == ["start", "/r"], "nothing follows once the run does not wait"


def test_a_start_without_an_answer_fails_the_run(observer: Recorder) -> None:
    """One error that names the observer; observers after it receive nothing."""
    observer.retry_policy = RetryPolicy(start_timeout=0.05, wait=0.05)
    observer.answers.clear()
    later = Recorder()
    session = Session(observer, later)
    with pytest.raises(ObserverStartError, match=r"Recorder .* did not answer within 0.05 seconds"):
        session.start()
    session.end()
    assert later.calls == []


def test_a_start_that_is_recorded_late_is_followed_by_the_end(observer: Recorder) -> None:
    """So no run is left as running."""
    observer.retry_policy = RetryPolicy(start_timeout=0.05)
    observer.answers.clear()
    session = Session(observer)
    with pytest.raises(ObserverStartError):
        session.start()
    observer.answers.set()
    session.end()
    assert observer.calls == ["start", "end", "join"]


def test_an_interrupt_ends_the_wait_and_not_the_record(observer: Recorder) -> None:
    """Ctrl-C while an observer does not answer: the event is recorded later."""
    observer.retry_policy = RetryPolicy(wait=30.0)
    session = Session(observer)
    session.start()
    observer.answers.clear()
    observer.is_called.clear()

    with interrupted_at(observer.is_called), pytest.raises(KeyboardInterrupt):
        session.resource("/r")
    observer.answers.set()
    session.end()
    assert observer.calls == ["start", "/r", "end", "join"]


def test_an_outage_is_waited_for_at_the_end(observer: Recorder) -> None:
    """An outage is waited for at the end, where the exception is temporary; the events come in
    order.
    """
    failures = iter([True] * 3)

    class Away(Recorder):
        def note(self, what: Any) -> None:
            if what != "start" and next(failures, False):
                raise UnavailableError("the server is away")
            super().note(what)

    away = Away()
    away.retry_policy = RetryPolicy(retry_interval=0.02)
    session = Session(away)
    session.start()
    session.beat()
    session.end()
    assert away.calls == ["start", "beat", "end", "join"]


def test_what_fails_is_retried_without_heartbeats(observer: Recorder) -> None:
    """After the pause that the policy states."""
    failures = iter([True])
    recorded = threading.Event()

    class Away(Recorder):
        def note(self, what: Any) -> None:
            if what == "/r" and next(failures, False):
                raise UnavailableError("the server is away")
            super().note(what)
            if what == "/r":
                recorded.set()

    session = Session(Away())
    session.start()
    session.resource("/r")
    assert recorded.wait(20)
    session.end()


def test_calls_have_the_context_of_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    """The run is current, context variables are set, and what is printed is in the output."""
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="")
    found: list[Any] = []

    class Looking(RunObserver):
        def resource_event(self, filename: str) -> None:
            found.append((current_run(), variable.get(), threading.current_thread().daemon))
            print("printed by the observer")

    ex = Experiment("contexts", save_git_info=False)
    ex.observers.append(Looking())

    @ex.main
    def main() -> None:
        ex.open_resource(__file__).close()

    variable.set("of the user")
    run = ex.run(options={"--capture": "sys"})
    assert found == [(run, "of the user", True)]
    assert "printed by the observer" in run.captured_out


def test_an_observer_may_add_an_artifact(tmp_path: Path) -> None:
    """Its own call does not wait for that."""
    (tmp_path / "a").write_text("a")
    added: list[str] = []

    class Adding(RunObserver):
        def resource_event(self, filename: str) -> None:
            current_run().add_artifact(tmp_path / "a")

        def artifact_event(self, name: str) -> None:
            added.append(name)

    ex = Experiment("adding", save_git_info=False)
    ex.observers.append(Adding())

    @ex.main
    def main() -> None:
        ex.open_resource(__file__).close()

    ex.run()
    assert added == ["a"]


def test_threads_end_with_their_runs() -> None:
    """Each observer has one, while the run lasts."""

    def names() -> list[str]:
        return [thread.name for thread in threading.enumerate()]

    before = names().count("sacred-observer")
    session = Session(Recorder(), Recorder())
    session.start()
    assert names().count("sacred-observer") == before + 2
    session.end()
    assert names().count("sacred-observer") == before


def test_any_exception_of_an_observer_is_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    """`SystemExit` too: it does not end the thread, nor the run."""

    class Leaving(Recorder):
        def heartbeat_event(self, beat_time: datetime) -> None:
            raise SystemExit(3)

    leaving = Leaving()
    session = Session(leaving)
    session.start()
    session.beat()
    session.end()
    assert leaving.calls == ["start", "end", "join"]
    assert "did not record: heartbeat_event (RuntimeError: it raised SystemExit: 3)" in caplog.text


def test_an_interrupt_of_the_end_loses_nothing(tmp_path: Path) -> None:
    """Ctrl-C while the run waits for the next retry: what is left is in the folder."""

    class Away(Recorder):
        retry_policy = RetryPolicy(retry_interval=30.0, end_timeout=60.0)

        def resource_event(self, filename: str) -> None:
            self.is_called.set()
            raise UnavailableError("the server is away")

        def completed_event(self, result: Any) -> None:
            self.resource_event("")

    away = Away()
    away.failure_dir = tmp_path
    session = Session(away)
    session.start()
    session.resource("/r")
    away.is_called.clear()

    with interrupted_at(away.is_called), pytest.raises(KeyboardInterrupt):
        session.end()
    (folder,) = tmp_path.glob("*/Away-*")
    lines = (folder / "events.jsonl").read_text().splitlines()
    assert len(lines) == 2 and "ResourceAdded" in lines[0] and "RunCompleted" in lines[1]
