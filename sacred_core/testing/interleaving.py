"""What another process does at a given point of some work, in one process."""

import sys
import threading
from collections.abc import Callable
from typing import Any

#: Seconds that the work waits for the other: it may be blocked by a lock that the work holds.
_WAIT = 0.5
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
    errors: list[BaseException] = []

    def run() -> None:
        try:
            other()
        except BaseException as error:  # noqa: BLE001 - raised below, in the caller's thread
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)

    def profile(frame: Any, event: str, arg: Any) -> None:
        nonlocal count
        if event in ("call", "c_call"):
            count += 1
            if count == call:
                thread.start()
                thread.join(_WAIT)

    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(None)
    if thread.ident is None:
        thread.start()
    thread.join(_PATIENCE)
    assert not thread.is_alive(), "the other process hangs"
    for error in errors:
        raise error
    return count
