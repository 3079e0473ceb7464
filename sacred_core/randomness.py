"""Seeds and generators that all follow from the root seed of a run."""

import functools
import importlib
import random
import sys
from typing import Any

from sacred_core.settings import SETTINGS

#: Seeds are below this: what numpy's legacy generator, the narrowest, takes.
SEED_LIMIT = 2**32


def new_seed() -> int:
    """Return a root seed that no other run is likely to have."""
    return random.SystemRandom().randrange(SEED_LIMIT)


def derived_seed(root: Any, *path: Any) -> int:
    """Return the seed at ``path`` below ``root``: always the same, and unrelated to the others.

    It is the first four bytes of the SHA-256 of the path as text, on every platform alike.
    """
    from hashlib import sha256

    text = "/".join(map(str, (root, *path)))
    return int.from_bytes(sha256(text.encode()).digest()[:4], "big")


def generator(seed: int) -> Any:
    """Return a generator: numpy's where numpy is installed, else ``random.Random``."""
    numpy = _numpy()
    if numpy is None:
        return random.Random(seed)
    if SETTINGS.CONFIG.NUMPY_RANDOM_LEGACY_API:
        return numpy.random.RandomState(seed)
    return numpy.random.default_rng(seed)


@functools.cache
def _numpy() -> Any:
    """Import numpy once: looking for what is not installed costs as much every time."""
    try:
        return importlib.import_module("numpy")
    except ImportError:
        return None


def seed_globals(seed: Any) -> None:
    """Seed the global generators of ``random`` and, where it is loaded, of numpy."""
    random.seed(seed)
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(seed, int):
        numpy.random.seed(seed % SEED_LIMIT)
