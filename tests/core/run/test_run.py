"""Tests of one run from start to end."""

import contextvars
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sacred_core.context import current_run, require_run
from sacred_core.exceptions import (
    AmbiguousRunError,
    ArtifactNameTakenError,
    ForkedRunError,
    NoRunError,
    ObserverStartError,
    RunStartedTwiceError,
    SacredInterrupt,
    Terminated,
    TimeoutInterrupt,
)
from sacred_core.observers import RunObserver
from sacred_core.run import Run


class Recorder(RunObserver):
    """Stores the names and arguments of all events."""

    def __init__(self) -> None:
        self.received: list[tuple[str, dict[str, Any]]] = []

    def last(self, method: str) -> dict[str, Any]:
        return [fields for name, fields in self.received if name == method][-1]

    @property
    def methods(self) -> list[str]:
        return [name for name, _ in self.received]


def _listen(method: str) -> Callable[..., None]:
    def receive(self: Recorder, **fields: Any) -> None:
        self.received.append((method, fields))

    return receive


for _method in (
    "queued_event started_event heartbeat_event log_metrics resource_event artifact_event "
    "completed_event interrupted_event failed_event"
).split():
    setattr(Recorder, _method, _listen(_method))


class Custom(SacredInterrupt):
    STATUS = "OUT_OF_BUDGET"


def run_of(main: Callable[..., Any], *observers: Any, **attributes: Any) -> Run:
    logger = logging.getLogger("tests.run")
    run = Run({}, None, main, observers, logger, logger, {}, {}, (), ())
    for name, value in attributes.items():
        setattr(run, name, value)
    return run


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


def test_completed_run(recorder: Recorder) -> None:
    """Start, last beat and end come in this order; the result is returned and recorded."""
    run = run_of(lambda: 42, recorder)
    assert run() == 42
    assert recorder.methods == ["started_event", "heartbeat_event", "completed_event"]
    assert recorder.last("completed_event")["result"] == 42
    assert run.status == "COMPLETED"
    assert run.start_time is not None and run.start_time.tzinfo is not None


def raising(error: BaseException) -> Callable[[], None]:
    def main() -> None:
        raise error

    return main


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (KeyboardInterrupt(), "INTERRUPTED"),
        (TimeoutInterrupt(), "TIMEOUT"),
        (Custom(), "OUT_OF_BUDGET"),
        (Terminated(143), "INTERRUPTED"),
    ],
)
def test_interrupted_run(recorder: Recorder, error: BaseException, status: str) -> None:
    """The status is the interrupt's own; it is raised again and its place is recorded."""
    run = run_of(raising(error), recorder)
    with pytest.raises(type(error)):
        run()
    assert run.status == status
    end = recorder.last("interrupted_event")
    assert end["status"] == status
    assert "in main" in "".join(end["fail_trace"])


@pytest.mark.parametrize(
    "error", [ValueError("http://u:pw@h"), SystemExit(3), SystemExit("no"), StopIteration(1)]
)
def test_failed_run(recorder: Recorder, error: BaseException) -> None:
    """The trace shows the user's frames, none of ours, and no password."""
    run = run_of(raising(error), recorder)
    with pytest.raises(type(error)):
        run()
    trace = "".join(recorder.last("failed_event")["fail_trace"])
    assert run.status == "FAILED"
    assert "in main" in trace
    assert "sacred_core" + os.sep not in trace
    assert ":pw" not in trace


@pytest.mark.parametrize("code", [0, None])
def test_exit_without_an_error_completes(recorder: Recorder, code: int | None) -> None:
    """`sys.exit(0)` is a way to end, not a failure."""
    run = run_of(raising(SystemExit(code)), recorder)
    with pytest.raises(SystemExit):
        run()
    assert run.status == "COMPLETED"
    assert recorder.methods[-1] == "completed_event"


def test_sigterm_interrupts(recorder: Recorder) -> None:
    """The process's end is recorded, and our handler goes with the run."""
    run = run_of(lambda: os.kill(os.getpid(), signal.SIGTERM), recorder)
    with pytest.raises(Terminated) as ended:
        run()
    assert ended.value.code == 143
    assert run.status == "INTERRUPTED"
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


@pytest.mark.skipif(sys.platform == "win32", reason="fork is a method of POSIX")
@pytest.mark.parametrize("forks_in_thread", [False, True])
def test_sigterm_ends_a_forked_child(recorder: Recorder, forks_in_thread: bool) -> None:
    """By the system's own way, however near it is to a call that waits: a handler of Python's
    would run after that call only, and a pool would never see its workers end.
    """
    codes = []

    def fork() -> None:
        child = os.fork()
        if child == 0:
            os._exit(signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL)
        codes.append(os.waitpid(child, 0)[1])

    def main() -> None:
        if forks_in_thread:
            thread = threading.Thread(target=fork)
            thread.start()
            thread.join()
        else:
            fork()

    run_of(main, recorder)()
    assert codes == [0]


def test_queued_run_does_not_start(recorder: Recorder) -> None:
    """Only the queued event is sent, and the main function is not called."""
    run = run_of(raising(AssertionError()), recorder, queue_only=True)
    run()
    assert run.status == "QUEUED"
    assert recorder.methods == ["queued_event"]


def test_failing_start_fails_the_run(recorder: Recorder) -> None:
    """The error is raised before the command runs; an observer that started receives the end."""

    class Broken(RunObserver):
        priority = -1

        def started_event(self) -> None:
            raise ConnectionError("no server")

    run = run_of(raising(AssertionError()), recorder, Broken())
    with pytest.raises(ObserverStartError, match="no server"):
        run()
    assert run.status == "FAILED"
    assert recorder.methods == ["started_event", "failed_event"]


def test_failing_queue_frees_the_observers(recorder: Recorder) -> None:
    """An observer of a run that could not be queued serves the next one itself."""

    class Broken(RunObserver):
        priority = -1

        def queued_event(self) -> None:
            raise ConnectionError("no server")

    with pytest.raises(ObserverStartError):
        run_of(lambda: None, recorder, Broken(), queue_only=True)()
    run = run_of(lambda: None, recorder)
    run()
    assert run.observers == [recorder]


def test_a_run_starts_once() -> None:
    """A second call is refused."""
    run = run_of(lambda: None)
    run()
    with pytest.raises(RunStartedTwiceError):
        run()


def test_beats_hand_on_only_new_points(recorder: Recorder) -> None:
    """Metrics come in order before the heartbeat, each point once."""
    beaten = threading.Event()

    class Bell(RunObserver):
        def heartbeat_event(self) -> None:
            beaten.set()

    def main() -> None:
        run.log_scalar("loss", 2)
        beaten.clear()
        assert beaten.wait(5)
        run.log_scalar("loss", 1)

    run = run_of(main, recorder, Bell(), beat_interval=0.01)
    run()
    points = [f["metrics_by_name"] for name, f in recorder.received if name == "log_metrics"]
    assert [p["loss"]["values"] for p in points] == [[2], [1]]
    assert recorder.methods[-3:] == ["log_metrics", "heartbeat_event", "completed_event"]


def test_info_is_delivered_as_plain_masked_data(recorder: Recorder) -> None:
    """What the user put into `info` reaches observers as plain data, without secrets."""

    def main() -> None:
        run.info.update(shape=(1, 2), password="x")

    run = run_of(main, recorder)
    run()
    assert recorder.last("heartbeat_event")["info"] == {"shape": [1, 2], "password": "***"}


def test_masked_paths_are_listed(recorder: Recorder) -> None:
    """The record shows what is hidden; the run itself sees it."""
    run = run_of(lambda: None, recorder, config={"db": {"password": "x"}})
    run()
    started = recorder.last("started_event")
    assert started["config"] == {"db": {"password": "***"}}
    assert started["meta_info"]["masked"] == ["config.db.password"]
    assert run.config == {"db": {"password": "x"}}


def test_artifacts_and_resources_are_delivered_with_absolute_paths(
    recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name of an artifact is its file name unless another is given."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "sub" / "model.bin"
    file.parent.mkdir()
    file.write_text("weights")

    def main() -> None:
        run.add_artifact("sub/model.bin")
        run.add_artifact("sub/model.bin")
        run.add_artifact(file, "named", {"a": 1}, "text/plain")
        with run.open_resource("sub/model.bin") as opened:
            assert opened.read() == "weights"

    run = run_of(main, recorder)
    run()
    names = [f["name"] for name, f in recorder.received if name == "artifact_event"]
    assert names == ["model.bin", "model.bin", "named"]
    assert recorder.last("artifact_event")["metadata"] == {"a": 1}
    assert recorder.last("resource_event") == {"filename": str(file)}


def test_file_mistakes_are_raised_before_any_observer_is_called(
    recorder: Recorder, tmp_path: Path
) -> None:
    """A missing file and a name that another file has are errors at the call."""
    (tmp_path / "a").write_text("a")
    (tmp_path / "b").write_text("b")

    def main() -> None:
        run.add_artifact(tmp_path / "a", "name")
        with pytest.raises(ArtifactNameTakenError, match="'name' is already used by"):
            run.add_artifact(tmp_path / "b", "name")
        with pytest.raises(FileNotFoundError, match="nowhere"):
            run.add_artifact(tmp_path / "nowhere")

    run = run_of(main, recorder)
    run()
    assert recorder.methods.count("artifact_event") == 1


def test_files_need_a_live_run(tmp_path: Path) -> None:
    """Before and after the run the error describes when it works."""
    run = run_of(lambda: None)
    with pytest.raises(NoRunError, match="add_resource works only"):
        run.add_resource(tmp_path)
    with pytest.raises(NoRunError, match="log_scalar works only"):
        require_run("log_scalar")


def test_nested_and_threaded_runs_find_their_run() -> None:
    """Inside a run it is the current one; a plain thread belongs to the only live run."""
    seen: dict[str, Any] = {}

    def in_thread(name: str, target: Callable[[], Any]) -> None:
        thread = threading.Thread(target=lambda: seen.update({name: target()}))
        thread.start()
        thread.join()

    def ambiguous() -> bool:
        with pytest.raises(AmbiguousRunError, match="copy_context"):
            current_run()
        return True

    def inner_main() -> None:
        seen["inner"] = current_run()
        in_thread("ambiguous", ambiguous)
        context = contextvars.copy_context()
        in_thread("with context", lambda: context.run(current_run))

    def outer_main() -> None:
        in_thread("plain thread", current_run)
        inner()
        seen["outer"] = current_run()

    inner, outer = run_of(inner_main), run_of(outer_main)
    outer()
    assert seen["inner"] is seen["with context"] is inner
    assert seen["outer"] is seen["plain thread"] is outer
    assert seen["ambiguous"] is True
    assert current_run() is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_forked_child_records_nothing_and_raises(recorder: Recorder, tmp_path: Path) -> None:
    """Using the run in the child is an error; leaving it there ends nothing."""
    refused = tmp_path / "refused"

    def main() -> str:
        if os.fork():
            os.wait()
            return "parent"
        for use in (
            lambda: run.log_scalar("x", 1),
            lambda: run.info,
            lambda: run.add_artifact(__file__),
        ):
            try:
                use()
            except ForkedRunError:
                refused.open("a").write("x")
        return "child"

    run = run_of(main, recorder)
    if run() == "child":
        os._exit(0)
    assert refused.read_text() == "xxx"
    assert recorder.methods == ["started_event", "heartbeat_event", "completed_event"]


def test_info_that_grows_while_it_is_stored(recorder: Recorder) -> None:
    """Threads add entries while beats read them: no beat fails, the last one has all."""

    def main(count: int = 3000) -> None:
        def grow(name: str) -> None:
            for number in range(count):
                run.info.setdefault(name, []).append(number)
                run.info[f"{name} {number}"] = {number: number}

        threads = [threading.Thread(target=grow, args=(name,)) for name in "ab"]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            run.lifecycle.beat()  # type: ignore[union-attr]
        for thread in threads:
            thread.join()

    run = run_of(main, recorder)
    run()
    info = recorder.last("heartbeat_event")["info"]
    assert info["a"] == info["b"] == list(range(3000))
    assert len(info) == 2 + 2 * 3000


def test_a_heartbeat_converts_the_info_once(recorder: Recorder) -> None:
    """Output, metrics and the heartbeat share one conversion of what may be large."""
    conversions = []

    class Counted(dict[str, int]):
        def items(self) -> Any:
            conversions.append(1)
            return super().items()

    def main() -> int:
        run.info["counted"] = Counted(a=1)
        run.log_scalar("loss", 1.0)
        print("some output")
        run.lifecycle.beat()  # type: ignore[union-attr]
        return len(conversions)

    run = run_of(main, recorder)
    assert run() == 1
    assert recorder.last("heartbeat_event")["info"] == {"counted": {"a": 1}}


def test_intermediate_results_are_delivered(recorder: Recorder) -> None:
    """`_run.result` goes out with each beat (section 1.5.4)."""

    def main() -> int:
        run.result = 1
        run.lifecycle.beat()  # type: ignore[union-attr]
        return 2

    run = run_of(main, recorder)
    run()
    beats = [
        fields["result"] for method, fields in recorder.received if method == "heartbeat_event"
    ]
    assert beats == [1, 2]


def test_a_slow_observer_does_not_delay_main() -> None:
    """While an observer receives a beat, the command continues to print and log."""
    inside, go_on = threading.Event(), threading.Event()

    class Slow(RunObserver):
        def log_metrics(self, metrics_by_name: Any) -> None:
            inside.set()
            assert go_on.wait(30)

    def main() -> None:
        run.log_scalar("first", 1)
        assert inside.wait(30)
        for number in range(1000):
            run.log_scalar("more", number)
            run.info["number"] = number
            print(number)
        go_on.set()

    run = run_of(main, Slow())
    run.beat_interval = 0.01
    run()
    assert run.status == "COMPLETED"
