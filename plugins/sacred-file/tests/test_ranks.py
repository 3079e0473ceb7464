"""Tests of ranks that launchers start, in folders."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks import starting_ranks
from sacred_core import open_store
from sacred_core.run.creation import RANK_VARIABLES
from sacred_core.stores import StoredRun
from sacred_core.stores.writers import stored_parts
from sacred_core.testing.slurm_cluster import Cluster, running_cluster

SCRIPT = """
import os, sys, time
from sacred_core import SETTINGS, Experiment
SETTINGS.DEFAULT_BEAT_INTERVAL = 0.1
SETTINGS.DISCOVER_DEPENDENCIES = "none"
SETTINGS.HOST_INFO.INCLUDE_GPU_INFO = SETTINGS.HOST_INFO.INCLUDE_CPU_INFO = False
ex = Experiment("ranks", save_git_info=False)

@ex.config
def config():
    wait_for = ""

@ex.automain
def main(_run, wait_for, seed):
    rank = int(_run.writer.removeprefix("rank")) if _run.writer != "main" else 0
    print("this is", rank, flush=True)
    for step in range(3):
        _run.log_scalar("loss", 10 * rank + step)
    if wait_for:
        open(f"{wait_for}.{rank}", "w").close()
        while not os.path.exists(wait_for):
            time.sleep(0.02)
    return rank
"""


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in RANK_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "ranks.py"
    path.write_text(SCRIPT)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return path


def eventually(check: Callable[[], Any], seconds: float = 60) -> Any:
    until = time.monotonic() + seconds
    while not (found := check()):
        assert time.monotonic() < until, "it has not happened"
        time.sleep(0.05)
    return found


def check_run(folder: Path, run_id: int, ranks: int) -> StoredRun:
    """Check that a run has the points, output, result and end of each rank; return the run."""
    store = open_store(folder)
    run = store.get(run_id)
    assert run.writers == [f"rank{number}" for number in range(1, ranks)]
    parts = stored_parts(store, run_id)
    assert list(parts) == run.writers
    for number, part in enumerate([run, *parts.values()]):
        own: Any = store.writer_store(run_id) if number else store  # type: ignore[attr-defined]
        assert (part.status, part.result) == ("COMPLETED", number)
        assert part.seed == run.seed
        points = own.metrics(part.id)["loss"]["values"]
        assert points == [10 * number, 10 * number + 1, 10 * number + 2]
        assert re.findall("^this is .*$", own.output(part.id), re.M) == [f"this is {number}"]
    return run


def test_processes_with_variables(script: Path, tmp_path: Path) -> None:
    """Processes with the variables of torchrun are one run; a killed rank leaves its points."""
    go = tmp_path / "go"
    shared = {"WORLD_SIZE": "3", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29500"}
    command = [sys.executable, str(script), "-F", "runs", "with", f"wait_for={go}"]
    processes = [
        subprocess.Popen(command, env=os.environ | shared | {"RANK": str(number)})
        for number in range(3)
    ]
    eventually(lambda: all(Path(f"{go}.{number}").exists() for number in range(3)))
    store = open_store(tmp_path / "runs")
    eventually(lambda: "loss" in (store.writer_store(1) or store).metrics("rank1"))  # type: ignore[attr-defined]
    processes[1].send_signal(signal.SIGKILL)
    processes[2].send_signal(signal.SIGTERM)
    assert [process.wait(60) for process in processes[1:]] == [-signal.SIGKILL, 143]
    go.touch()
    assert processes[0].wait(60) == 0
    parts = stored_parts(store, 1)
    statuses = [parts[name].recorded_status for name in ("rank1", "rank2")]
    assert statuses == ["RUNNING", "INTERRUPTED"]
    points = store.writer_store(1).metrics("rank1")["loss"]["values"]  # type: ignore[attr-defined]
    assert points == [10, 11, 12]
    assert [run.id for run in store.list()] == [1]
    assert store.get(1).status == "COMPLETED"


@pytest.mark.parametrize("mode", starting_ranks.MODES)
def test_many_starts(mode: str, tmp_path: Path) -> None:
    """Each start of ranks is one run, also if nothing but their parent identifies them."""
    command = [sys.executable, "-m", "benchmarks.starting_ranks", "4", "--ranks", "3"]
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [*command, "--modes", mode], cwd=root, env=os.environ | {"TMPDIR": str(tmp_path)},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 starts of 3 ranks: 4 runs, 0 ranks missing or in another run" in done.stdout


def test_mpirun(script: Path, tmp_path: Path) -> None:
    """The ranks of mpirun are one run."""
    if shutil.which("mpirun") is None:
        pytest.skip("mpirun is not installed (Debian: openmpi-bin)")
    command = ["mpirun", "--allow-run-as-root", "--oversubscribe", "-n", "3", sys.executable]
    subprocess.run([*command, str(script), "-F", "runs"], check=True, timeout=120)
    check_run(tmp_path / "runs", 1, ranks=3)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running_cluster(tmp_path_factory.mktemp("slurm")) as found:
        yield found


def test_srun(script: Path, tmp_path: Path, cluster: Cluster) -> None:
    """The tasks of srun are one run; the script that calls it is a single process."""
    job, command = tmp_path / "job.sh", f"{sys.executable} {script} -F {tmp_path / 'runs'}"
    job.write_text(f"#!/bin/sh\n{command}\nsrun {command}\n")
    number = cluster.submit(job, "-n", "4", "-o", tmp_path / "job.out")
    # If its processes ended after the update, Slurm delays the job by two minutes.
    eventually(lambda: cluster.job_state(number) == "COMPLETED", seconds=240)
    assert "group" not in check_run(tmp_path / "runs", 1, ranks=1).meta
    check_run(tmp_path / "runs", 2, ranks=4)


def test_a_job_that_is_requeued(script: Path, tmp_path: Path, cluster: Cluster) -> None:
    """A job that scancel stopped continues its run after it is requeued, in all its ranks."""
    go, job = tmp_path / "go", tmp_path / "job.sh"
    command = f"{sys.executable} {script} -F {tmp_path / 'runs'} --resume auto with wait_for={go}"
    job.write_text(f"#!/bin/sh\nexec srun {command}\n")
    number = cluster.submit(job, "-n", "4", "--requeue", "-o", tmp_path / "job.out")
    eventually(lambda: all(Path(f"{go}.{rank}").exists() for rank in range(4)))
    cluster.call("scancel", number)
    eventually(lambda: cluster.job_state(number) == "CANCELLED")
    go.touch()
    cluster.call("scontrol", "requeue", number)
    cluster.call("scontrol", "update", f"JobId={number}", "StartTime=now")
    # If its processes ended after the update, Slurm delays the job by two minutes.
    eventually(lambda: cluster.job_state(number) == "COMPLETED", seconds=240)
    store = open_store(tmp_path / "runs")
    (run,) = store.list()
    assert [segment.status for segment in run.segments] == ["INTERRUPTED", "COMPLETED"]
    parts = stored_parts(store, run.id)
    assert list(parts) == ["rank1", "rank2", "rank3"]
    for rank, part in enumerate(parts.values(), start=1):
        assert [segment.status for segment in part.segments] == ["INTERRUPTED", "COMPLETED"]
        points = store.writer_store(run.id).metrics(part.id)["loss"]  # type: ignore[attr-defined]
        assert points["steps"] == list(range(6))
        assert points["values"] == [10 * rank + step % 3 for step in range(6)]
