"""Waits for many answers at once."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")

#: The drivers keep ten connections.
_AT_ONCE = 8


def in_parallel(function: Callable[[A], B], items: Iterable[A]) -> Iterator[B]:
    """Yield the function of each item, in order; some items are asked for ahead."""
    with ThreadPoolExecutor(_AT_ONCE, "sacred-objects") as pool:
        waiting: deque[Future[B]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) >= 2 * _AT_ONCE:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for each in waiting:
                each.cancel()
