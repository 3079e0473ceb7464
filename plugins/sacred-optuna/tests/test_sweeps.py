"""Tests of sweeps that Optuna optimizes, with the command line and a real worker."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sacred_optuna.sampler import OptunaSampler
from sacred_sweep.sampled_sweeps import SampledPoint, sampled_sweeps

from sacred_core import open_store
from sacred_core.stores.finding import MetricSummaries
from sacred_core.testing.scripts import finish_script, start_script

SCRIPT = """
    from sacred_core import Experiment
    from sacred_core.run import stop_checks

    stop_checks.SHORTEST_INTERVAL = stop_checks.LEAST_IDLE = 0
    ex = Experiment("tuned", save_git_info=False)

    @ex.config
    def config():
        x = 0.5
        double = 2 * x

    @ex.automain
    def main(x, double, _run):
        for step in range(4):
            _run.log_scalar("loss", (x - 0.25) ** 2, step)
            if _run.should_stop():
                break
        return double
"""
#: Points above this loss are pruned.
UPPER = 0.1


@pytest.fixture(scope="module")
def location(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the store of a sweep of eight points that a worker has executed."""
    folder = tmp_path_factory.mktemp("sweep")
    sampler = f"optuna:tpe,n_startup_trials=3,pruner=threshold,pruner.upper={UPPER}"
    words = ["sweep", "with", "x=uniform(0,1)", "-F", "runs", "--trials", "8"]
    options = ["--sampler", sampler, "--optimize", "metrics.loss.last"]
    finish_script(start_script(folder, SCRIPT, *words, *options))
    command = [sys.executable, "-m", "sacred_core", "worker", "runs", "--until-empty"]
    done = subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "TMPDIR": str(folder)},
    )
    assert done.returncode == 0, done.stderr
    assert "optuna" not in done.stderr.lower() and "warning" not in done.stderr.lower()
    return str(Path(folder, "runs"))


def test_a_worker_executes_all_points(location: str) -> None:
    """What depends on the values is computed by the script; no point is repeated."""
    runs = list(open_store(location).list())
    assert sorted(run.meta["sweep"]["trial"] for run in runs) == list(range(8))
    assert {run.status for run in runs} == {"COMPLETED"} and len({run.uid for run in runs}) == 8
    assert all(run.config["double"] == 2 * run.config["x"] == run.result for run in runs)
    assert all(run.meta["sweep"]["values"] == {"x": run.config["x"]} for run in runs)
    assert len({run.config["x"] for run in runs}) == 8


def test_bad_points_end_early(location: str) -> None:
    """They have one point of the metric, and the name of the check."""
    ends = set()
    for run in open_store(location).list():
        is_bad = (run.config["x"] - 0.25) ** 2 > UPPER
        assert run.metrics is not None and run.metrics["loss"].count == (1 if is_bad else 4)
        assert run.info == ({"stopped_early": "pruner"} if is_bad else {})
        ends.add(is_bad)
    assert ends == {True, False}


def test_the_points_are_those_of_the_sampler(location: str) -> None:
    """With one worker, each is what the sampler chooses after those before."""
    store = open_store(location)
    [sweep] = sampled_sweeps(store.list())
    trials = sweep.trials(MetricSummaries(store))
    assert {trial.status for trial in trials} == {"complete", "pruned"}
    sampler = OptunaSampler(sweep.point.plan)
    for number, trial in enumerate(trials):
        assert dict(trial.values) == sampler.ask(number, trials[:number])
    first = SampledPoint.of(sweep.runs[0, 0].meta)
    assert first is not None and first.plan.trials == 8
