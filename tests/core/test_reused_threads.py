"""Tests of threads that serve one function after the other."""

import gc
import os
import subprocess
import sys
import textwrap
import threading
import weakref

import pytest

from sacred_core import reused_threads
from sacred_core.reused_threads import ReusedThread

WAIT = 30


def test_functions_that_follow_each_other_have_one_thread() -> None:
    """Each has its own name for the thread, which is a daemon."""
    found: list[tuple[threading.Thread, str, bool]] = []

    def note() -> None:
        thread = threading.current_thread()
        found.append((thread, thread.name, thread.daemon))

    for number in range(20):
        thread = ReusedThread(note, f"thread-{number}")
        thread.start()
        thread.join(WAIT)
    assert len({each for each, _, _ in found}) == 1
    assert [(name, is_daemon) for _, name, is_daemon in found] == [
        (f"thread-{number}", True) for number in range(20)
    ]
    assert found[0][0].name == "sacred-idle"


def test_functions_at_the_same_time_have_separate_threads() -> None:
    """None waits for another; each thread is the current one in its own function only."""
    barrier = threading.Barrier(4)
    current: list[list[bool]] = []

    def work() -> None:
        barrier.wait(WAIT)
        current.append([each.is_current for each in threads])
        barrier.wait(WAIT)

    threads = [ReusedThread(work, "thread") for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(WAIT)
    assert sorted(map(sum, current)) == [1, 1, 1, 1]
    assert [sum(each) for each in zip(*current, strict=True)] == [1, 1, 1, 1]
    assert not any(each.is_current for each in threads)


def test_a_wait_has_a_limit() -> None:
    """A function that does not return stops nobody."""
    go_on = threading.Event()
    thread = ReusedThread(go_on.wait, "thread")
    thread.start()
    thread.join(0.01)
    go_on.set()
    thread.join()


def test_nothing_of_a_function_lives_on() -> None:
    """While its thread waits for another function, it can be collected."""

    class Work:
        def __call__(self) -> None:
            """Do nothing."""

    work = Work()
    thread = ReusedThread(work, "thread")
    thread.start()
    thread.join(WAIT)
    reference = weakref.ref(work)
    del work, thread
    waited = threading.Event()
    while reference() is not None and not waited.wait(0.01):  # the thread releases it afterwards
        gc.collect()


def test_a_thread_ends_if_it_is_not_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next function has another one."""
    monkeypatch.setattr(reused_threads, "_LINGER", 0.0)
    found: list[threading.Thread] = []
    for _ in range(2):
        thread = ReusedThread(lambda: found.append(threading.current_thread()), "thread")
        thread.start()
        thread.join(WAIT)
        found[-1].join(WAIT)
    assert not any(each.is_alive() for each in found)
    assert found[0] is not found[1]


def test_a_thread_that_is_about_to_end_serves_or_is_not_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each of thousands of functions is called once, though threads end all the time."""
    monkeypatch.setattr(reused_threads, "_LINGER", 0.0001)
    calls: list[int] = []
    for number in range(2000):
        thread = ReusedThread(lambda number=number: calls.append(number), "thread")  # type: ignore[misc]
        thread.start()
        thread.join(WAIT)
    assert calls == list(range(2000))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_a_fork_is_safe() -> None:
    """Threads that wait end before it; parent and child start others."""
    script = """
        import os, threading
        from sacred_core.reused_threads import ReusedThread

        def call():
            called = threading.Event()
            thread = ReusedThread(called.set, "thread")
            thread.start()
            thread.join(30)
            assert called.is_set()

        call()
        assert threading.active_count() == 2
        child = os.fork()
        assert threading.active_count() == 1
        call()
        if child == 0:
            os._exit(0)
        assert os.wait()[1] == 0
        """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=True, timeout=WAIT)
