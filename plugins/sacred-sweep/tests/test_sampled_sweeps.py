"""Tests of reading the points of sampled sweeps."""

import math
from typing import Any

import pytest
from sacred_sweep.sampled_sweeps import (
    CANCELLED_TAG,
    SampledPoint,
    mean_points,
    numbers_by_step,
    optimized_field,
    read_sweep,
    sampled_sweeps,
)

from sacred_core.exceptions import OptionError, QueryError
from sacred_core.stores.annotations import new_tags
from sacred_core.stores.finding import MetricSummaries

from .sampled_runs import UID, Runs, new_plan


def test_the_status_of_points() -> None:
    """Ended runs have a value; those that are queued or running have none."""
    runs = Runs()
    for trial in range(6):
        runs.queue(trial, lr=trial / 10)
    runs.complete(0, losses=[3.0, 1.0, 2.0])
    runs.start(1)
    runs.start(3).fail()
    runs.start(4).interrupt()
    runs.complete(5, losses=[2.0, 4.0], stopped_early="pruner")
    found = [(each.number, each.status, each.value) for each in runs.trials()]
    assert found == [
        (0, "complete", 1.0), (1, "running", None), (2, "running", None), (3, "failed", None),
        (4, "failed", None), (5, "pruned", 2.0),
    ]  # fmt: skip
    assert [dict(each.values) for each in runs.trials()] == [{"lr": n / 10} for n in range(6)]
    assert [dict(each.points) for each in runs.trials()] == [{}] * 5 + [{1: 4.0}]


@pytest.mark.parametrize("losses", [[], [math.nan], ["text"]])
def test_a_completed_run_without_a_value_has_failed(losses: list[Any]) -> None:
    """A missing metric, NaN and a value that is not a number cannot be optimized."""
    runs = Runs()
    runs.queue()
    runs.complete(losses=losses)
    [trial] = runs.trials()
    assert (trial.status, trial.value) == ("failed", None)


@pytest.mark.parametrize(
    ("optimize", "value"),
    [("metrics.loss.max", 3.0), ("metrics.loss.last", 2.0), ("info.score", 9.0), ("result", None)],
)
def test_any_field_with_a_number_can_be_optimized(optimize: str, value: float | None) -> None:
    """The field is one of queries; a result that is missing is a failure."""
    runs = Runs(optimize=optimize)
    runs.queue()
    runs.complete(losses=[3.0, 1.0, 2.0], score=9)
    [trial] = runs.trials()
    assert trial.value == value
    assert trial.status == ("failed" if value is None else "complete")


def test_the_value_is_the_mean_of_the_replicas() -> None:
    """A point is running until all of its runs have ended, and fails with one of them."""
    runs = Runs(seeds=2)
    for trial in range(3):
        runs.queue(trial)
        runs.complete(trial, losses=[1.0])
    assert [each.status for each in runs.trials()] == ["running"] * 3
    for trial in range(3):
        runs.queue(trial, replica=1)
    assert [each.status for each in runs.trials()] == ["running"] * 3
    runs.complete(0, 1, losses=[4.0])
    runs.start(1, 1).fail()
    assert [each.status for each in runs.trials()] == ["complete", "failed", "running"]
    assert [each.value for each in runs.trials()] == [2.5, None, 1.0]


def test_a_point_that_is_inserted_twice_for_a_moment_counts_once() -> None:
    """The first run remains, as in the store."""
    runs = Runs()
    first = runs.queue(0, lr=0.25)
    runs.queue(0, lr=0.75)
    assert len(list(runs.store.list())) == 2 and runs.run(0).id == first.id
    assert [dict(trial.values) for trial in runs.trials()] == [{"lr": 0.25}]


def test_a_run_that_is_deleted_meanwhile_has_failed() -> None:
    """Its metrics cannot be read; those of a queued run are not read."""
    runs = Runs()
    for trial in range(2):
        runs.queue(trial)
    runs.complete(0)
    sweep = runs.sweep()
    sweep.runs[0, 0].metrics = None
    for run in list(runs.store.list()):
        runs.store.delete(run.id)
    trials = sweep.trials(MetricSummaries(runs.store))
    assert [trial.status for trial in trials] == ["failed", "running"]


def test_the_name_of_a_sampler_is_before_its_argument() -> None:
    """The argument may have colons."""
    runs = Runs(sampler="acme:fast,url=a:b")
    runs.queue()
    assert runs.point().sampler_name == "acme"


def test_missing_points_are_those_without_a_run() -> None:
    """All replicas of a point count, in their order."""
    runs = Runs(plan=new_plan(trials=3), seeds=2)
    runs.queue(0, 0)
    runs.queue(2, 1)
    assert runs.sweep().missing() == [(0, 1), (1, 0), (1, 1), (2, 0)]


def test_the_newest_point_has_the_plan() -> None:
    """A later start can ask for more points."""
    runs = Runs(plan=new_plan(trials=1))
    runs.queue(0)
    assert runs.sweep().missing() == []
    runs.plan = new_plan(trials=3)
    runs.queue(1)
    assert runs.sweep().point.plan.trials == 3 and runs.sweep().missing() == [(2, 0)]


def test_a_tag_cancels_the_sweep() -> None:
    """One of its runs has it."""
    runs = Runs()
    run = runs.queue()
    assert not runs.sweep().is_cancelled
    runs.store.annotate(run.id, new_tags([CANCELLED_TAG], False))
    assert runs.sweep().is_cancelled


def test_other_runs_belong_to_no_sampled_sweep() -> None:
    """Neither those of a grid, nor those with damaged meta information."""
    runs = Runs()
    assert read_sweep(runs.store, UID) is None
    sound = runs.queue().meta["sweep"]
    for key in ("plan", "trial", "values", "optimize", "seeds", "sampler", "replica", "uid"):
        assert SampledPoint.of({"sweep": {**sound, key: None}}) is None
    for changed in ({"trial": -1}, {"replica": 1}, {"replica": -1}, {"plan": {}}):
        assert SampledPoint.of({"sweep": sound | changed}) is None
    assert SampledPoint.of({}) is None and SampledPoint.of({"sweep": 3}) is None
    assert SampledPoint.of({"sweep": sound}) is not None
    assert len(sampled_sweeps(runs.store.list())) == 1


def test_what_is_optimized_is_one_field() -> None:
    """Others are errors that show the text."""
    assert str(optimized_field("metrics.loss.min")) == "metrics.loss.min"
    with pytest.raises(OptionError, match=r"--optimize: expected one field .*, got 'result, id'"):
        optimized_field("result, id")
    with pytest.raises(QueryError):
        optimized_field("metrics.loss")


def test_curves_are_averaged_by_step() -> None:
    """A step that only some have is the mean of these."""
    assert mean_points([{2: 1.0, 0: 2.0}, {2: 3.0}]) == {0: 2.0, 2: 2.0}
    assert list(mean_points([{2: 1.0, 0: 2.0}])) == [0, 2]
    odd = [("a", 4), (2, "b"), (math.nan, 5), (4, True)]
    pairs = [(0, 1), (0, 2.0), (1.5, 3), *odd, (3, math.inf)]
    assert numbers_by_step(iter(pairs)) == {0: 2.0, 1: 3.0, 3: math.inf}
