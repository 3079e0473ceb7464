"""Signals that ask a worker to end, and waits that they end at once."""

import contextlib
import os
import select
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

#: Those that ask a worker to end, where the user has set no handler.
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGXCPU")
#: Shells report a process that a signal ended with this plus the number of the signal.
_SHELL_OFFSET = 128
#: Seconds in which several signals are one request to end: a scheduler such as Slurm signals each
#: process of a job, and those processes pass it on. Ctrl-C is a request of its own each time.
SAME_REQUEST = 3.0


class StopRequest:
    """Whether the worker was asked to end.

    Attributes:
        signum: The first signal, or None.
        is_urgent: Another request came after it.
        when_urgent: Called at the second request.
    """

    def __init__(self) -> None:
        self.signum: int | None = None
        self.is_urgent = False
        self.when_urgent: Callable[[], None] = lambda: None
        self._received = 0.0
        self._receiver, self._sender = socket.socketpair()
        self._sender.setblocking(False)

    @property
    def name(self) -> str:
        """The name of the signal, such as SIGTERM; empty without one."""
        return "" if self.signum is None else signal.Signals(self.signum).name

    @property
    def exit_code(self) -> int:
        """The exit code of a process that the signal ends; 0 without one."""
        return 0 if self.signum is None else _SHELL_OFFSET + self.signum

    def request(self, signum: int) -> None:
        """Ask the worker to end, as a signal does; the second time: at once.

        Signals that come together are one request, see `SAME_REQUEST`.
        """
        if self.signum is None:
            self.signum, self._received = signum, time.monotonic()
        elif signum == signal.SIGINT or time.monotonic() - self._received > SAME_REQUEST:
            self.is_urgent = True
            self.when_urgent()
        self.wake()

    def wake(self) -> None:
        """End the current call of `wait`, or the next one; may be called from any thread."""
        with contextlib.suppress(OSError):  # it is full already, or closed
            self._sender.send(b"\0")

    def wait(self, seconds: float | None) -> None:
        """Wait for a signal, or for `wake`, but not longer than a time."""
        ready, _, _ = select.select([self._receiver], [], [], seconds)
        if ready:
            self._receiver.recv(4096)

    def close(self) -> None:
        """Close what `wait` uses."""
        self._receiver.close()
        self._sender.close()


@contextlib.contextmanager
def stoppable() -> Iterator[StopRequest]:
    """Let signals ask the worker in the block to end; only in the main thread.

    After the second request, a signal has its default effect.
    """
    request = StopRequest()
    handlers: dict[int, Any] = {}

    def handle(signum: int, frame: FrameType | None) -> None:
        del frame
        if request.is_urgent:
            signal.signal(signum, signal.SIG_DFL)
            os.kill(os.getpid(), signum)
        request.request(signum)

    try:
        if threading.current_thread() is threading.main_thread():
            for signum in filter(None, (getattr(signal, name, None) for name in _NAMES)):
                if signal.getsignal(signum) in (signal.SIG_DFL, signal.default_int_handler):
                    handlers[signum] = signal.signal(signum, handle)
        yield request
    finally:
        for signum, handler in handlers.items():
            signal.signal(signum, handler)
        request.close()
