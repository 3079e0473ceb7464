"""Tests of calls when an object is not used any more."""

import gc
import subprocess
import sys
from contextvars import ContextVar

from sacred_core.finalizing import call_when_unused

_variable: ContextVar[str] = ContextVar("variable", default="unset")


class _Cycle:
    """Collected by the garbage collector only."""

    def __init__(self) -> None:
        self.own = self


def test_the_context_of_the_collecting_thread_is_not_changed() -> None:
    """A call sets a context variable for itself, and runs once."""
    calls: list[str] = []

    def close(value: str) -> None:
        calls.append(_variable.get())
        _variable.set(value)

    token = _variable.set("of the test")
    call_when_unused(_Cycle(), close, "of the call")
    gc.collect()
    assert calls == ["unset"]
    assert _variable.get() == "of the test"
    _variable.reset(token)


def test_a_detached_call_is_not_made() -> None:
    """After `detach` the end of the object has no effect."""
    calls: list[int] = []
    owner = _Cycle()
    call_when_unused(owner, calls.append, 1).detach()
    del owner
    gc.collect()
    assert calls == []


def test_a_collection_while_a_context_variable_is_set() -> None:
    """The interpreter does not end with a segmentation fault, as with Python 3.11."""
    program = """
import gc
from contextvars import ContextVar
from sacred_core.finalizing import call_when_unused

first, second = ContextVar("first"), ContextVar("second")
made = []

class Cycle:
    def __init__(self):
        self.own = self

def change():
    made.append(1)
    second.set(object())
    [[object() for _ in range(3)] for _ in range(200)]

first.set(1)
for number in range(2000):
    gc.disable()
    for _ in range(5):
        call_when_unused(Cycle(), change)
    gc.set_threshold(gc.get_count()[0] + number % 8, 10, 10)
    gc.enable()
    first.set([])
gc.collect()
print(len(made))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "10000\n"), done.stderr
