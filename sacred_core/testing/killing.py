"""Processes that are killed at a given point."""

import faulthandler
import gc
import os
import select
import signal
import sys
import traceback
import warnings
from collections.abc import Callable
from typing import Any


def kill_at(call: int | None, work: Callable[[], Any], timeout: float = 120.0) -> int | None:
    """Do ``work`` in a forked process, which kills itself (SIGKILL) at a call of a function.

    Args:
        call: Its number, functions in C included; None: it is not killed.
        work: What to do.
        timeout: Seconds after which the process counts as hanging.

    Returns:
        How many calls the work took; None where it was killed.

    Raises:
        AssertionError: the work raised, or it hangs; the message holds the traceback.
    """
    reader, writer = os.pipe()
    # The child must not collect the garbage of this process: a finalizer, such as that of a client
    # of Google Cloud Storage, waits for a lock that a thread held at the fork.
    gc.freeze()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # threads of servers do not matter
        child = os.fork()
    if child == 0:
        os._exit(_run_child(call, work, writer))
    gc.unfreeze()
    os.close(writer)
    is_ready = select.select([reader], [], [], timeout)[0]
    if not is_ready:
        os.kill(child, signal.SIGABRT)  # faulthandler writes the traceback
    with open(reader, "rb") as file:
        answer = file.read()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    report = answer.decode(errors="replace")
    assert is_ready, f"the process hangs at:\n{report}"
    assert code in (0, -signal.SIGKILL), f"the process ended with {code}:\n{report}"
    return int(answer) if code == 0 else None


def _run_child(call: int | None, work: Callable[[], Any], writer: int) -> int:
    count = 0

    def profile(frame: Any, event: str, arg: Any) -> None:
        nonlocal count
        if event in ("call", "c_call"):
            count += 1
            if count == call:
                os.kill(os.getpid(), signal.SIGKILL)

    faulthandler.enable(writer)
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
