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
#: After this number of calls with a generator, those of many calls are prepared together.
_FEW, _TOGETHER = 16, 256


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
    return _seed_of("/".join(map(str, (root, *path))).encode())


def _seed_of(text: bytes) -> int:
    import hashlib

    lowest, highest = SEEDRANGE
    return int.from_bytes(hashlib.sha256(text).digest()[:4], "big") & highest or lowest


class CallSeeds:
    """The seeds of the calls of one function, in their order; may be used from several threads.

    Each is `derived_seed` of the root, the path and the number of the call. A forked child, which
    continues the count of its parent, has its `lineage` in the path too.

    Args:
        path: Where the function is.
    """

    def __init__(self, *path: Any) -> None:
        self._path = path
        self._numbers = itertools.count()
        self._latest = -1
        self._root: Any = None
        self._start = b""

    def next(self, root: Any) -> int:
        """Return the seed of the next call."""
        if root is not self._root or not self._start:
            self._start = b"".join(f"{each}/".encode() for each in (root, *self._path))
            self._root = root
        self._latest = number = next(self._numbers)
        return self._of(number)

    def following(self, count: int) -> list[int]:
        """Return the seeds that `next` will return, if the root stays the same."""
        first = self._latest + 1
        return [self._of(number) for number in range(first, first + count)]

    def _of(self, number: int) -> int:
        text = b"%b%d" % (self._start, number)
        if lineage:
            text += "".join(f"/fork {number}" for number in lineage).encode()
        return _seed_of(text)


class CallGenerators:
    """Gives the generator for the seed of each call, as `create_rnd` does.

    After some calls those of the calls that follow are prepared together.

    Args:
        seeds: The seeds of the calls.
    """

    def __init__(self, seeds: CallSeeds) -> None:
        self._seeds = seeds
        self._calls = 0
        self._prepared: Any = None

    def __call__(self, seed: int) -> Any:
        """Return the generator for ``seed``, which may be any."""
        prepared = self._prepared
        if prepared is not None:
            rnd = prepared.take(seed)
            if rnd is not None:
                return rnd
        self._calls += 1
        if self._calls == _FEW or (prepared is not None and prepared.is_used_up):
            self._prepare()
        return create_rnd(seed)

    def _prepare(self) -> None:
        numpy = numpy_or_none()
        if numpy is None or SETTINGS.CONFIG.NUMPY_RANDOM_LEGACY_API:
            return
        from sacred_core.bit_generators import Generators

        prepared = self._prepared or Generators(numpy)
        is_known = prepared.prepare(self._seeds.following(_TOGETHER))
        self._prepared = prepared if is_known else None

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as `create_rnd`, for other processes."""
        return _create_rnd, ()


def _create_rnd() -> Callable[[int], Any]:
    return create_rnd


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
