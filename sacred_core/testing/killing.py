"""Processes that are killed at a given point."""

import os
import select
import signal
import sys
import traceback
import warnings
from collections.abc import Callable
from typing import Any

#: Seconds after which a child counts as hanging.
_PATIENCE = 120.0


def killed_at(call: int | None, work: Callable[[], Any]) -> int | None:
    """Do ``work`` in a forked process, which kills itself (SIGKILL) at a call of a function.

    Args:
        call: Its number, functions in C included; None: it is not killed.
        work: What to do.

    Returns:
        How many calls the work took; None where it was killed.

    Raises:
        AssertionError: the work raised, or it hangs.
    """
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # threads of servers do not matter
        child = os.fork()
    if child == 0:
        os._exit(_run_child(call, work, writer))
    os.close(writer)
    is_ready = select.select([reader], [], [], _PATIENCE)[0]
    if not is_ready:
        os.kill(child, signal.SIGKILL)
    with open(reader, "rb") as file:
        answer = file.read()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert is_ready, "the process hangs"
    assert code in (0, -signal.SIGKILL), f"the process ended with {code}: {answer.decode()}"
    return int(answer) if code == 0 else None


def _run_child(call: int | None, work: Callable[[], Any], writer: int) -> int:
    count = 0

    def profile(frame: Any, event: str, arg: Any) -> None:
        nonlocal count
        if event in ("call", "c_call"):
            count += 1
            if count == call:
                os.kill(os.getpid(), signal.SIGKILL)

    try:
        sys.setprofile(profile)
        work()
        sys.setprofile(None)
    except BaseException:  # noqa: BLE001 - the parent shows it
        sys.setprofile(None)
        os.write(writer, traceback.format_exc().encode())
        return 1
    os.write(writer, str(count).encode())
    return 0
