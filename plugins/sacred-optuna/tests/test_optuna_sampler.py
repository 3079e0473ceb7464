"""Tests of choosing points with Optuna."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import attrs
import optuna
import pytest
from sacred_optuna.sampler import OptunaSampler
from sacred_sweep.sampling import SamplingPlan, Trial, create_sampler

from sacred_core.exceptions import OptionError
from sacred_core.randomness import derived_seed

SPACE: dict[str, dict[str, Any]] = {
    "lr": {"kind": "loguniform", "low": 1e-5, "high": 0.1},
    "net.kind": {"kind": "choice", "values": ["a", [1, 2], None, 3]},
    "net.width": {"kind": "randint", "low": 1, "high": 9},
    "x": {"kind": "uniform", "low": -5.0, "high": 5.0},
}


def new_plan(argument: str, **fields: Any) -> SamplingPlan:
    known = {"space": SPACE, "is_minimized": True, "seed": 3, "trials": 100}
    return SamplingPlan(argument=argument, **{**known, **fields})


def loss(values: Any) -> float:
    return float((values["x"] - 1) ** 2 + values["net.width"] / 10 + (values["net.kind"] != [1, 2]))


def optimized(plan: SamplingPlan, count: int, value: Callable[[Any], float] = loss) -> list[Trial]:
    """Return the trials of one worker."""
    sampler, trials = OptunaSampler(plan), list[Trial]()
    for number in range(count):
        values = sampler.ask(number, trials)
        own = value(values)
        trials.append(Trial(number=number, values=values, status="complete", value=own))
    return trials


@pytest.mark.parametrize("name", ["tpe", "random", "qmc", "nsgaii", "cmaes"])
def test_points_are_in_the_space_and_reproducible(name: str) -> None:
    """The same plan and trials lead to the same point, another seed to another one."""
    trials = optimized(new_plan(name), 14)
    values = [dict(trial.values) for trial in trials]
    for each in values:
        assert list(each) == sorted(SPACE)
        assert 1e-5 <= each["lr"] <= 0.1 and -5 <= each["x"] <= 5
        assert each["net.width"] in range(1, 10) and type(each["net.width"]) is int
        assert each["net.kind"] in ("a", [1, 2], None, 3)
    assert [dict(trial.values) for trial in optimized(new_plan(name), 14)] == values
    assert len({str(each) for each in values}) == 14
    if name != "qmc":  # a sequence without seed, except for its first point
        other = optimized(new_plan(name, seed=4), 14)
        assert [dict(trial.values) for trial in other] != values


def points_alone(sampler_of: Callable[[int], Any], count: int) -> list[dict[str, Any]]:
    """Return the points of Optuna alone, with one study for all."""
    distributions: dict[str, Any] = {
        "w": optuna.distributions.IntDistribution(1, 9),
        "x": optuna.distributions.FloatDistribution(-5, 5),
    }
    study, points = optuna.create_study(), []
    for number in range(count):
        study.sampler = sampler_of(number)
        trial = study.ask(distributions)
        points.append(dict(trial.params))
        study.tell(trial, trial.params["x"] ** 2 + trial.params["w"])
    return points


def points_rebuilt(argument: str, count: int) -> list[dict[str, Any]]:
    """Return the points of a study that is rebuilt for each."""
    space = {
        "w": {"kind": "randint", "low": 1, "high": 9},
        "x": {"kind": "uniform", "low": -5, "high": 5},
    }
    plan = new_plan(argument, space=space)
    return [dict(each.values) for each in optimized(plan, count, lambda v: v["x"] ** 2 + v["w"])]


def test_tpe_chooses_the_points_of_optuna_alone() -> None:
    """With the same seed for each point, it does not matter that the study is rebuilt."""
    expected = points_alone(lambda n: optuna.samplers.TPESampler(seed=derived_seed(3, n)), 40)
    assert points_rebuilt("tpe", 40) == expected


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
@pytest.mark.parametrize(
    ("argument", "kind", "options"),
    [
        ("nsgaii,population_size=6", "NSGAIISampler", {"population_size": 6}),
        ("cmaes", "CmaEsSampler", {}),
        ("qmc", "QMCSampler", {}),
    ],
)
def test_samplers_with_state_choose_the_points_of_optuna_alone(
    argument: str, kind: str, options: dict[str, Any]
) -> None:
    """What they store with their trials, and their random numbers, are made again."""
    sampler = getattr(optuna.samplers, kind)(seed=3, **options)
    assert points_rebuilt(argument, 25) == points_alone(lambda n: sampler, 25)


@pytest.mark.parametrize("argument", ["cmaes", "nsgaii,population_size=4"])
def test_recorded_points_count_not_those_of_a_replay(argument: str) -> None:
    """Workers that end in another order have other points."""
    trials = optimized(new_plan(argument), 12)
    moved = [attrs.evolve(each, values={**each.values, "x": 4.5}) for each in trials]
    sampler = OptunaSampler(new_plan(argument))
    numbers = range(8, 13)
    assert [sampler.ask(n, moved) for n in numbers] != [sampler.ask(n, trials) for n in numbers]


def test_running_points_are_regarded() -> None:
    """Eight workers that ask at the same time get different points."""
    plan, trials = new_plan("tpe"), optimized(new_plan("tpe"), 30)
    for number in range(30, 38):
        values = OptunaSampler(plan).ask(number, trials)
        trials.append(Trial(number=number, values=values, status="running"))
    assert len({trial.values["x"] for trial in trials[30:]}) == 8
    ended = [each for each in trials if each.status == "complete"]
    assert OptunaSampler(plan).ask(38, ended) != OptunaSampler(plan).ask(38, trials)


def test_failed_pruned_and_missing_points_are_accepted() -> None:
    """A deleted point is a failed one; a pruned one has its last value, unless that is NaN."""
    trials = optimized(new_plan("tpe"), 20)
    changed = [
        trials[0],
        attrs.evolve(trials[2], status="failed", value=None),
        attrs.evolve(trials[3], status="pruned", points={4: 2.0}),
        attrs.evolve(trials[4], status="pruned", points={4: float("nan")}),
        attrs.evolve(trials[5], status="pruned"),
        *trials[6:],
    ]
    for name in ("tpe", "nsgaii"):
        assert set(OptunaSampler(new_plan(name)).ask(20, changed)) == set(SPACE)


def test_the_direction_is_regarded() -> None:
    """TPE approaches the highest value if that is the best."""
    plan = new_plan("tpe", is_minimized=False, space={"x": SPACE["x"]})
    trials = optimized(plan, 40, lambda values: float(values["x"]))
    assert max(trial.value or 0 for trial in trials[20:]) > 4.5


def test_steps_and_choices_keep_their_types() -> None:
    """A choice has values of any type, and a step of integers has integers."""
    space = {
        "a": {"kind": "quniform", "low": 0, "high": 10, "step": 3},
        "b": {"kind": "quniform", "low": 0.0, "high": 1.0, "step": 0.3},
        "c": {"kind": "lograndint", "low": 1, "high": 1000},
        "d": {"kind": "choice", "values": [1, 1.0, True, "1"]},
    }
    trials = optimized(new_plan("random", space=space), 60, lambda values: 1.0)
    seen = {name: {repr(each.values[name]) for each in trials} for name in space}
    assert seen["a"] == {"0", "3", "6", "9"} and seen["d"] == {"1", "1.0", "True", "'1'"}
    assert {round(float(each), 3) for each in seen["b"]} == {0.0, 0.3, 0.6, 0.9}
    assert all(1 <= int(each) <= 1000 for each in seen["c"])


def test_another_space_is_an_error() -> None:
    """Points of an earlier start with other entries, or outside of the range."""
    trials = optimized(new_plan("random"), 2)
    smaller = new_plan("tpe", space={"x": SPACE["x"]})
    with pytest.raises(OptionError, match=r"point 0 of the sweep has values for lr, .*, not for x"):
        OptunaSampler(smaller).ask(2, trials)
    outside = [Trial(number=0, values={"x": 99.0}, status="complete", value=1.0)]
    with pytest.raises(OptionError, match="point 0 of the sweep is not in its space"):
        OptunaSampler(smaller).ask(1, outside)
    normal = new_plan("tpe", space={"x": {"kind": "normal", "mean": 0, "deviation": 1}})
    with pytest.raises(OptionError, match=r"x=normal\(0, 1\) cannot be used"):
        OptunaSampler(normal).ask(0, [])


def test_optuna_logs_and_warns_nothing(capfd: Any, recwarn: Any) -> None:
    """Neither about new studies nor about experimental samplers; the level is restored."""
    optuna.logging.set_verbosity(optuna.logging.INFO)
    try:
        optimized(new_plan("tpe,multivariate=true,group=true"), 12)
        assert optuna.logging.get_verbosity() == optuna.logging.INFO
    finally:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
    assert capfd.readouterr() == ("", "") and not list(recwarn)


def test_optuna_is_imported_with_the_first_point() -> None:
    """Creating the sampler, which checks the argument, does not import it."""
    code = """
import sys
from sacred_sweep.sampling import SamplingPlan, create_sampler

space = {"x": {"kind": "uniform", "low": 0, "high": 1}}
plan = SamplingPlan(argument="tpe", space=space, is_minimized=True, seed=1, trials=2)
sampler = create_sampler("optuna", plan)
assert sampler.prunes is False and "optuna" not in sys.modules
assert 0 <= sampler.ask(0, [])["x"] <= 1 and "optuna" in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_package_that_a_sampler_needs_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message has the command that installs it."""
    monkeypatch.setattr("sacred_optuna.sampler.find_spec", lambda name: None)
    with pytest.raises(OptionError) as caught:
        create_sampler("optuna", new_plan("gp")).ask(0, [])
    expected = "--sampler optuna:gp needs torch and scipy: install with: pip install torch scipy"
    assert str(caught.value) == expected
