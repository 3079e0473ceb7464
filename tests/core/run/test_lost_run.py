"""Tests of a run that another process has resumed: it stops at once, and records nothing more."""

import asyncio
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sacred_core import Experiment, RunObserver
from sacred_core.exceptions import RunLostError
from sacred_core.observers import RetryPolicy
from sacred_core.testing.memory import Memory, MemoryObserver

#: Seconds that a test waits at most.
_LONG = 20.0


class Fenced(RunObserver):
    """An observer whose store refuses everything after the start.

    Attributes:
        calls: The methods that were called.
    """

    def __init__(self, folder: Path, is_direct: bool = False) -> None:
        self.failure_dir = folder / "undelivered"
        self.retry_policy = RetryPolicy(has_own_thread=not is_direct)
        self.calls: list[str] = []

    def started_event(self) -> int:
        self.calls.append("started")
        return 1

    def log_metrics(self, metrics_by_name: Any) -> None:
        self.calls.append("metrics")
        raise RunLostError("run '1' was resumed by another process")

    def heartbeat_event(self) -> None:
        self.calls.append("heartbeat")
        raise RunLostError("run '1' was resumed by another process")

    def completed_event(self) -> None:
        self.calls.append("end")

    failed_event = interrupted_event = completed_event


class Lost:
    """An experiment with an observer that refuses its run, and one that stores it.

    Attributes:
        ex: The experiment.
        fenced: The observer that refuses.
        memory: Where the other one stores.
        folder: For undelivered events.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.memory = Memory()
        self.fenced = Fenced(folder)
        self.ex = Experiment("e", interactive=True, save_git_info=False)
        self.ex.observers += [self.fenced, MemoryObserver(self.memory)]

    def run(self, **options: Any) -> float:
        """Run until the run is lost, and return how many seconds that took."""
        began = time.monotonic()
        with pytest.raises(RunLostError, match="was resumed by another process"):
            self.ex.run(options={"--beat_interval": 0.05, **options})
        return time.monotonic() - began


@pytest.fixture
def lost(tmp_path: Path) -> Lost:
    """An experiment that has no run yet."""
    return Lost(tmp_path)


def spin() -> None:
    """Use the processor until the test takes too long."""
    until = time.monotonic() + _LONG
    while time.monotonic() < until:
        pass


def sleep() -> None:
    """Wait in one call."""
    time.sleep(_LONG)


def swallow() -> None:
    """Catch every exception, as loops over experiments do."""
    try:
        time.sleep(_LONG)
    except Exception:  # noqa: BLE001
        spin()


@pytest.mark.parametrize("command", [spin, sleep, swallow])
def test_the_command_is_stopped(lost: Lost, command: Callable[[], None]) -> None:
    """A loop and a call that waits end at once; code that catches exceptions does not go on."""
    lost.ex.main(command)
    assert lost.run() < _LONG / 2


def test_nothing_more_is_recorded(lost: Lost) -> None:
    """The other observers get no further event, and nothing is written for a later delivery."""
    lost.ex.main(sleep)
    lost.run()
    assert "end" not in lost.fenced.calls
    assert lost.memory.runs[1].run.recorded_status == "RUNNING"
    assert not list((lost.folder / "undelivered").glob("**/*.json*"))


def test_a_run_that_is_ending_raises_the_error(lost: Lost) -> None:
    """If the last heartbeat is refused, the end is not recorded, and the call raises."""

    @lost.ex.main
    def main() -> int:
        return 1

    lost.run(**{"--beat_interval": 60})
    assert lost.fenced.calls.count("end") == 0


def test_an_observer_without_a_thread_is_heard_at_its_next_event(lost: Lost) -> None:
    """The observer is called in the thread of the run, which stops there."""
    lost.ex.observers = [Fenced(lost.folder, is_direct=True)]

    @lost.ex.main
    def main(_run: Any) -> None:
        path = lost.folder / "file"
        path.write_bytes(b"")
        _run.log_scalar("x", 1)
        _run.add_artifact(path)
        spin()

    assert lost.run() < _LONG / 2


def test_a_run_in_another_thread_is_stopped(lost: Lost) -> None:
    """The main thread continues; the call in the thread raises the error."""
    lost.ex.main(spin)
    took: list[float] = []
    thread = threading.Thread(target=lambda: took.append(lost.run()))
    thread.start()
    thread.join(_LONG)
    assert took[0] < _LONG / 2


def test_a_coroutine_in_a_running_loop_is_stopped(lost: Lost) -> None:
    """Its task is cancelled; the loop continues, as that of a notebook has to."""

    @lost.ex.main
    async def main() -> None:
        await asyncio.sleep(_LONG)

    async def notebook() -> str:
        with pytest.raises(RunLostError):
            await lost.ex.run(options={"--beat_interval": 0.05})
        await asyncio.sleep(0)
        return "continues"

    assert asyncio.run(notebook()) == "continues"


def test_handlers_of_the_user_are_not_called(lost: Lost) -> None:
    """A script that handles SIGTERM is stopped with another signal."""
    called: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda signum, frame: called.append(signum))
    try:
        lost.ex.main(sleep)
        assert lost.run() < _LONG / 2
    finally:
        signal.signal(signal.SIGTERM, before)
    assert called == []


def test_the_command_line_prints_one_sentence(
    lost: Lost, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exit code is 1, and there is no traceback."""
    lost.ex.main(sleep)
    with pytest.raises(SystemExit) as raised:
        lost.ex.run_commandline(["script", "-b", "0.05", "-C", "no"])
    assert raised.value.code == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1] == "Error: run '1' was resumed by another process"
    assert not any("Traceback" in line for line in lines)


def test_an_outer_run_is_recorded_as_usual(lost: Lost) -> None:
    """If an inner run is lost, the outer one gets its error."""
    outer = Experiment("outer", interactive=True)
    outer.observers.append(MemoryObserver(lost.memory))
    lost.ex.observers = [lost.fenced]
    lost.ex.main(sleep)

    @outer.main
    def main() -> None:
        lost.run()

    assert outer.run().status == "COMPLETED"
