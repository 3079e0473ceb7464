"""Tests of two pieces of work of which one comes in the middle of the other."""

import threading
import time

import pytest

from sacred_core.testing.interleaving import run_interleaved


def test_the_other_is_finished_at_each_call() -> None:
    """At whichever call it comes, its steps are next to each other."""
    steps: list[str] = []

    def work() -> None:
        for name in "abc":
            steps.append(name)

    def other() -> None:
        for name in "xyz":
            time.sleep(0.001)
            steps.append(name)

    calls = run_interleaved(None, work, other)
    assert "".join(steps) == "abcxyz"
    found = set()
    for call in range(1, calls + 1):
        steps.clear()
        assert run_interleaved(call, work, other) == calls
        found.add("".join(steps))
    assert found == {"xyzabc", "axyzbc", "abxyzc", "abcxyz"}


@pytest.mark.parametrize("polls", [False, True])
def test_a_lock_of_the_work_is_waited_for_until_it_is_free(polls: bool) -> None:
    """The work goes on, and the other after it, whether it waits for the lock or polls it."""
    lock, steps = threading.Lock(), list[str]()

    def work() -> None:
        with lock:
            steps.append("work")
            steps.append("is done")

    def other() -> None:
        while not lock.acquire(blocking=not polls):
            time.sleep(0.001)
        steps.append("other")
        lock.release()

    for call in range(1, run_interleaved(None, work, other) + 1):
        steps.clear()
        run_interleaved(call, work, other)
        assert steps in (["work", "is done", "other"], ["other", "work", "is done"])


def test_an_error_of_the_other_is_raised() -> None:
    """It is raised in the thread of the work."""
    with pytest.raises(ZeroDivisionError):
        run_interleaved(1, lambda: len(""), lambda: 1 // 0)
