"""Calls that begin at the same time."""

import threading
from collections.abc import Callable, Sequence
from typing import Any


def call_at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Call functions in threads that begin at the same time, and wait for all of them.

    Returns:
        What each call returned, or the exception that it raised, in the order of the calls.
    """
    barrier = threading.Barrier(len(calls))
    answers: list[Any] = [None] * len(calls)

    def work(number: int, call: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            answers[number] = call()
        except BaseException as error:  # noqa: BLE001 - the caller looks at it
            answers[number] = error

    threads = [threading.Thread(target=work, args=each) for each in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers
