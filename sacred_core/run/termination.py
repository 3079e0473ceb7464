"""SIGTERM ends a run the way Ctrl-C does."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from sacred_core.exceptions import Terminated

EXIT_CODE = 143  # 128 + 15, as shells report a process that SIGTERM ended


@contextmanager
def terminable() -> Iterator[None]:
    """Raise `Terminated` in the block when the process is asked to end.

    Only in the main thread, where handlers can be set, and only if the user has set none.
    """
    in_main = threading.current_thread() is threading.main_thread()
    if not in_main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _end)
    try:
        yield
    finally:
        _restore()


def _end(signum: int, frame: FrameType | None) -> None:
    raise Terminated(EXIT_CODE)


def _restore() -> None:
    if signal.getsignal(signal.SIGTERM) is _end:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


if hasattr(os, "register_at_fork"):
    # A forked child ends as it would have without us. A handler of Python's that tells child from
    # parent would not do: it runs after the system call before which the signal came, and a worker
    # of a pool that waits for work then waits for ever.
    os.register_at_fork(after_in_child=_restore)
