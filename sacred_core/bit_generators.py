"""numpy's generators for many seeds: the states at their beginning are computed all at once.

``numpy.random.default_rng(seed)`` takes 7 µs, most of which is `numpy.random.SeedSequence`. For an
array of seeds the same operations take 1 µs each. The algorithm is the one of that class, which
numpy does not change (https://numpy.org/neps/nep-0019-rng-policy.html); `Generators.prepare` checks
it all the same.
"""

from collections.abc import Sequence
from typing import Any

_POOL = 4
_BITS, _MASK = 16, 2**32 - 1
#: Multipliers and first constants of the hashes of `numpy.random.SeedSequence`.
_INIT_A, _MULT_A = 0x43B0D7E5, 0x931E8875
_INIT_B, _MULT_B = 0x8B51F9DD, 0x58F38DED
_MIX_LEFT, _MIX_RIGHT = 0xCA01F9DD, 0x4973F715


class Generators:
    """Makes what ``numpy.random.default_rng`` makes of a seed.

    Args:
        numpy: The package.
    """

    def __init__(self, numpy: Any) -> None:
        self._numpy = numpy
        self._sequence = _sequence_class(numpy)
        self._states: dict[int, Any] = {}

    @property
    def is_used_up(self) -> bool:
        """Whether no generator is prepared."""
        return not self._states

    def prepare(self, seeds: Sequence[int]) -> bool:
        """Compute the states for seeds, one or more, each from 0 to 2³² - 1; forget others.

        Returns:
            False if numpy has another algorithm. Then nothing is prepared.
        """
        random = self._numpy.random
        states = seed_states(self._numpy, seeds)
        made = random.PCG64(self._sequence(seeds[0], states[0])).state
        is_known = bool(made == random.default_rng(seeds[0]).bit_generator.state)
        self._states = dict(zip(seeds, states, strict=True)) if is_known else {}
        return is_known

    def take(self, seed: int) -> Any:
        """Return the generator of a seed that was prepared, once, otherwise None."""
        state = self._states.pop(seed, None)
        if state is None:
            return None
        random = self._numpy.random
        return random.Generator(random.PCG64(self._sequence(seed, state)))


def seed_states(numpy: Any, seeds: Sequence[int]) -> Any:
    """Return for each seed ``numpy.random.SeedSequence(seed).generate_state(4, numpy.uint64)``.

    Args:
        numpy: The package.
        seeds: Each from 0 to 2³² - 1.
    """
    uint32 = numpy.uint32
    constant = _INIT_A

    def hashed(value: Any) -> Any:
        nonlocal constant
        value = value ^ uint32(constant)
        constant = constant * _MULT_A & _MASK
        value = value * uint32(constant)
        return value ^ (value >> uint32(_BITS))

    words = numpy.zeros((_POOL, len(seeds)), uint32)
    words[0] = seeds
    pool = [hashed(word) for word in words]
    for source in range(_POOL):
        for target in range(_POOL):
            if source != target:
                mixed = uint32(_MIX_LEFT) * pool[target] - uint32(_MIX_RIGHT) * hashed(pool[source])
                pool[target] = mixed ^ (mixed >> uint32(_BITS))
    state = numpy.empty((len(seeds), 2 * _POOL), "<u4")
    constant = _INIT_B
    for position in range(2 * _POOL):
        value = pool[position % _POOL] ^ uint32(constant)
        constant = constant * _MULT_B & _MASK
        value = value * uint32(constant)
        state[:, position] = value ^ (value >> uint32(_BITS))
    return state.view(numpy.uint64)


def _sequence_class(numpy: Any) -> Any:
    """Return a seed sequence whose state is known; its other properties are computed when used."""

    class KnownSequence(numpy.random.SeedSequence):  # type: ignore[misc]
        def __init__(self, seed: int, state: Any) -> None:
            self._seed = seed
            self._state = state
            self._known: Any = None

        def _itself(self) -> Any:
            if self._known is None:
                self._known = numpy.random.SeedSequence(self._seed)
            return self._known

        def generate_state(self, n_words: int, dtype: Any = numpy.uint32) -> Any:
            if n_words == _POOL and dtype is numpy.uint64:
                return self._state
            return self._itself().generate_state(n_words, dtype)

        def spawn(self, n_children: int) -> Any:
            return self._itself().spawn(n_children)

        def __reduce__(self) -> Any:  # a pickle does not need this class
            return self._itself().__reduce__()

        def __repr__(self) -> str:
            return repr(self._itself())

    for name in ("entropy", "spawn_key", "pool_size", "n_children_spawned", "pool", "state"):
        setattr(KnownSequence, name, _computed(name))
    return KnownSequence


def _computed(name: str) -> property:
    return property(lambda self: getattr(self._itself(), name))
