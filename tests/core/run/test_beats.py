"""Tests of the thread that sends heartbeats."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from sacred_core.run.beats import BeatThread

LOGGER = logging.getLogger("test_beats")
WAIT = 30


def nothing() -> None:
    """Do nothing."""


@contextmanager
def beating(
    beat: Callable[[], None], send: Callable[[], None], interval: float
) -> Iterator[BeatThread]:
    beats = BeatThread(beat, send, interval, LOGGER)
    beats.start()
    try:
        yield beats
    finally:
        beats.stop()


def test_points_are_sent_before_the_next_beat() -> None:
    """A call that waits returns when they are sent; no beat comes with them."""
    sent: list[str] = []
    with beating(lambda: sent.append("beat"), lambda: sent.append("points"), 1000) as beats:
        beats.send_early(WAIT)
        beats.send_early(WAIT)
    assert sent == ["points", "points"]


def test_beats_come_though_points_are_sent_all_the_time() -> None:
    """A beat that is due comes in place of the points, which it sends too."""
    beaten = threading.Event()
    with beating(beaten.set, nothing, 0.01) as beats:
        while not beaten.is_set():
            beats.send_early(WAIT)


def test_a_call_waits_for_a_bounded_time() -> None:
    """Points that take long to send stop no script."""
    inside, go_on = threading.Event(), threading.Event()

    def send() -> None:
        inside.set()
        assert go_on.wait(WAIT)

    with beating(nothing, send, 1000) as beats:
        beats.send_early(0)
        assert inside.wait(WAIT)
        beats.send_early(0.01)
        go_on.set()


def test_nobody_waits_for_a_thread_that_has_ended() -> None:
    """Neither before the start nor after the stop, nor in the thread itself."""
    sent: list[None] = []
    beats = BeatThread(nothing, lambda: beats.send_early(WAIT) or sent.append(None), 1000, LOGGER)
    beats.send_early(WAIT)
    beats.start()
    while not sent:
        beats.send_early(0)
    beats.stop()
    beats.send_early(WAIT)


def test_a_failure_is_logged_and_the_next_call_comes(caplog: pytest.LogCaptureFixture) -> None:
    """What raises does not end the thread."""
    called = threading.Semaphore(0)

    def send() -> None:
        called.release()
        raise ValueError("no points")

    with beating(nothing, send, 1000) as beats:
        for _ in range(2):
            beats.send_early(0)
            assert called.acquire(timeout=WAIT)
    assert "A heartbeat failed; the run continues" in caplog.text
