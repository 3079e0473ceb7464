"""Tests of ending runs of a sampled sweep early."""

from collections.abc import Sequence
from typing import Any

import pytest
from sacred_sweep import pruning
from sacred_sweep.pruning import should_stop
from sacred_sweep.sampling import SamplingPlan, Trial

from sacred_core import Experiment, RunObserver
from sacred_core.exceptions import OptionError
from sacred_core.run.stop_checks import StopChecks
from sacred_core.testing import Memory, MemoryObserver

from .sampled_runs import Runs, new_plan


class Pruner:
    """A sampler that ends each point whose last value is above the mean of the others."""

    prunes = True
    seen: Sequence[Trial] = ()

    def __init__(self, plan: SamplingPlan) -> None:
        self.prunes = plan.argument != "none"

    def ask(self, number: int, trials: Sequence[Trial]) -> dict[str, Any]:
        raise AssertionError

    def should_stop(self, number: int, trials: Sequence[Trial]) -> bool:
        Pruner.seen = trials
        own = trials[number].points
        others = [each.points for each in trials if each.number != number]
        values = [points[max(own)] for points in others if max(own) in points]
        return own[max(own)] > sum(values) / len(values)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    """Return a sweep in memory with two completed points and two queued ones."""
    runs = Runs(sampler="acme")
    for trial in range(4):
        runs.queue(trial)
    runs.complete(0, losses=[1.0, 3.0])
    runs.complete(1, losses=[3.0, 5.0])
    monkeypatch.setattr(pruning, "create_sampler", lambda name, plan: Pruner(plan))
    return runs


def started(runs: Runs, trial: int, losses: Sequence[float], **changes: Any) -> Any:
    """Execute a queued run of the sweep, and return what `should_stop` answers after each epoch."""
    ex = Experiment("fed", save_git_info=False)
    ex.observers += [RunObserver(), MemoryObserver(Memory()), MemoryObserver(runs.store.memory)]
    stored = runs.run(trial)
    answers: list[bool] = []

    @ex.main
    def main(_run: Any) -> None:
        for number, loss in enumerate(losses):
            _run.log_scalar("loss", loss)
            if number % 2:  # a part of the points is in the store, the others are not
                _run.lifecycle.beat()
            answers.append(should_stop(_run))

    run = ex.run(
        options={"--id": stored.id},
        meta_info={"sweep": {**stored.meta["sweep"], **changes}, "uid": stored.uid},
    )
    assert run.status == "COMPLETED"
    return answers


def test_the_sampler_gets_the_points_of_all_trials(runs: Runs) -> None:
    """Those of the running one also before they are stored."""
    assert started(runs, 2, [1.0, 9.0]) == [False, True]
    assert [dict(each.points) for each in Pruner.seen] == [
        {0: 1.0, 1: 3.0}, {0: 3.0, 1: 5.0}, {0: 1.0, 1: 9.0}, {},
    ]  # fmt: skip
    assert [each.status for each in Pruner.seen] == ["complete", "complete", "running", "running"]


def test_a_sampler_without_pruner_reads_nothing(runs: Runs, monkeypatch: Any) -> None:
    """A run that no sampler has chosen reads nothing either."""
    monkeypatch.setattr(pruning, "open_store_of", None)
    plan = {**runs.run(2).meta["sweep"]["plan"], "argument": "none"}
    assert started(runs, 2, [9.0, 9.0], plan=plan) == [False, False]
    assert started(runs, 3, [9.0, 9.0], plan=None) == [False, False]


def test_only_metrics_can_be_pruned(runs: Runs) -> None:
    """Another field has no points."""
    with pytest.raises(OptionError, match=r"but this sweep optimizes 'result': use --optimize"):
        started(runs, 2, [1.0], optimize="result")


def test_points_of_ended_runs_are_read_once(runs: Runs, monkeypatch: Any) -> None:
    """Those of running ones are read for each decision."""
    read: list[Any] = []
    own_points = pruning.points

    def points(store: Any, run_id: Any, ranges: Any) -> Any:
        read.append(run_id)
        return own_points(store, run_id, ranges)

    monkeypatch.setattr(pruning, "points", points)
    started(runs, 2, [1.0, 1.0])
    ended = [runs.run(0).id, runs.run(1).id]
    assert [read.count(each) for each in ended] == [1, 1]


def test_the_plugin_offers_the_check(runs: Runs) -> None:
    """A run that should end has the name of the check in its info."""
    from sacred_core.hooks.manager import plugin_manager

    [check] = [each for each in plugin_manager().stop_checks if each.name == "pruner"]
    assert StopChecks(None, [check]) and check.check == "sacred_sweep.pruning:should_stop"
    assert new_plan().is_minimized
