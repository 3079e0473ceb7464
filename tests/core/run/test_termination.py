"""Tests of the signals that interrupt a run."""

# ruff: noqa: PT012 - a signal comes in the midst of a block

import contextlib
import faulthandler
import os
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from sacred_core.exceptions import Terminated
from sacred_core.run.termination import (
    ENDING_SIGNALS,
    defer_signals,
    merge_signals,
    terminable,
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@pytest.fixture(autouse=True)
def default_actions() -> Iterator[None]:
    """Let each test start with default actions."""
    before = {signum: signal.getsignal(signum) for signum in ENDING_SIGNALS}
    for signum in ENDING_SIGNALS:
        signal.signal(signum, signal.SIG_DFL)
    yield
    for signum, handler in before.items():
        signal.signal(signum, handler)


def send(signum: int) -> None:
    os.kill(os.getpid(), signum)


@pytest.mark.parametrize("signum", ENDING_SIGNALS)
def test_a_signal_raises_terminated(signum: int) -> None:
    """A signal raises terminated, with the exit code by which shells report the signal; afterwards
    its action is default.
    """
    with pytest.raises(Terminated) as raised, terminable():
        send(signum)
    assert raised.value.code == 128 + signum
    assert signal.getsignal(signum) is signal.SIG_DFL


@pytest.mark.skipif(sys.platform != "linux", reason="names of Linux")
def test_the_list_has_every_signal_that_ends_a_process() -> None:
    """Checked against the kernel: each other signal is a fault, or leaves a child alive."""
    faults = {"SEGV", "BUS", "FPE", "ILL", "ABRT", "TRAP", "SYS", "KILL", "INT"}
    others = {
        signum
        for signum in signal.valid_signals() - set(ENDING_SIGNALS)
        if signal.Signals(signum).name.removeprefix("SIG") not in faults
    }
    assert {n for n in others if is_ended_by(n)} == set()
    assert {n for n in ENDING_SIGNALS if not is_ended_by(n)} == set()


def is_ended_by(signum: int) -> bool:
    child = os.fork()
    if child == 0:
        if signum != signal.SIGSTOP:
            signal.signal(signum, signal.SIG_DFL)
        send(signum)
        os._exit(0)
    while os.WIFSTOPPED(status := os.waitpid(child, os.WUNTRACED)[1]):
        os.kill(child, signal.SIGCONT)
    return os.WIFSIGNALED(status)


def test_an_error_names_the_signal() -> None:
    """A number that has no name is shown itself."""
    assert str(Terminated(128 + signal.SIGHUP)) == "SIGHUP"
    assert str(Terminated(3)) == "3"


@pytest.mark.parametrize("handler", [signal.SIG_IGN, lambda *_: None])
def test_handled_and_ignored_signals_are_left_alone(handler: Any) -> None:
    """Set before the block or in it."""
    signal.signal(signal.SIGHUP, handler)
    with terminable():
        send(signal.SIGHUP)
        signal.signal(signal.SIGUSR1, handler)
        send(signal.SIGUSR1)
    assert signal.getsignal(signal.SIGHUP) is handler
    assert signal.getsignal(signal.SIGUSR1) is handler


@pytest.mark.parametrize("is_set_before", [True, False])
def test_handlers_in_c_are_left_alone(is_set_before: bool, tmp_path: Any) -> None:
    """`signal.getsignal` does not return them; they work in the block and after it."""
    with (tmp_path / "dump").open("w+") as file:
        if is_set_before:
            faulthandler.register(signal.SIGUSR1, file=file)
        with terminable():
            if not is_set_before:
                faulthandler.register(signal.SIGUSR1, file=file)
            send(signal.SIGUSR1)
        send(signal.SIGUSR1)
        faulthandler.unregister(signal.SIGUSR1)
        file.seek(0)
        assert file.read().count("Current thread") == 2


def test_an_inner_run_leaves_the_handlers_to_the_outer_one() -> None:
    """They are there until the outer one ends."""
    with pytest.raises(Terminated), terminable():
        with terminable():
            pass
        send(signal.SIGTERM)


def test_other_threads_set_no_handlers() -> None:
    """Python allows that in the main thread only."""
    found = []

    def work() -> None:
        with terminable(), defer_signals():
            found.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [signal.SIG_DFL]


@pytest.mark.parametrize("signum", ENDING_SIGNALS)
def test_a_forked_child_has_the_default_actions(signum: int) -> None:
    """A forked child has the default actions, as if it had been forked outside of the block."""
    with terminable():
        child = os.fork()
        if child == 0:
            send(signum)
            os._exit(0)
        assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signum


def test_a_deferred_signal_is_raised_after_the_block() -> None:
    """The first one; a second one is raised at once, and later blocks start anew."""
    done = []
    with terminable():
        with pytest.raises(Terminated) as first, defer_signals():
            send(signal.SIGHUP)
            done.append("first")
        with pytest.raises(Terminated) as second, defer_signals():
            send(signal.SIGUSR1)
            send(signal.SIGTERM)
            done.append("second")
        with defer_signals():
            done.append("third")
    assert (first.value.code, second.value.code) == (129, 143)
    assert done == ["first", "third"]


@pytest.mark.parametrize("is_deferred", [False, True])
def test_signals_of_one_request_are_merged(is_deferred: bool) -> None:
    """The second one neither interrupts what handles the first one, nor what is deferred."""
    done = []
    merge_signals(60)
    try:
        with pytest.raises(Terminated) as raised, terminable():
            try:
                with defer_signals() if is_deferred else contextlib.nullcontext():
                    send(signal.SIGUSR2)
                    send(signal.SIGTERM)
                    done.append("block")
            finally:
                send(signal.SIGTERM)
                done.append("clean-up")
        assert raised.value.code == 128 + signal.SIGUSR2
        assert done == (["block", "clean-up"] if is_deferred else ["clean-up"])
    finally:
        merge_signals(0)
    with pytest.raises(Terminated), terminable():
        send(signal.SIGTERM)


def test_deferred_blocks_may_be_nested() -> None:
    """The outermost one raises: a run that ends in an observer cuts nothing short."""
    done = []
    with pytest.raises(Terminated), terminable(), defer_signals():
        with defer_signals():
            send(signal.SIGHUP)
        done.append("rest")
    assert done == ["rest"]


def test_an_exception_of_the_block_is_not_replaced() -> None:
    """The signal ends nothing more then."""
    with pytest.raises(ValueError, match="mine"), terminable(), defer_signals():
        send(signal.SIGHUP)
        raise ValueError("mine")
