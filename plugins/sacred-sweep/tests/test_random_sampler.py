"""Tests of the sampler ``random``, and of finding samplers by name."""

import pytest
from sacred_sweep.random_sampler import RandomSampler
from sacred_sweep.sampling import create_sampler, decode_plan, encode_plan

from sacred_core.exceptions import OptionError, UpdateError

from .sampled_runs import new_plan


def test_values_depend_on_the_seed_and_the_number_only() -> None:
    """Each point has others, and each process the same."""
    one, other = RandomSampler(new_plan()), RandomSampler(new_plan(seed=8))
    values = [one.ask(n, [])["lr"] for n in range(50)]
    assert values == [RandomSampler(new_plan()).ask(n, [])["lr"] for n in range(50)]
    assert len({*values, *(other.ask(n, [])["lr"] for n in range(50))}) == 100
    assert all(0 <= value <= 1 for value in values) and min(values) < 0.1 and max(values) > 0.9
    assert RandomSampler(new_plan("seed=8")).ask(3, []) == other.ask(3, [])
    assert one.prunes is False and one.should_stop(0, []) is False


@pytest.mark.parametrize("argument", ["fast", "seed=", "seed=x", "speed=3"])
def test_other_arguments_are_errors(argument: str) -> None:
    """Only a seed can be given."""
    with pytest.raises(OptionError, match=f"expected seed=NUMBER, got '{argument}'"):
        RandomSampler(new_plan(argument))


def test_a_sampler_is_found_by_its_name() -> None:
    """An unknown name is an error with the known ones."""
    assert isinstance(create_sampler("random", new_plan()), RandomSampler)
    with pytest.raises(OptionError, match=r"unknown sampler 'rondom': use .*random"):
        create_sampler("rondom", new_plan())
    with pytest.raises(UpdateError, match="is not a distribution"):
        create_sampler("random", new_plan(space={"lr": {"kind": "other"}}))


def test_a_plan_is_plain_data() -> None:
    """It is the same after it was stored; other data is none."""
    plan = new_plan("seed=3", trials=9)
    data = encode_plan(plan)
    read = decode_plan(data)
    assert read is not None and encode_plan(read) == data
    for key in data:
        assert decode_plan({**data, key: None}) is None
        assert decode_plan({name: own for name, own in data.items() if name != key}) is None
    assert decode_plan(None) is None and decode_plan({**data, "space": {"lr": 3}}) is None
