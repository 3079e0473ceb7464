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
    pid = os.getpid()

    def end(signum: int, frame: FrameType | None) -> None:
        if os.getpid() != pid:  # a forked child ends as it would have without us
            signal.signal(signum, signal.SIG_DFL)
            os.kill(os.getpid(), signum)
        else:
            raise Terminated(EXIT_CODE)

    signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGTERM) is end:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
