"""Ends the writer of a child process that is terminated: pools end their workers with SIGTERM."""

import _signal  # type: ignore[import-not-found]  # it has no stubs
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType

from sacred_core.run.termination import is_unhandled

#: Shells report a process that a signal ended with this plus the number of the signal.
_SHELL_OFFSET = 128
_SIGNAL = int(signal.SIGTERM)


class _Watched:
    """The functions to call before the process ends by SIGTERM.

    Attributes:
        functions: They are called in a thread, the last one first.
        is_watched: The handler is set.
    """

    def __init__(self) -> None:
        self.functions: list[Callable[[], None]] = []
        self.is_watched = False


_watched = _Watched()


def call_at_sigterm(function: Callable[[], None]) -> None:
    """Call a function before SIGTERM ends this process, with the exit code 143.

    It is called in a separate thread, so that it does not matter where the main thread is: a worker
    of a pool that waits for work would run no handler before it gets some. Nothing is changed if
    the user handles or ignores SIGTERM, if another library uses `signal.set_wakeup_fd`, as asyncio
    does, or outside of the main thread.
    """
    _watched.functions.append(function)
    if _watched.is_watched or threading.current_thread() is not threading.main_thread():
        return
    if not is_unhandled(_SIGNAL):
        return
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    previous = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    if previous != -1:
        signal.set_wakeup_fd(previous)
        os.close(reader)
        os.close(writer)
        return
    _watched.is_watched = True
    _signal.signal(_SIGNAL, _note)
    threading.Thread(target=_watch, args=(reader,), name="sacred-sigterm", daemon=True).start()


def _note(signum: int, frame: FrameType | None) -> None:
    """Do nothing: Python has written the number of the signal to the pipe."""


def _watch(reader: int) -> None:
    while _SIGNAL not in os.read(reader, 64):
        pass
    try:
        for function in reversed(_watched.functions):
            function()
    finally:
        os._exit(_SHELL_OFFSET + _SIGNAL)


def _restore_in_child() -> None:
    """Let SIGTERM end a process that is forked later, which has no thread that watches."""
    if _watched.is_watched and _signal.getsignal(_SIGNAL) is _note:
        signal.set_wakeup_fd(-1)
        _signal.signal(_SIGNAL, _signal.SIG_DFL)
    _watched.functions, _watched.is_watched = [], False


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_restore_in_child)
