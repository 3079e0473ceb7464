"""What another process does at a given point of some work, in one process."""

import sys
import threading
import time
from collections.abc import Callable
from typing import Any

#: The work waits for the other, unless a lock that the work holds seems to block it: for so many
#: seconds it has called no function, or it has slept so often, or it has taken so long.
_STALL, _SLEEPS, _WAIT = 0.1, 8, 0.5
#: Seconds after which the other counts as hanging.
_PATIENCE = 120.0


def run_interleaved(call: int | None, work: Callable[[], Any], other: Callable[[], Any]) -> int:
    """Do ``work``, and ``other`` in a thread when the work calls a function.

    Args:
        call: The number of that call, functions in C included; None: after the work.
        work: What to do in this thread.
        other: What another process does meanwhile. It is finished when this function returns.

    Returns:
        How many calls the work took.

    Raises:
        AssertionError: ``other`` hangs.
        Exception: what ``work`` or ``other`` raised.
    """
    count = 0
    thread = _Other(other)

    def profile(frame: Any, event: str, arg: Any) -> None:
        nonlocal count
        if event in ("call", "c_call"):
            count += 1
            if count == call:
                thread.start()
                thread.wait()

    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(None)
    if thread.ident is None:
        thread.start()
    thread.join(_PATIENCE)
    assert not thread.is_alive(), "the other process hangs"
    for error in thread.errors:
        raise error
    return count


class _Other(threading.Thread):
    """What another process does.

    Attributes:
        errors: What it raised, at most one.
    """

    def __init__(self, other: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self.errors: list[BaseException] = []
        self._other = other
        self._events = self._sleeps = 0

    def run(self) -> None:
        sys.setprofile(self._count)
        try:
            self._other()
        except BaseException as error:  # noqa: BLE001 - raised in the caller's thread
            self.errors.append(error)
        finally:
            sys.setprofile(None)

    def wait(self) -> None:
        """Wait until it has ended, or is blocked."""
        until = time.monotonic() + _WAIT
        before = -1
        while before < self._events and self._sleeps < _SLEEPS and time.monotonic() < until:
            before = self._events
            self.join(_STALL)

    def _count(self, frame: Any, event: str, arg: Any) -> None:
        self._events += 1
        self._sleeps += event == "c_call" and arg is time.sleep
