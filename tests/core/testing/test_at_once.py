"""Tests of calls that begin at the same time."""

import threading

import pytest

from sacred_core.testing.at_once import call_at_once


def test_calls_begin_at_the_same_time_and_are_answered_in_order() -> None:
    """Each waits for the other here; an exception is an answer, too."""
    both = threading.Barrier(2, timeout=20)

    def meet(number: int) -> int:
        both.wait()
        if number:
            raise ValueError(number)
        return number

    answers = call_at_once([lambda: meet(1), lambda: meet(0)])
    assert isinstance(answers[0], ValueError) and answers[1] == 0


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_no_exception_is_lost_in_its_thread(error: type[BaseException]) -> None:
    """Also those that would end a program."""

    def fail() -> None:
        raise error

    assert isinstance(call_at_once([fail])[0], error)
