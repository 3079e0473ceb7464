"""Tests of the argument of ``--sampler optuna:ARGUMENT``."""

from typing import Any

import optuna
import pytest
from sacred_optuna.arguments import PRUNERS, SAMPLERS, parse_argument
from sacred_optuna.sampler import OptunaSampler
from sacred_sweep.sampling import SamplingPlan

from sacred_core.exceptions import OptionError


def sampler_of(argument: str) -> OptunaSampler:
    space = {"x": {"kind": "uniform", "low": 0, "high": 1}}
    plan = SamplingPlan(argument=argument, space=space, is_minimized=True, seed=1, trials=9)
    return OptunaSampler(plan)


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("", ("tpe", {}, "", {})),
        ("cmaes", ("cmaes", {}, "", {})),
        ("n_startup_trials=5", ("tpe", {"n_startup_trials": 5}, "", {})),
        ("tpe,multivariate=true,seed=None", ("tpe", {"multivariate": True, "seed": None}, "", {})),
        ("tpe,pruner=median", ("tpe", {}, "median", {})),
        (
            "pruner=hyperband, pruner.max_resource=auto ,pruner.min_resource=2",
            ("tpe", {}, "hyperband", {"max_resource": "auto", "min_resource": 2}),
        ),
    ],
)
def test_the_parts_of_an_argument(argument: str, expected: Any) -> None:
    """The sampler, its options, the pruner, and its options."""
    found = parse_argument(argument)
    assert (found.sampler, found.options, found.pruner, found.pruner_options) == expected


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("tpo", "unknown sampler 'tpo': use tpe, random, "),
        ("tpe,pruner=mean", "unknown pruner 'mean': use median, percentile, "),
        ("tpe,fast", "expected OPTION=VALUE, got 'fast'"),
        ("tpe,a=", "expected OPTION=VALUE, got 'a='"),
        ("tpe,=3", "expected OPTION=VALUE, got '=3'"),
        ("tpe,seed=1,seed=2", "the option 'seed' is given twice"),
        ("tpe,pruner.n_warmup_steps=5", "pruner.n_warmup_steps requires pruner=NAME"),
    ],
)
def test_a_wrong_argument_is_an_error_at_once(argument: str, message: str) -> None:
    """It is raised when the sweep is started."""
    with pytest.raises(OptionError) as caught:
        sampler_of(argument)
    assert str(caught.value).startswith("--sampler optuna: ") and message in str(caught.value)


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("random,speed=3", "RandomSampler has no option 'speed': it has seed"),
        ("tpe,pruner=percentile", "PercentilePruner requires the option percentile=VALUE"),
        ("tpe,pruner=percentile,pruner.percentile=300", "PercentilePruner: Percentile"),
        ("tpe,pruner=median,pruner.speed=1", "MedianPruner has no option 'speed': it has n_"),
    ],
)
def test_wrong_options_are_errors_with_the_first_point(argument: str, message: str) -> None:
    """The message names the class of Optuna, and the options that it has."""
    with pytest.raises(OptionError) as caught:
        sampler_of(argument).ask(0, [])
    assert str(caught.value).startswith("--sampler optuna: ") and message in str(caught.value)


def test_a_seed_is_an_option() -> None:
    """It replaces that of the sweep; each point has other random numbers all the same."""
    one, other = sampler_of("random,seed=5"), sampler_of("random,seed=6")
    values = [sampler.ask(number, [])["x"] for sampler in (one, other) for number in (0, 1)]
    assert len(set(values)) == 4 and sampler_of("random,seed=5").ask(1, [])["x"] == values[1]


def test_each_name_is_a_class_of_optuna() -> None:
    """So that the lists in messages are true."""
    assert all(hasattr(optuna.samplers, name) for name in SAMPLERS.values())
    assert all(hasattr(optuna.pruners, name) for name in PRUNERS.values())
