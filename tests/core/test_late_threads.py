"""Tests of threads that start after a while."""

import os
import subprocess
import sys
import textwrap
import threading

import pytest

from sacred_core.late_threads import LateThread

WAIT = 30


@pytest.fixture(autouse=True)
def first() -> None:
    """A thread that has ended: those that follow start late."""
    LateThread(lambda: None, "first", 0.0).join()


def test_the_first_ones_start_at_once() -> None:
    """Until one is joined, nothing starts a thread later than the main thread."""
    program = """
from threading import Event
from sacred_core.late_threads import LateThread

called = Event()
first = LateThread(called.set, "first", 1000.0)
first.start()
assert first.is_running or called.is_set()
first.join()
assert called.is_set()
second = LateThread(print, "second", 1000.0)
second.start()
assert not second.is_running
second.join()
"""
    done = subprocess.run([sys.executable, "-c", program], timeout=60, check=False)
    assert done.returncode == 0


def nothing() -> None:
    """Do nothing."""


def starters() -> int:
    return [thread.name for thread in threading.enumerate()].count("sacred-starter")


def test_a_thread_starts_when_it_is_due() -> None:
    """A short delay starts the function in a daemon thread with the name, after longer ones too."""
    found: list[threading.Thread] = []
    called = threading.Event()

    def note() -> None:
        found.append(threading.current_thread())
        called.set()

    later = LateThread(nothing, "later", 1000)
    later.start()
    late = LateThread(note, "late", 0.01)
    late.start()
    assert called.wait(WAIT)
    late.join()
    later.join()
    assert [(each.name, each.daemon) for each in found] == [("late", True)]
    assert not late.is_running


def test_a_thread_that_is_joined_before_never_starts() -> None:
    """Neither does one that was not started, nor is anything pending started after its end."""
    called: list[None] = []
    late = LateThread(lambda: called.append(None), "late", 1000)
    late.join()
    late.start_now()
    late.start()
    late.join()
    late.start_now()
    assert (called, late.is_running) == ([], False)


def test_a_thread_can_be_started_early_once() -> None:
    """`start_now` starts what is pending; a second call does nothing."""
    called, go_on = threading.Semaphore(0), threading.Event()

    def work() -> None:
        assert late.is_current
        called.release()
        assert go_on.wait(WAIT)
        late.join()  # does not wait for itself

    late = LateThread(work, "late", 1000)
    late.start()
    late.start_now()
    late.start_now()
    assert called.acquire(timeout=WAIT)
    assert late.is_running and not late.is_current
    go_on.set()
    late.join()
    assert not called.acquire(blocking=False)


def test_many_share_one_thread() -> None:
    """What is pending has one thread; it continues to start others after one has started."""
    pending = [LateThread(nothing, "late", 1000) for _ in range(20)]
    for each in pending:
        each.start()
    called = threading.Semaphore(0)
    for delay in (0.02, 0.0, 0.01):
        LateThread(called.release, "soon", delay).start()
    assert all(called.acquire(timeout=WAIT) for _ in range(3))
    assert starters() == 1
    for each in pending:
        each.join()


def test_a_thread_that_cannot_start_is_retried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process may have too many threads for a while."""
    start, failures, called = threading.Thread.start, [1, 2], threading.Event()

    def refuse(thread: threading.Thread) -> None:
        if thread.name == "late" and failures:
            failures.pop()
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    late = LateThread(called.set, "late", 0.0)
    late.start()
    assert called.wait(WAIT)
    late.join()
    assert failures == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
@pytest.mark.parametrize(
    "script",
    [
        pytest.param(
            """
            ended = LateThread(nothing, "ended", 0.01)
            ended.start()
            ended.join()
            warnings.simplefilter("error")
            assert threading.active_count() == 2
            child = os.fork()
            assert child == 0 or threading.active_count() == 1
            """,
            id="without other threads where nothing is pending",
        ),
        pytest.param(
            """
            pending = LateThread(nothing, "pending", 1000)
            pending.start()
            child = os.fork()
            pending.start_now()
            assert pending.is_running == (child != 0)
            go_on.set()
            """,
            id="a child does not start what is pending in its parent",
        ),
    ],
)
def test_a_fork_is_safe(script: str) -> None:
    """Python 3.12 warns of a fork beside other threads; a child can start threads of its own."""
    head = """
        import os, sys, threading, warnings
        from sacred_core.late_threads import LateThread

        LateThread(print, "first", 0.0).join()  # those that follow start late
        go_on, called = threading.Event(), threading.Event()
        nothing = go_on.wait
        """
    tail = """
        if child == 0:
            LateThread(called.set, "own", 0.01).start()
            os._exit(0 if called.wait(30) else 1)
        assert os.wait()[1] == 0
        """
    whole = "".join(map(textwrap.dedent, (head, script, tail)))
    subprocess.run([sys.executable, "-c", whole], check=True, timeout=WAIT)
