"""A process that is suspended while another one resumes its run."""

import contextlib
import os
import random
import select
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any

from sacred_core.exceptions import RunLostError
from sacred_core.testing.event_driver import EventDriver

#: Exit codes of the process: it got a `RunLostError`, or another error.
LOST, FAILED = 3, 4
#: Seconds: between two beats, until the process is suspended at most, and for it to end.
_PAUSE, _LONGEST, _PATIENCE = 0.02, 0.3, 60.0


class Zombie:
    """A process that records a run without an end, until it gets an error.

    Args:
        pid: Of the process.
        run_id: Of its run.
    """

    def __init__(self, pid: int, run_id: int | str) -> None:
        self.run_id = run_id
        self._pid = pid
        self._code: int | None = None

    def suspend(self) -> None:
        """Stop the process at some point."""
        time.sleep(random.uniform(0, _LONGEST))
        os.kill(self._pid, signal.SIGSTOP)
        os.waitpid(self._pid, os.WUNTRACED)

    def resume_after(self, seconds: float) -> contextlib.AbstractContextManager[None]:
        """Return a context in which the process is resumed if the block takes longer.

        It may be stopped in a transaction, or hold a lock: then others wait for it.
        """
        return _after(seconds, lambda: os.kill(self._pid, signal.SIGCONT))

    def wait(self) -> int | None:
        """Let the process go on, and return its exit code; None if it goes on recording."""
        os.kill(self._pid, signal.SIGCONT)
        until = time.monotonic() + _PATIENCE
        while self._code is None and time.monotonic() < until:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            self._code = os.waitstatus_to_exitcode(status) if pid else None
            time.sleep(0.01)
        return self._code

    def kill(self) -> None:
        """End the process."""
        if self._code is None:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)


@contextlib.contextmanager
def zombie(make_observer: Callable[[], Any], path: str) -> Iterator[Zombie]:
    """Start a process that records a run, and end it after the block.

    Args:
        make_observer: Returns the observer; called in the process, which is forked.
        path: Of a file that it adds as an artifact.
    """
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os._exit(_record(make_observer, path, writer))
    os.close(writer)
    try:
        is_ready = select.select([reader], [], [], _PATIENCE)[0]
        answer = os.read(reader, 10_000).decode() if is_ready else "no answer"
    finally:
        os.close(reader)
    kind, _, run_id = answer.partition(":")
    started = Zombie(pid, int(run_id) if kind == "int" else run_id)
    try:
        assert kind in ("int", "str"), answer
        yield started
    finally:
        started.kill()


def _record(make_observer: Callable[[], Any], path: str, writer: int) -> int:
    """Record until an error is raised, and return the exit code."""
    try:
        driver = EventDriver(make_observer())
        meta = {"command": "main", "beat_interval": 10.0, "uid": os.urandom(16).hex()}
        run_id = driver.start(meta_info=meta)
        _beat(driver, 0, path)
        os.write(writer, f"{type(run_id).__name__}:{run_id}".encode())
        for number in range(1, 100_000):
            _beat(driver, number, path)
            time.sleep(_PAUSE)
    except RunLostError:
        return LOST
    except BaseException:  # noqa: BLE001 - it must not return to the test
        with contextlib.suppress(OSError):
            os.write(writer, f"error:{traceback.format_exc()}".encode())
        traceback.print_exc()
    return FAILED


def _beat(driver: EventDriver, number: int, path: str) -> None:
    driver.print(f"line {number}\n")
    driver.log("loss", [number], first_step=number)
    if number % 5 == 0:
        driver.artifact(f"made{number}", path)
    driver.beat({"number": number})


@contextlib.contextmanager
def _after(seconds: float, call: Callable[[], None]) -> Iterator[None]:
    timer = threading.Timer(seconds, call)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
