"""A function in a process that is killed at a given call."""

import gc
import os
import signal
import threading
import weakref
from pathlib import Path

import pytest

from sacred_core.testing.killing import kill_at

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")


def test_the_work_is_done_up_to_the_call(tmp_path: Path) -> None:
    """Killed at the call of a function, the process does nothing that comes after it."""

    folders = [tmp_path / name for name in ("first", "second", "third")]

    def work() -> None:
        for folder in folders:
            folder.mkdir()

    calls = kill_at(None, work)
    assert calls is not None and len(list(tmp_path.iterdir())) == 3
    found = []
    for call in range(1, calls + 1):
        for path in tmp_path.iterdir():
            path.rmdir()
        assert kill_at(call, work) is None
        found.append(len(list(tmp_path.iterdir())))
    assert found == sorted(found) and set(found) == {0, 1, 2, 3}


def test_an_error_of_the_work_is_shown() -> None:
    """Its traceback is in the message."""
    with pytest.raises(AssertionError, match=r"ended with 1:(?s:.*)ZeroDivisionError"):
        kill_at(None, lambda: 1 // 0)


def test_a_process_that_hangs_shows_where() -> None:
    """Its traceback is in the message, and the process is ended."""

    def wait_for_ever() -> None:
        signal.pause()

    with pytest.raises(AssertionError, match=r"the process hangs at:(?s:.*)in wait_for_ever"):
        kill_at(None, wait_for_ever, timeout=0.1)


def test_garbage_of_the_parent_is_not_collected_in_the_child() -> None:
    """A finalizer that waits for a lock of another thread does not stop the child."""
    lock = threading.Lock()

    class Garbage:
        """Refers to itself."""

        def __init__(self) -> None:
            self.me = self

    gc.disable()
    try:
        weakref.finalize(Garbage(), lock.acquire).atexit = False
        with lock:
            assert kill_at(None, gc.collect) is not None
    finally:
        gc.enable()
    gc.collect()
    assert lock.locked()
