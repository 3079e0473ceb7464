"""Tests of signals that ask a worker to end."""

import os
import signal
import threading
import time

import pytest

from sacred_core.worker.stopping import StopRequest, stoppable


def test_the_first_signal_asks_and_the_second_one_is_urgent() -> None:
    """The exit code is that of shells for the first signal."""
    with stoppable() as stop:
        assert (stop.signum, stop.name, stop.exit_code, stop.is_urgent) == (None, "", 0, False)
        urgent: list[int] = []
        stop.when_urgent = lambda: urgent.append(1)
        os.kill(os.getpid(), signal.SIGTERM)
        assert (stop.signum, stop.name, stop.exit_code) == (signal.SIGTERM, "SIGTERM", 143)
        assert (stop.is_urgent, urgent) == (False, [])
        os.kill(os.getpid(), signal.SIGINT)
        assert (stop.signum, stop.is_urgent, urgent) == (signal.SIGTERM, True, [1])


def test_signals_that_come_together_are_one_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scheduler signals all processes of a job, and those pass it on; later ones are urgent."""
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    stop = StopRequest()
    for signum in (signal.SIGUSR2, signal.SIGTERM, signal.SIGUSR2):
        stop.request(signum)
        now += 1.0
    assert (stop.signum, stop.is_urgent) == (signal.SIGUSR2, False)
    now += 1.0
    stop.request(signal.SIGTERM)
    assert (stop.signum, stop.is_urgent) == (signal.SIGUSR2, True)
    stop.close()


def test_handlers_are_restored_and_those_of_the_user_stay() -> None:
    """A signal that the user ignores, as nohup does, is still ignored."""
    before = signal.getsignal(signal.SIGTERM)
    ignored = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stoppable() as stop:
            assert signal.getsignal(signal.SIGTERM) is not before
            os.kill(os.getpid(), signal.SIGHUP)
            assert stop.signum is None
        assert signal.getsignal(signal.SIGTERM) is before
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, ignored)


def test_other_threads_set_no_handlers() -> None:
    """A worker in a thread is asked to end with `request`."""
    before, found = signal.getsignal(signal.SIGTERM), []

    def enter() -> None:
        with stoppable() as stop:
            found.append(signal.getsignal(signal.SIGTERM))
            stop.request(signal.SIGINT)
            found.append(stop.exit_code)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert found == [before, 130]


@pytest.mark.parametrize("wake", ["wake", "request"])
def test_a_wait_ends_at_once(stop: StopRequest, wake: str) -> None:
    """Both a signal and another thread end it."""
    call = stop.wake if wake == "wake" else (lambda: stop.request(signal.SIGTERM))
    timer = threading.Timer(0.05, call)
    began = time.monotonic()
    timer.start()
    stop.wait(60)
    assert 0.04 < time.monotonic() - began < 30


def test_a_wait_ends_after_its_time(stop: StopRequest) -> None:
    """Many wakes before it are one."""
    for _ in range(1000):
        stop.wake()
    stop.wait(60)
    began = time.monotonic()
    stop.wait(0.05)
    assert 0.04 < time.monotonic() - began < 30
