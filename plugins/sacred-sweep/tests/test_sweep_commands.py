"""Tests of ``sacred sweep status``, ``cancel`` and ``retry``."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click.testing
import pytest
from sacred_sweep.stored_sweeps import StoredSweep

from sacred_core import Experiment
from sacred_core.cli.main import sacred
from sacred_core.exceptions import RunLostError, SacredError
from sacred_core.stores import StoredRun, open_store
from sacred_core.stores.worker_claims import WorkerClaim

Stored = Callable[[], list[Any]]
Command = Callable[..., Any]
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def sweep_of(*words: str) -> click.testing.Result:
    """Return the result of ``sacred sweep``; its exceptions are raised."""
    runner = click.testing.CliRunner()
    return runner.invoke(sacred, ["sweep", *words], catch_exceptions=False)


@pytest.fixture
def runs(tmp_path: Path) -> str:
    """The location of the runs."""
    return str(tmp_path / "runs")


@pytest.fixture
def finish(experiment: Experiment, runs: str, stored: Stored) -> Callable[..., None]:
    """Executes queued runs, as a worker does, with their ids; a negative id fails."""

    def fail() -> None:
        raise ValueError("no")

    def execute(*numbers: int) -> None:
        by_id = {int(run.id): run for run in stored()}
        for number in numbers:
            run = by_id[abs(number)]
            experiment.pre_run_hook(fail) if number < 0 else None
            try:
                experiment.run(
                    config_updates={**run.config},
                    options={"--id": abs(number), "-F": runs, "--force": True},
                    meta_info={"sweep": run.meta["sweep"]},
                )
            except ValueError:
                experiment.pre_run_hooks.clear()

    return execute


def test_one_sweep_is_described(command: Command, finish: Any, runs: str) -> None:
    """There are the numbers of runs by status, and the best point with its values."""
    uid = command("lr=[1,2,4]", "model.depth=[3]", "--optimize", "result", "--sweep", "mine").uid
    text = sweep_of("status", runs, uid).output
    assert text.splitlines() == [
        f"Sweep {uid} (mine) of tuned, command main",
        "entries    lr, model.depth",
        "runs       3: 3 queued",
        "time left  unknown: no run is running",
    ]
    finish(1, 2, -3)
    text = sweep_of("status", runs, uid[:5]).output
    assert "runs       3: 2 completed, 1 failed" in text
    assert "time left  none" in text
    assert "best       result = 1 with lr=1, model.depth=3 (run 1)" in text
    best = sweep_of("status", runs, "mine", "--best", "result", "--direction", "max").output
    assert "best       result = 2 with lr=2, model.depth=3 (run 2)" in best


def test_all_sweeps_are_listed(command: Command, runs: str) -> None:
    """Each sweep is a row with the numbers of its runs, the newest one last."""
    first = command("lr=[1,2]").uid
    command("model.depth=[3]", "--sweep", "mine")
    lines = [line.split() for line in sweep_of("status", runs).output.splitlines()]
    assert lines[0] == "uid name age runs queued running completed failed entries".split()
    assert lines[1][:2] == [first, "tuned"]
    assert lines[1][3:] == ["2", "2", "0", "0", "0", "lr"]
    assert lines[2][1] == "mine"


def test_json_describes_each_sweep(command: Command, finish: Any, runs: str) -> None:
    """One object a line describes each sweep."""
    command("lr=[1,2]", "--seeds", "2", "--optimize", "result", "--direction", "max")
    command("model.depth=[3]")
    finish(1, 2)
    found = [json.loads(line) for line in sweep_of("status", runs, "--json").output.splitlines()]
    assert found[0]["counts"] == {"QUEUED": 2, "RUNNING": 0, "COMPLETED": 2, "FAILED": 0}
    assert found[0]["best"] == {
        "field": "result", "direction": "max", "value": 1.0, "values": {"lr": 1}, "runs": [1, 2],
    }  # fmt: skip
    assert found[1]["best"] is None


def test_runs_that_differ_in_the_seed_are_averaged(
    command: Command, finish: Any, runs: str, experiment: Experiment
) -> None:
    """The best point has the best mean of its completed runs."""

    @experiment.main
    def main(lr: float, seed: int) -> float:
        return lr + {(1, 1): -10.0, (1, 2): 20.0}.get((int(lr), seed), 0.0)

    command("lr=[1,2]", "seed=[1,2]")
    finish(1, 2, 3, 4)
    text = sweep_of("status", runs, "--json", "--best", "result").output
    assert json.loads(text)["best"] == {
        "field": "result", "direction": "min", "value": 2.0, "values": {"lr": 2}, "runs": [3, 4],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["status", "{}", "nope"], "there is no sweep 'nope' at"),
        (["status", "{}", ""], "several sweeps at"),
        (["status", "{}", "--best", "loss"], "unknown field 'loss'"),
        (["cancel", "{}", "nope"], "there is no sweep 'nope' at"),
        (["retry", "{}", "nope"], "there is no sweep 'nope' at"),
        (["status", "{}-missing"], "-missing"),
    ],
)
def test_mistakes_name_what_exists(
    words: list[str], message: str, command: Command, runs: str
) -> None:
    """An unknown sweep is an error that lists the sweeps."""
    command("lr=[1,2]")
    command("lr=[1,2]", "--sweep", "mine")
    with pytest.raises(SacredError) as caught:
        sweep_of(*[word.format(runs) for word in words])
    assert message in str(caught.value)


def test_a_store_without_sweeps_is_reported(experiment: Experiment, runs: str) -> None:
    """Runs that belong to no sweep are not listed."""
    experiment.run(options={"-F": runs})
    with pytest.raises(SacredError, match="there are no sweeps at"):
        sweep_of("status", runs)
    with pytest.raises(SacredError, match="there are no sweeps at"):
        sweep_of("cancel", runs, "x")


def test_watching_ends_with_the_last_run(command: Command, finish: Any, runs: str) -> None:
    """The status is printed whenever it changes, until no run is queued or running."""
    command("lr=[1,2]")
    worker = threading.Timer(0.2, finish, [1, 2])
    worker.start()
    out = sweep_of("status", runs, "--watch", "--interval", "0.05", "--json").output
    worker.join()
    counts = [json.loads(line)["counts"] for line in out.splitlines()]
    assert counts[0]["QUEUED"] == 2
    assert counts[-1]["COMPLETED"] == 2


def test_queued_runs_are_cancelled(
    command: Command, finish: Any, runs: str, stored: Stored
) -> None:
    """They end with the reason, stay so if the sweep is started again, and can be retried."""
    uid = command("lr=[1,2,4]").uid
    finish(1)
    assert sweep_of("cancel", runs, uid).output == f"Cancelled 2 runs of sweep {uid}.\n"
    assert [run.status for run in stored()] == ["COMPLETED", "CANCELLED", "CANCELLED"]
    assert stored()[1].fail_trace == [f"cancelled by: sacred sweep cancel {uid}"]
    assert open_store(runs).claim() is None  # type: ignore[attr-defined]
    assert command("lr=[1,2,4]").queued == 0
    assert "Cancelled 0 runs" in sweep_of("cancel", runs, uid).output
    assert "Queued 0 runs" in sweep_of("retry", runs, uid).output
    again = sweep_of("retry", runs, uid, "--status", "cancelled").output
    assert again == f"Queued 2 runs of sweep {uid} again.\n"
    assert [run.status for run in stored()] == ["COMPLETED", "QUEUED", "QUEUED"]
    finish(2, 3)
    assert [run.status for run in stored()] == ["COMPLETED"] * 3


def test_a_claimed_run_is_only_cancelled_if_requested(
    command: Command, runs: str, stored: Stored
) -> None:
    """A run that a worker has claimed is left and reported, unless --running is given."""
    uid = command("lr=[1,2]").uid
    claimed = open_store(runs).claim(worker="here")  # type: ignore[attr-defined]
    result = sweep_of("cancel", runs, uid)
    assert f"Cancelled 1 run of sweep {uid}" in result.output
    assert f"Not cancelled, as a worker executes it: run {claimed.id}." in result.output
    data = json.loads(sweep_of("status", runs, uid, "--json").output)
    assert data["workers"] == [{"name": "here", "runs": [claimed.id]}]
    assert "Cancelled 1 run" in sweep_of("cancel", runs, uid, "--running").output
    assert [run.status for run in stored()] == ["CANCELLED"] * 2


def test_a_running_run_can_be_ended(
    experiment: Experiment, command: Command, runs: str, stored: Stored
) -> None:
    """Its record ends now, and its process at its next heartbeat."""
    uid = command("lr=[1]").uid

    @experiment.command
    def wait() -> None:
        sweep_of("cancel", runs, uid, "--running")
        threading.Event().wait(20)

    meta = {"sweep": stored()[0].meta["sweep"]}
    options = {"--id": 1, "-F": runs, "--beat_interval": 0.05}
    with pytest.raises(RunLostError):
        experiment.run("wait", options=options, meta_info=meta)
    assert [run.status for run in stored()] == ["CANCELLED"]


def test_failed_runs_are_queued_again(
    command: Command, finish: Any, runs: str, stored: Stored
) -> None:
    """Only runs with the chosen status are; a retried run is waiting for a worker."""
    uid = command("lr=[1,2,4]").uid
    finish(1, -2)
    assert [run.status for run in stored()] == ["COMPLETED", "FAILED", "QUEUED"]
    assert "Queued 1 run of" in sweep_of("retry", runs, uid).output
    assert [run.status for run in stored()] == ["COMPLETED", "QUEUED", "QUEUED"]
    assert stored()[1].claim.reason == f"queued again by: sacred sweep retry {uid}"
    result = sweep_of("retry", runs, uid)
    assert "No run has the status FAILED (2 QUEUED, 1 COMPLETED)." in result.output


def _run(number: int, status: str, **fields: Any) -> StoredRun:
    meta = {"sweep": {"uid": "u", "values": {"lr": number}, **fields.pop("sweep", {})}}
    return StoredRun(id=number, status=status, meta=meta, **fields)


def _completed(number: int, seconds: float) -> StoredRun:
    stop = NOW - timedelta(seconds=100)
    start = stop - timedelta(seconds=seconds)
    return _run(number, "COMPLETED", start_time=start, stop_time=stop)


def _running(number: int, seconds: float) -> StoredRun:
    claim = WorkerClaim(worker=f"w{number}", token="t")
    start = NOW - timedelta(seconds=seconds)
    now = datetime.now(UTC)
    return _run(number, "RUNNING", start_time=start, heartbeat=now, claim=claim)


def test_the_time_left_is_estimated() -> None:
    """It is the mean duration for all runs that are left, shared by those that are running."""
    done = [_completed(1, 30), _completed(2, 50)]
    queued = [_run(number, "QUEUED") for number in (3, 4, 5)]
    running = [_running(6, 10), _running(7, 100)]

    def left(*runs: StoredRun) -> timedelta | None:
        return StoredSweep(uid="u", runs=runs).time_left(NOW)

    assert left(*done, *queued, *running) == timedelta(seconds=(3 * 40 + 30) / 2)
    assert left(*done) == timedelta(0)
    assert left(*done, *queued) is None
    assert left(*queued, *running) is None
    assert left(_running(6, 10), *done) == timedelta(seconds=30)


def test_points_that_a_sampler_will_choose_are_planned() -> None:
    """They count for the number of runs and for the time left."""
    sampled = {"plan": {"trials": 10}, "seeds": 2}
    runs = [_completed(1, 40), _running(2, 40)]
    runs = [*runs, _run(3, "QUEUED", sweep=sampled)]
    sweep = StoredSweep(uid="u", runs=runs)
    assert sweep.planned == 20
    assert sweep.time_left(NOW) == timedelta(seconds=18 * 40)
    assert sweep.workers == {"w2": [2]}
