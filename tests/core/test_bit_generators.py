"""Tests of generators whose states are computed together."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest

from sacred_core.bit_generators import Generators, seed_states

SEEDS = [0, 1, 42, 123_456, 2**31 - 1, 2**32 - 1]


def taken(seed: int) -> Any:
    generators = Generators(np)
    assert generators.prepare([7, seed])
    return generators.take(seed)


def test_states_are_those_of_numpy() -> None:
    """For each seed, and for many."""
    seeds = [*SEEDS, *np.random.default_rng(1).integers(0, 2**32, 1_000).tolist()]
    expected = [np.random.SeedSequence(seed).generate_state(4, np.uint64) for seed in seeds]
    assert np.array_equal(seed_states(np, seeds), expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_generator_draws_what_that_of_numpy_draws(seed: int) -> None:
    """It is of the same class, and its state is equal."""
    made, expected = taken(seed), np.random.default_rng(seed)
    assert type(made) is type(expected)
    assert made.bit_generator.state == expected.bit_generator.state
    assert made.standard_normal(100).tolist() == expected.standard_normal(100).tolist()


def test_a_generator_is_taken_once() -> None:
    """Two generators never share a state; a seed that was not prepared has none."""
    generators = Generators(np)
    assert generators.is_used_up and generators.take(3) is None
    assert generators.prepare([3, 4])
    assert generators.take(3) is not None and generators.take(3) is None
    assert not generators.is_used_up
    assert generators.take(4) is not None and generators.is_used_up


def test_its_children_are_those_of_numpy() -> None:
    """Also of a copy and of a pickle, which continue the count of children."""
    made, expected = taken(42), np.random.default_rng(42)
    for one in (made, copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        other = copy.deepcopy(expected)
        assert one.spawn(2)[1].random() == other.spawn(2)[1].random()
    made.spawn(1), expected.spawn(2), expected.spawn(1)
    pickled = pickle.loads(pickle.dumps(made))
    assert type(pickled.bit_generator.seed_seq) is np.random.SeedSequence
    assert pickled.spawn(1)[0].random() == expected.spawn(1)[0].random()


def test_its_seed_sequence_is_that_of_numpy() -> None:
    """All public attributes, other states, and the text."""
    made = taken(42).bit_generator.seed_seq
    expected = np.random.SeedSequence(42)
    assert isinstance(made, np.random.SeedSequence)
    for name in ("entropy", "spawn_key", "pool_size", "n_children_spawned", "state"):
        assert getattr(made, name) == getattr(expected, name)
    assert made.pool.tolist() == expected.pool.tolist()
    for words, kind in ((4, np.uint64), (4, np.uint32), (9, np.uint64)):
        stated = made.generate_state(words, kind)
        assert stated.tolist() == expected.generate_state(words, kind).tolist()
    assert repr(made) == repr(expected)


def test_nothing_is_prepared_for_a_numpy_of_another_algorithm(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Then the caller makes each generator in the usual way."""
    monkeypatch.setattr(
        np.random, "default_rng", lambda seed: np.random.Generator(np.random.MT19937(seed))
    )
    generators = Generators(np)
    assert not generators.prepare([1, 2])
    assert generators.take(1) is None and generators.is_used_up
