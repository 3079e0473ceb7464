"""Tests of functions that are called before SIGTERM ends a process."""

import os
import signal
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")

PROGRAM = """
import os, signal, sys, threading, time
from sacred_core.children.ending import call_at_sigterm
from sacred_core.exceptions import Terminated
from sacred_core.run.termination import terminable

how = sys.argv[1]
if how == "handled":
    signal.signal(signal.SIGTERM, lambda *_: os._exit(7))
if how == "wakeup":
    pipe = os.pipe()
    os.set_blocking(pipe[1], False)
    signal.set_wakeup_fd(pipe[1], warn_on_full_buffer=False)
call = lambda name: call_at_sigterm(lambda: os.write(1, name.encode()))
if how == "thread":
    thread = threading.Thread(target=call, args=("t",))
    thread.start()
    thread.join()
else:
    ends = [call("1"), call("2")]
if how == "ended":
    for end in ends:
        end()
if how == "run":
    with terminable():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            sys.exit("SIGTERM did not interrupt the run")
        except Terminated:
            time.sleep(0.1)  # the thread has read the signal, which was not for it
if how == "forked" and os.fork():
    os.write(1, b"r")
    sys.exit(-os.waitstatus_to_exitcode(os.wait()[1]))
if how == "forked":
    os.kill(os.getpid(), signal.SIGTERM)
os.write(1, b"r")
lock = threading.Lock()
lock.acquire()
lock.acquire()
"""


def end(how: str) -> tuple[int, str]:
    """Return the exit code and the output of a program that waits for a lock and gets SIGTERM."""
    with subprocess.Popen([sys.executable, "-c", PROGRAM, how], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        first = process.stdout.read(1)
        process.terminate()
        rest = process.stdout.read()
        return process.wait(), (first + rest).decode()


def test_functions_are_called_before_the_process_ends() -> None:
    """The last one comes first; the main thread may wait for ever; the exit code is 143."""
    assert end("default") == (143, "r21")


@pytest.mark.parametrize(
    ("how", "code"), [("handled", 7), ("wakeup", -15), ("thread", -15), ("ended", -15)], ids=str
)
def test_a_process_that_cannot_be_watched_ends_as_before(how: str, code: int) -> None:
    """The user handles SIGTERM, asyncio uses the pipe of signals, it is another thread, or all
    writers have ended.
    """
    assert end(how) == (code, "r")


def test_sigterm_interrupts_a_run_of_the_process_first() -> None:
    """A child process may have runs of its own; after them it is watched again."""
    assert end("run") == (143, "r21")


def test_a_process_that_is_forked_later_ends_at_once() -> None:
    """It has no thread that watches, and is not the process that was to be watched."""
    found = subprocess.run(
        [sys.executable, "-c", PROGRAM, "forked"], capture_output=True, check=False, timeout=60
    )
    assert (found.returncode, found.stdout) == (signal.SIGTERM, b"r")
