"""Seeds and generators that all follow from the root seed of a run."""

import functools
import importlib
import itertools
import os
import random
import sys
from collections.abc import Callable
from typing import Any

from sacred_core.context import live_runs
from sacred_core.importing import when_imported
from sacred_core.loggers import own_logger
from sacred_core.settings import SETTINGS

_logger = own_logger(__name__)

#: The lowest and the highest seed that is drawn: what every library takes as a seed
#: (numpy's ``int32`` and OpenCV's ``setRNGSeed`` among them). A seed that the user sets may be any
#: integer.
SEEDRANGE = (1, 2**31 - 1)
#: numpy's legacy generator takes seeds below this.
_LEGACY_LIMIT = 2**32


def get_seed(rnd: Any = None) -> int:
    """Return a seed in `SEEDRANGE`.

    Args:
        rnd: The generator to draw it from: ``random.Random``, numpy's ``Generator`` or
            ``RandomState``. Without one, no other run is likely to have the same seed.
    """
    lowest, highest = SEEDRANGE
    rnd = random.SystemRandom() if rnd is None else rnd
    names = ("integers", "randrange", "randint")  # numpy.random.Generator, random, RandomState
    draw = next(getattr(rnd, name) for name in names if hasattr(rnd, name))
    return int(draw(lowest, highest + 1))


def derived_seed(root: Any, *path: Any) -> int:
    """Return the seed at ``path`` below ``root``: always the same, and unrelated to the others.

    It is the first four bytes of the SHA-256 of the path as a string, without the highest bit (so
    that it is in `SEEDRANGE`), on every platform alike.
    """
    from hashlib import sha256

    text = "/".join(map(str, (root, *path)))
    lowest, highest = SEEDRANGE
    return max(lowest, int.from_bytes(sha256(text.encode()).digest()[:4], "big") & highest)


def create_rnd(seed: int) -> Any:
    """Return a generator: numpy's where numpy is installed, else ``random.Random``."""
    numpy = numpy_or_none()
    if numpy is None:
        return random.Random(seed)
    if SETTINGS.CONFIG.NUMPY_RANDOM_LEGACY_API:
        return numpy.random.RandomState(seed)
    return numpy.random.default_rng(seed)


@functools.cache
def numpy_or_none() -> Any:
    """Import numpy once: looking for what is not installed costs as much every time."""
    try:
        return importlib.import_module("numpy")
    except ImportError:
        return None


def set_global_seed(seed: int) -> None:
    """Seed the global generators of ``random``, numpy, torch and TensorFlow.

    A library that is imported later is seeded at that moment if a run is still in progress; none
    is imported for it.
    """
    random.seed(seed)
    for library in _LIBRARIES:
        if library in sys.modules:
            _seed_library(sys.modules[library], seed)
        elif library not in _awaited:
            _awaited.add(library)
            when_imported(library, _seed_late)
    _root_seeds[:] = [seed]


def _seed_late(library: Any) -> None:
    if live_runs():
        _seed_library(library, _root_seeds[-1])


def _seed_library(library: Any, seed: int) -> None:
    try:
        _LIBRARIES[library.__name__](library, seed % _LEGACY_LIMIT)
    except Exception as error:  # noqa: BLE001 - the library's: it must not break the import
        _logger.warning("The global seed of %s is not set: %r", library.__name__, error)


def _seed_tensorflow(tensorflow: Any, seed: int) -> None:
    if hasattr(tensorflow.random, "set_seed"):
        tensorflow.random.set_seed(seed)
    else:  # version 1
        tensorflow.set_random_seed(seed)


_LIBRARIES: dict[str, Callable[[Any, int], Any]] = {
    "numpy": lambda numpy, seed: numpy.random.seed(seed),
    "torch": lambda torch, seed: torch.manual_seed(seed),
    "tensorflow": _seed_tensorflow,
}
_awaited: set[str] = set()
_root_seeds: list[int] = []

#: Which fork of which fork this process is, counted from 1; empty in the process that was started.
lineage: tuple[int, ...] = ()
_forks = itertools.count(1)
_number_of_fork = 0


def _before_fork() -> None:
    global _number_of_fork
    _number_of_fork = next(_forks)


def _after_fork_in_child() -> None:
    global lineage, _forks
    lineage, _forks = (*lineage, _number_of_fork), itertools.count(1)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_child=_after_fork_in_child)
