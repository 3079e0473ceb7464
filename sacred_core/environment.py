"""What is derived from the environment variables of the process."""

import functools
import os
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

T = TypeVar("T")


def environment_state() -> Mapping[Any, object]:
    """Return what is equal as long as no environment variable changed in this process.

    To read all names through `os.environ` decodes each of them, in each run of a loop.
    """
    stored = getattr(os.environ, "_data", None)  # encoded, in CPython and PyPy
    return dict(os.environ if stored is None else stored)


def once_per_environment(function: Callable[[], T]) -> Callable[[], T]:
    """Call ``function`` again only after an environment variable has changed."""
    known: list[tuple[Mapping[Any, object], T]] = []

    @functools.wraps(function)
    def call() -> T:
        state = environment_state()
        if not known or known[0][0] != state:
            known[:] = [(state, function())]
        return known[0][1]

    return call
