"""Tests of pruning with Optuna."""

import math
from collections.abc import Mapping
from typing import Any

import pytest
from sacred_optuna.pruners import Rungs
from sacred_optuna.sampler import OptunaSampler
from sacred_sweep.sampling import SamplingPlan, Trial


def plan_of(argument: str, is_minimized: bool = True) -> SamplingPlan:
    space = {"x": {"kind": "uniform", "low": 0, "high": 1}}
    return SamplingPlan(
        argument=argument, space=space, is_minimized=is_minimized, seed=1, trials=50
    )


def trial(number: int, points: Mapping[int, float], status: str = "complete") -> Trial:
    value = points[max(points)] if status == "complete" else None
    return Trial(number=number, values={"x": 0.5}, status=status, value=value, points=points)


def flat(value: float, steps: int = 20) -> dict[int, float]:
    return dict.fromkeys(range(steps), value)


def decides(pruner: str, own: Mapping[int, float], *others: Trial, **fields: Any) -> bool:
    """Return whether a running point, which has the last number, is pruned."""
    sampler = OptunaSampler(plan_of(f"tpe,pruner={pruner}", **fields))
    number = len(others)
    return sampler.should_stop(number, [*others, trial(number, own, "running")])


TEN = [trial(number, flat(float(number))) for number in range(10)]


@pytest.mark.parametrize(
    "pruner",
    [
        "median",
        "percentile,pruner.percentile=50",
        "hyperband",
        "halving",
        "threshold,pruner.upper=9",
    ],
)
@pytest.mark.parametrize("steps", [2, 9, 18])
def test_a_bad_point_is_pruned_and_a_good_one_is_not(pruner: str, steps: int) -> None:
    """It is worse than all others at each step, or better."""
    assert decides(pruner, flat(20.0, steps), *TEN) is True
    assert decides(pruner, flat(-1.0, steps), *TEN) is False


def test_the_direction_is_regarded() -> None:
    """If the highest value is the best, the lowest are pruned."""
    assert decides("median", flat(-1.0, 5), *TEN, is_minimized=False) is True
    assert decides("median", flat(20.0, 5), *TEN, is_minimized=False) is False


def test_a_point_without_others_is_not_pruned() -> None:
    """There is nothing to compare it with; nor is one without points, or an unknown one."""
    for pruner in ("median", "hyperband", "halving"):
        assert decides(pruner, flat(20.0, 5)) is False
        assert decides(pruner, {}, *TEN) is False
    assert OptunaSampler(plan_of("tpe,pruner=median")).should_stop(50, TEN) is False


def test_nan_is_pruned() -> None:
    """Training that has diverged does not recover; an earlier NaN does not count."""
    assert decides("median", {0: 1.0, 1: math.nan}, *TEN) is True
    assert decides("median", {0: math.nan, 1: 1.0}, *TEN) is False


def test_options_reach_the_pruner() -> None:
    """The first steps can be skipped, and patience can be limited."""
    late = "median,pruner.n_warmup_steps=10"
    assert decides(late, flat(20.0, 9), *TEN) is False
    assert decides(late, flat(20.0, 12), *TEN) is True
    patient = "patient,pruner.patience=3"
    assert decides(patient, {n: 1.0 + n for n in range(9)}, *TEN) is True
    assert decides(patient, {n: 1.0 - n for n in range(9)}, *TEN) is False


def test_without_a_pruner_nothing_is_pruned() -> None:
    """The sampler has an attribute for it, so that nothing is read."""
    sampler = OptunaSampler(plan_of("tpe"))
    worst = trial(10, flat(20.0), "running")
    assert sampler.prunes is False and sampler.should_stop(10, [*TEN, worst]) is False
    assert OptunaSampler(plan_of("tpe,pruner=median")).prunes is True


def test_halving_compares_values_at_the_same_rung() -> None:
    """Values of later steps, which are better, do not count."""
    others = [trial(n, {step: 30.0 - step + n for step in range(16)}) for n in range(8)]
    options = "halving,pruner.min_resource=4,pruner.reduction_factor=2"
    assert decides(options, flat(25.5, 5), *others) is False
    assert decides(options, flat(32.5, 5), *others) is True
    assert decides(options, flat(21.5, 10), *others) is False
    assert decides(options, flat(28.5, 10), *others) is True


def test_points_after_a_rung_do_not_count() -> None:
    """The decision is that of the last rung, which is the first one here."""
    options = "halving,pruner.min_resource=4,pruner.reduction_factor=4"
    assert decides(options, {n: -1.0 if n < 5 else 99.0 for n in range(9)}, *TEN) is False
    assert decides(options, {n: 99.0 if n < 5 else -1.0 for n in range(9)}, *TEN) is True
    assert decides(options, flat(99.0, 4), *TEN) is False


def test_the_rungs_of_a_trial() -> None:
    """The first point that has reached each; it can be the first of several."""
    rungs, points = Rungs(2, 3), {1: 9.0, 3: 8.0, 5: 7.0, 20: 6.0}
    assert rungs.reached(points) == {0: 3, 1: 20, 2: 20}
    assert rungs.attributes(points) == {
        "completed_rung_0": 8.0,
        "completed_rung_1": 6.0,
        "completed_rung_2": 6.0,
    }
    assert rungs.reached({1: 1.0}) == {} == rungs.reached({})


def test_pruned_points_are_compared_too() -> None:
    """They have the points before their end."""
    pruned = [trial(n, flat(float(n), 4), "pruned") for n in range(10)]
    assert decides("hyperband,pruner.max_resource=20", flat(20.0, 4), *pruned) is True
    assert decides("hyperband,pruner.max_resource=20", flat(-1.0, 4), *pruned) is False
