"""Signals that ask a process to end interrupt its run, as Ctrl-C does.

A run that another process has resumed is stopped in the same way, with a signal to its thread.
"""

import _signal  # type: ignore[import-not-found]  # it has no stubs
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

from sacred_core.exceptions import Terminated

F = TypeVar("F", bound=Callable[..., Any])
#: Those whose default action ends the process. Not in the list: SIGINT, which Python handles;
#: SIGKILL, which cannot be handled; and SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP,
#: SIGSYS, SIGEMT: after these the process cannot run Python code.
_NAMES = [
    "SIGALRM", "SIGBREAK", "SIGHUP", "SIGPIPE", "SIGPROF", "SIGQUIT", "SIGTERM", "SIGUSR1",
    "SIGUSR2", "SIGVTALRM", "SIGXCPU", "SIGXFSZ",
]  # fmt: skip
if sys.platform == "linux":  # BSD and macOS ignore SIGIO
    _NAMES += ["SIGIO", "SIGPWR", "SIGSTKFLT"]
#: Numbers of signals for which a run sets a handler, where no other code did.
ENDING_SIGNALS = tuple(
    sorted(
        {int(getattr(signal, name)) for name in _NAMES if hasattr(signal, name)}
        | set(range(getattr(signal, "SIGRTMIN", 0), getattr(signal, "SIGRTMAX", -1) + 1))
    )
)
#: Shells report a process that a signal ended with this plus the number of the signal.
_SHELL_OFFSET = 128
#: For the functions of the module `signal`, which convert all that they take and return to enums:
#: with 50 signals at both ends of each run that takes ten times longer.
_handler_of, _set_handler = _signal.getsignal, _signal.signal
_DEFAULT = _signal.SIG_DFL
_STATUS = Path("/proc/self/status")
#: Size of the buffer for a ``struct sigaction``, which has 152 bytes on Linux.
_SIGACTION_BYTES = 1024


class _State:
    """The state of the signal handler of this process.

    Attributes:
        handled: The signals that have it, and their handlers before.
        blocks: The number of `terminable` blocks that are not left yet.
        is_deferred: The first signal waits, instead of being raised.
        waiting: The signal that waits.
        stopping: The signal with which `stop_thread` stops the main thread.
        merged: Seconds after a signal in which others are the same request; see `merge_signals`.
        received: When the last signal came that was not ignored, by the monotonic clock.
    """

    def __init__(self) -> None:
        self.handled: dict[int, Any] = {}
        self.blocks = 0
        self.is_deferred = False
        self.waiting: int | None = None
        self.stopping: int | None = None
        self.merged = 0.0
        self.received = float("-inf")


class RunStop(Terminated):
    """Ends the code of a run that another process has resumed; the run itself raises why."""

    def __init__(self, code: object = 1) -> None:
        super().__init__(code)


_state = _State()


@contextmanager
def terminable() -> Iterator[None]:
    """Raise `Terminated` in the block when a signal of `ENDING_SIGNALS` comes.

    Only in the main thread, where handlers can be set, and only for signals that the user
    neither handles nor ignores. A handler that is set in the block, by Python or by C, stays.
    Blocks may overlap, as those of two coroutines do: the last one that is left restores.
    """
    if not _is_main_thread():
        yield
        return
    if not _state.blocks:
        _state.handled = {signum: _handler_of(signum) for signum in _unhandled_signals()}
        for signum in _state.handled:
            _set_handler(signum, _terminate)
    _state.blocks += 1
    try:
        yield
    finally:
        _state.blocks = max(0, _state.blocks - 1)
        if not _state.blocks:
            _restore()


@contextmanager
def defer_signals() -> Iterator[None]:
    """Raise `Terminated` after the block for the first signal that comes in it.

    For the end of a run: what is being recorded is not cut short. A second signal is raised at
    once, as is Ctrl-C. In other threads than the main one this does nothing.
    """
    if not _is_main_thread() or _state.is_deferred:
        yield
        return
    _state.is_deferred, _state.waiting = True, None
    try:
        yield
    finally:
        _state.is_deferred = False
    if _state.waiting is not None:
        raise _exception_for(_state.waiting)


def merge_signals(seconds: float) -> None:
    """Ignore signals that come within some seconds after the first one.

    For a process that two others ask to end: a scheduler that signals all processes of a job, and
    the worker that gets the same signal and passes it on. The second one would interrupt what the
    first one began: code of the user that saves its state, and the record of the end.
    """
    _state.merged, _state.received = seconds, float("-inf")


def stop_thread(thread: int) -> None:
    """Raise `RunStop` in the code that a thread of this process executes.

    The main thread gets a signal, which also ends a call that waits. It is one for which
    `terminable` has set the handler: those of the user stay as they are. Where there is none, and
    in another thread, the exception is raised when the current call returns.

    Args:
        thread: Its identifier, as of `threading.get_ident`.
    """
    ours = [signum for signum in _state.handled if _handler_of(signum) is _terminate]
    if thread == threading.main_thread().ident and ours and hasattr(signal, "pthread_kill"):
        _state.stopping = signal.SIGTERM if signal.SIGTERM in ours else ours[0]
        signal.pthread_kill(thread, _state.stopping)
        return
    import ctypes

    raised = ctypes.py_object(RunStop)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), raised)


def _terminate(signum: int, frame: FrameType | None) -> None:
    if signum == _state.stopping:
        _state.stopping = None
        if _state.is_deferred:  # the run ends already
            return
        raise RunStop
    now = time.monotonic()
    if now - _state.received < _state.merged:
        return
    _state.received = now
    if _state.is_deferred and _state.waiting is None:
        _state.waiting = signum
    else:
        raise _exception_for(signum)


def _exception_for(signum: int) -> Terminated:
    return Terminated(_SHELL_OFFSET + signum)


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def is_unhandled(signum: int) -> bool:
    """Return whether a signal ends the process, as neither Python nor C code handles it."""
    return signum in _unhandled_signals()


def as_default(handler: F) -> F:
    """Mark a handler that stands for the default action: a run replaces it, and restores it."""
    handler.is_default = True  # type: ignore[attr-defined]
    return handler


def _unhandled_signals() -> tuple[int, ...]:
    taken = _handled_in_c()
    return tuple(
        signum
        for signum in ENDING_SIGNALS
        if (not taken >> (signum - 1) & 1 and _handler_of(signum) is _DEFAULT)
        or getattr(_handler_of(signum), "is_default", False)
    )


def _handled_in_c() -> int:
    """Return a bit for each signal that is handled or ignored, the lowest for signal 1.

    `signal.getsignal` does not report handlers that C code set after Python started:
    `faulthandler.register`, or a library. Linux lists them; elsewhere the answer is 0.
    """
    try:
        lines = _STATUS.read_bytes().decode("ascii", "replace").splitlines()
    except OSError:
        return 0
    masks = dict(line.split(":", 1) for line in lines if line.startswith(("SigIgn:", "SigCgt:")))
    return int(masks.get("SigIgn", "0"), 16) | int(masks.get("SigCgt", "0"), 16)


def _restore() -> None:
    """Restore the default action for the signals whose handler is still ours."""
    ours = [signum for signum in _state.handled if _handler_of(signum) is _terminate]
    for signum in _without_c_handlers(ours):
        _set_handler(signum, _state.handled[signum])
    _state.handled = {}
    _state.is_deferred = False


def _without_c_handlers(signals: list[int]) -> list[int]:
    """Return those of ``signals`` whose handler C code has not replaced meanwhile.

    ctypes takes milliseconds to import: it is used where it, or the usual reason, is there.
    """
    if sys.platform == "win32" or not {"ctypes", "faulthandler"} & set(sys.modules):
        return signals
    import ctypes

    handlers = {}
    sigaction = ctypes.CDLL(None).sigaction
    for signum in signals:
        buffer = ctypes.create_string_buffer(_SIGACTION_BYTES)
        if sigaction(signum, None, buffer) != 0:
            return signals
        # The address of the handler comes first in Linux, macOS and the BSDs.
        handlers[signum] = ctypes.c_void_p.from_buffer(buffer).value
    # All handlers of Python are one C function, and C code replaces few of them.
    pythons = Counter(handlers.values()).most_common(1)
    return [signum for signum in signals if handlers[signum] == pythons[0][0]]


def _restore_in_child() -> None:
    _state.handled = dict.fromkeys(_state.handled, _DEFAULT)
    _restore()
    _state.blocks = 0


if hasattr(os, "register_at_fork"):
    # A forked child ends as it would have without us. A Python handler that distinguishes child
    # and parent would not do: it runs after the system call before which the signal came, and a
    # worker of a pool that waits for work then waits forever.
    os.register_at_fork(after_in_child=_restore_in_child)
