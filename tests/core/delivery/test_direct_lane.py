"""Tests of observers that are called in the thread that starts the run."""

import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from sacred_core import Experiment
from sacred_core.context import current_run
from sacred_core.exceptions import ObserverStartError, UnavailableError
from sacred_core.observers import RetryPolicy, RunObserver

DIRECT = RetryPolicy(has_own_thread=False, retry_interval=0.01, end_timeout=0.2)


class Recorder(RunObserver):
    """Records its calls and their threads; `fails` holds names of methods that raise."""

    retry_policy = DIRECT

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.threads: set[threading.Thread] = set()
        self.fails: dict[str, BaseException] = {}
        self.contents: list[str] = []

    def note(self, what: str) -> None:
        self.threads.add(threading.current_thread())
        if what in self.fails:
            raise self.fails[what]
        self.calls.append(what)

    def started_event(self) -> int:
        self.note("start")
        return 7

    def artifact_event(self, name: str, filename: str) -> None:
        self.note(name)
        self.contents.append(Path(filename).read_text())

    def heartbeat_event(self) -> None:
        self.note("beat")

    def completed_event(self) -> None:
        self.note("end")

    def interrupted_event(self) -> None:
        self.note("interrupted")

    def join(self) -> None:
        self.note("join")


@pytest.fixture
def observer() -> Recorder:
    return Recorder()


@pytest.fixture
def experiment(observer: Recorder) -> Experiment:
    ex = Experiment("direct", save_git_info=False)
    ex.observers.append(observer)
    return ex


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "made"
    path.write_text("content")
    return path


def test_every_call_is_in_the_thread_of_the_run(
    experiment: Experiment, observer: Recorder, file: Path
) -> None:
    """Files of that thread are recorded at once; what other threads send waits, as a copy."""

    @experiment.main
    def main(_run: Any) -> None:
        _run.add_artifact(file, "first")
        assert observer.calls == ["start", "first"]
        other = threading.Thread(target=_run.add_artifact, args=[file, "of a thread"])
        other.start()
        other.join()
        file.write_text("changed")
        assert observer.calls == ["start", "first"]
        _run.add_artifact(file, "second")
        assert observer.calls == ["start", "first", "of a thread", "second"]

    run = experiment.run()
    assert run._id == 7
    assert observer.calls == ["start", "first", "of a thread", "second", "beat", "end", "join"]
    assert observer.contents == ["content", "content", "changed"]
    assert observer.threads == {threading.current_thread()}


def test_heartbeats_wait_for_the_thread_of_the_run(
    experiment: Experiment, observer: Recorder, file: Path
) -> None:
    """They come from a thread of their own."""
    is_beaten = threading.Event()

    class Watching(RunObserver):
        def heartbeat_event(self) -> None:
            is_beaten.set()

    experiment.observers.append(Watching())

    @experiment.main
    def main(_run: Any) -> None:
        assert is_beaten.wait(20)
        assert observer.calls == ["start"]
        _run.add_artifact(file, "made")

    experiment.run(options={"--beat-interval": 0.01})
    assert observer.calls[:4] in (
        ["start", "beat", "made", "beat"],
        ["start", "beat", "beat", "made"],
    )
    assert observer.threads == {threading.current_thread()}


def test_a_connection_of_sqlite_can_be_used(experiment: Experiment, tmp_path: Path) -> None:
    """It refuses calls from any other thread than that which opened it."""

    class Database(RunObserver):
        retry_policy = DIRECT

        def started_event(self) -> None:
            self.connection = sqlite3.connect(tmp_path / "runs.db")
            self.connection.execute("CREATE TABLE points (value)")

        def log_metrics(self, metrics_by_name: Any) -> None:
            rows = [(value,) for value in metrics_by_name["loss"]["values"]]
            self.connection.executemany("INSERT INTO points VALUES (?)", rows)

        def join(self) -> None:
            self.connection.commit()
            self.connection.close()

    experiment.observers.append(Database())

    @experiment.main
    def main(_run: Any) -> None:
        for number in range(3):
            _run.log_scalar("loss", number)

    experiment.run(options={"--beat-interval": 0.01})
    with sqlite3.connect(tmp_path / "runs.db") as connection:
        assert connection.execute("SELECT value FROM points").fetchall() == [(0,), (1,), (2,)]
    connection.close()


def test_calls_have_no_time_limit(experiment: Experiment, observer: Recorder, file: Path) -> None:
    """Those of other observers have one."""
    observer.retry_policy = RetryPolicy(
        has_own_thread=False, start_timeout=0.0, wait=0.0, end_timeout=0.0, call_timeout=0.0
    )
    experiment.main(lambda _run: _run.add_artifact(file, "made"))
    experiment.run()
    assert observer.calls == ["start", "made", "beat", "end", "join"]


def test_a_failed_start_fails_the_run(experiment: Experiment, observer: Recorder) -> None:
    """As of other observers."""
    observer.fails["start"] = ValueError("wrong")
    experiment.main(lambda: None)
    with pytest.raises(ObserverStartError, match=r"Recorder could not .* ValueError: wrong"):
        experiment.run()
    assert observer.calls == []


def test_what_fails_is_retried_by_later_events_and_at_the_end(
    experiment: Experiment, observer: Recorder, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """After the pause of the policy; it is reported once."""
    observer.retry_policy = RetryPolicy(has_own_thread=False, retry_interval=0.0)
    observer.fails["first"] = UnavailableError("away")

    @experiment.main
    def main(_run: Any) -> None:
        _run.add_artifact(file, "first")
        _run.add_artifact(file, "second")
        del observer.fails["first"]
        _run.add_artifact(file, "third")

    experiment.run()
    assert observer.calls == ["start", "second", "third", "first", "beat", "end", "join"]
    assert (
        caplog.text.count("failed in artifact_event") == 1 and "did not record:" not in caplog.text
    )


def test_an_interrupt_of_a_call_interrupts_the_run(
    experiment: Experiment, observer: Recorder, file: Path
) -> None:
    """The call is repeated by the next event of the run."""
    observer.fails["first"] = KeyboardInterrupt()

    @experiment.main
    def main(_run: Any) -> None:
        try:
            _run.add_artifact(file, "first")
        finally:
            assert observer.calls == ["start"]
            observer.fails.clear()

    with pytest.raises(KeyboardInterrupt):
        experiment.run()
    assert observer.calls == ["start", "first", "beat", "interrupted", "join"]


def test_an_interrupt_of_the_end_loses_nothing(
    experiment: Experiment, observer: Recorder, tmp_path: Path
) -> None:
    """What is left is in the folder, and the other observer has the end."""
    observer.fails["end"] = KeyboardInterrupt()
    observer.failure_dir = tmp_path / "failed"
    other = Recorder()
    experiment.observers.append(other)
    experiment.main(lambda: None)
    with pytest.raises(KeyboardInterrupt):
        experiment.run()
    assert other.calls == ["start", "beat", "end", "join"]
    (lines,) = (tmp_path / "failed").glob("*/*/events.jsonl")
    assert '"RunCompleted"' in lines.read_text()


def test_what_an_observer_adds_in_its_call_is_recorded_after_it(
    experiment: Experiment, file: Path
) -> None:
    """It does not call itself."""

    class Adding(Recorder):
        def artifact_event(self, name: str, filename: str) -> None:
            if name == "first":
                current_run().add_artifact(file, "added")
            super().artifact_event(name, filename)

    adding = Adding()
    experiment.observers.append(adding)
    experiment.main(lambda _run: _run.add_artifact(file, "first"))
    experiment.run()
    assert adding.calls == ["start", "first", "added", "beat", "end", "join"]
