"""Ends the writer of a child process that is terminated: pools end their workers with SIGTERM."""

import _signal  # type: ignore[import-not-found]  # it has no stubs
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType

from sacred_core.run.termination import as_default, is_unhandled

#: Shells report a process that a signal ended with this plus the number of the signal.
_SHELL_OFFSET = 128
_SIGNAL = int(signal.SIGTERM)


class _Watched:
    """The functions to call before the process ends by SIGTERM.

    Attributes:
        functions: They are called in a thread, the last one first.
        writer: The descriptor to which Python writes numbers of signals; None: no handler is set.
    """

    def __init__(self) -> None:
        self.functions: list[Callable[[], None]] = []
        self.writer: int | None = None


_watched = _Watched()


def call_at_sigterm(function: Callable[[], None]) -> Callable[[], None]:
    """Call a function before SIGTERM ends this process, with the exit code 143.

    It is called in a separate thread, so that it does not matter where the main thread is: a worker
    of a pool that waits for work would run no handler before it gets some. Nothing is changed if
    the user handles or ignores SIGTERM, if another library uses `signal.set_wakeup_fd`, as asyncio
    does, or outside of the main thread. While a run lasts in this process, SIGTERM interrupts it.

    Returns:
        A function that ends this.
    """
    _watched.functions.append(function)
    if _watched.writer is None and _is_main_thread() and is_unhandled(_SIGNAL):
        _start_watching()

    def end() -> None:
        if function in _watched.functions:
            _watched.functions.remove(function)
        if not _watched.functions and _is_main_thread():
            _stop_watching()

    return end


def _start_watching() -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    previous = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    if previous != -1:
        signal.set_wakeup_fd(previous)
        os.close(reader)
        os.close(writer)
        return
    _watched.writer = writer
    _signal.signal(_SIGNAL, _note)
    threading.Thread(target=_watch, args=(reader,), name="sacred-sigterm", daemon=True).start()


def _stop_watching() -> None:
    """Restore the default action, and end the thread."""
    writer, _watched.writer = _watched.writer, None
    if writer is None:
        return
    if _signal.getsignal(_SIGNAL) is _note:
        _signal.signal(_SIGNAL, _signal.SIG_DFL)
    current = signal.set_wakeup_fd(-1)
    if current not in (-1, writer):
        signal.set_wakeup_fd(current)
    os.close(writer)


@as_default
def _note(signum: int, frame: FrameType | None) -> None:
    """Do nothing: Python has written the number of the signal to the pipe."""


def _watch(reader: int) -> None:
    """Wait for SIGTERM, unless a run or the user handles it now, or until the pipe is closed."""
    while received := os.read(reader, 64):
        if _SIGNAL in received and _signal.getsignal(_SIGNAL) is _note:
            try:
                for function in reversed(_watched.functions[:]):
                    function()
            finally:
                os._exit(_SHELL_OFFSET + _SIGNAL)
    os.close(reader)


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def _restore_in_child() -> None:
    """Let SIGTERM end a process that is forked later, which has no thread that watches."""
    _stop_watching()
    _watched.functions = []


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_restore_in_child)
