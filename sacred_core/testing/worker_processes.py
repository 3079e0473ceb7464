"""Processes that work at the same time, and are killed while they work."""

import gc
import os
import signal
import threading
import traceback
import warnings
from collections.abc import Callable, Mapping

import attrs

#: Bytes of a number that a worker notes.
_WIDTH = 8
_FAILED = b"failed: "


@attrs.define(eq=False)
class Worker:
    """A forked process.

    Attributes:
        pid: Its process id.
        noted: The last number that it has noted; 0 before the first.
    """

    pid: int
    _reader: int
    noted: int = 0
    _is_killed: bool = False

    def kill_at(self, number: int) -> None:
        """Wait until the worker has noted a number as high as ``number``, and kill it."""
        while self.noted < number and self._read():
            pass
        os.kill(self.pid, signal.SIGKILL)
        self._is_killed = True

    def join(self) -> int:
        """Wait for the end of the worker and return the last number that it has noted.

        Raises:
            AssertionError: it failed; the message has its traceback.
        """
        while self._read():
            pass
        os.close(self._reader)
        code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        expected = (0, -signal.SIGKILL) if self._is_killed else (0,)  # it may have ended before
        assert code in expected, f"a worker ended with {code}"
        return self.noted

    def _read(self) -> bool:
        data = os.read(self._reader, _WIDTH)
        if data == _FAILED:
            parts = [data]
            while parts[-1]:
                parts.append(os.read(self._reader, 65_536))
            raise AssertionError(b"".join(parts).decode(errors="replace"))
        if data:
            self.noted = int(data)
        return bool(data)


def kill_together(numbers: Mapping[Worker, int]) -> None:
    """Call `Worker.kill_at` of several workers at the same time.

    Args:
        numbers: By the worker.
    """
    killers = [
        threading.Thread(target=worker.kill_at, args=(number,))
        for worker, number in numbers.items()
    ]
    for killer in killers:
        killer.start()
    for killer in killers:
        killer.join()


def start_worker(work: Callable[[Callable[[int], None]], object]) -> Worker:
    """Call ``work`` in a forked process.

    Args:
        work: Called with a function that notes a number, such as how many points are stored.
    """
    reader, writer = os.pipe()
    gc.freeze()  # see `sacred_core.testing.killing.kill_at`
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # threads of servers do not matter
        pid = os.fork()
    if pid == 0:
        os.close(reader)
        os._exit(_run(work, writer))
    gc.unfreeze()
    os.close(writer)
    return Worker(pid, reader)


def _run(work: Callable[[Callable[[int], None]], object], writer: int) -> int:
    def note(number: int) -> None:
        os.write(writer, b"%0*d" % (_WIDTH, number))

    try:
        work(note)
    except BaseException:  # noqa: BLE001 - the parent shows it
        os.write(writer, _FAILED + traceback.format_exc().encode())
        return 1
    return 0
