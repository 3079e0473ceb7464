"""Tests of workers as jobs of a real Slurm cluster of one node."""

import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import pytest
from sacred_sweep.launch_trials import Trial, eventually
from sacred_sweep.testing import LauncherContract

from sacred_core.testing.slurm_cluster import Cluster, running_cluster


class Shared:
    """The cluster of all tests."""

    cluster: ClassVar[Cluster]


@pytest.fixture(scope="module", autouse=True)
def _cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with running_cluster(tmp_path_factory.mktemp("slurm")) as Shared.cluster:
        yield


class TestSlurm(LauncherContract):
    def text(self, workers: int) -> str:
        return f"slurm:{workers}"

    def environ(self) -> Mapping[str, str]:
        return {name: Shared.cluster.environ[name] for name in ("SLURM_CONF", "PATH")}

    def wrong_texts(self) -> Mapping[str, str]:
        return {
            "slurm:many": "what follows the colon must be an integer from 1, got 'many'",
            "slurm:1,time=2h": "time must be minutes, HOURS:MINUTES:SECONDS or DAYS-HOURS",
            "slurm:1,partitoin=gpu": "unknown option 'partitoin': did you mean 'partition'?",
            "slurm:1,partition=gpu": "the cluster has no partition 'gpu'",
            "slurm:1,time=1,partition=gpu": "sbatch failed: ",
        }

    def missing_engine(self, folder: Path) -> tuple[str, Mapping[str, str], str]:
        return "slurm:1", {"PATH": str(folder)}, "the programs of Slurm (sinfo, sbatch) were not"

    def logs(self, folder: Path) -> list[Path]:
        return list(folder.glob("sacred/slurm/*.out"))

    def shown_names(self) -> str:
        return Shared.cluster.call("scontrol", "show", "job")

    def test_names_of_jobs(self, swept: Trial) -> None:
        """The command prints the ids of the jobs, where their logs are, and how to stop them."""
        number = job_number(swept)
        assert f"Submitted 3 jobs with a worker each: {number}_[0-2]\n" in swept.printed
        assert f"Logs: {swept.state}/sacred/slurm/{number}_*_log.out\n" in swept.printed
        assert f"To stop them: scancel {number} (their runs are queued again)" in swept.printed
        assert len(list(swept.state.glob(f"sacred/slurm/{number}_*_log.out"))) == 3

    def test_permissions(self, swept: Trial) -> None:
        """Only the user can read the pickled options; files of runs have ordinary permissions."""
        folder = swept.state / "sacred" / "slurm"
        files = [path for path in folder.rglob("*") if path.suffix in (".pkl", ".sh")]
        assert len(files) > 3
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
        (noted, *_) = swept.folder.glob("noted/0.pid")
        assert stat.S_IMODE(noted.stat().st_mode) == stat.S_IMODE(
            swept.driver_output.stat().st_mode
        )


def test_options(tmp_path: Path) -> None:
    """Each option arrives at Slurm."""
    text = (
        "slurm:2,time=00:07:00,mem=500M,cpus=2,nice=5,array_parallelism=1,name=abc,requeue=no,"
        f'comment="a, b",folder={tmp_path / "logs"}'
    )
    with Trial(tmp_path, TestSlurm().environ(), ends_with_driver=False) as trial:
        trial.queue(0)
        trial.launch(text, "runs", "--where", "config.number = 1")
        number = job_number(trial)
        shown = Shared.cluster.call("scontrol", "show", "job", number)
        for part in (
            "TimeLimit=00:07:00", "MinMemoryNode=500M", "CPUs/Task=2", "Nice=5", "JobName=abc",
            "ArrayTaskThrottle=1", "Requeue=0", "Comment=a, b", f"WorkDir={tmp_path}",
        ):  # fmt: skip
            assert part in shown
        eventually(lambda: len(list((tmp_path / "logs").glob("*_log.out"))) == 2)


class TestEnds:
    """Jobs that end before their runs."""

    @pytest.fixture(scope="class")
    @classmethod
    def stopped(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
        """Run 0 in a job that was cancelled, 1 in one that was requeued, 2 at its time limit."""
        cluster = Shared.cluster
        folder = tmp_path_factory.mktemp("stopped")
        with Trial(folder, TestSlurm().environ(), ends_with_driver=False) as trial:
            trial.queue(0, 1, 2)
            jobs = []
            for number, text in enumerate(("slurm:1", "slurm:1", "slurm:1,time=1")):
                where = ("--where", f"config.number = {number}")
                trial.launch(text, "runs", *where, is_blocked=True)
                jobs.append(job_number(trial))
            eventually(lambda: len(trial.facts("pid")) == 3)
            cluster.call("scancel", jobs[0])
            cluster.call("scontrol", "requeue", jobs[1])
            for number in (0, 1, 2):
                eventually(lambda number=number: trial.run(number).status == "QUEUED")
            trial.reasons = [trial.run(number).claim.reason for number in (0, 1, 2)]
            trial.states = [cluster.job_state(job) for job in jobs]
            trial.release()
            trial.launch("slurm:1", "runs", "--where", "config.number = 0")
            trial.wait_until_empty()
            yield trial

    def test_cancelled_job(self, stopped: Trial) -> None:
        """scancel puts the run back into the queue, and another worker continues it."""
        check_resumed(stopped, 0)
        assert stopped.states[0] == "CANCELLED"

    def test_requeued_job(self, stopped: Trial) -> None:
        """A job that is requeued continues its run when it starts again."""
        check_resumed(stopped, 1)

    def test_time_limit(self, stopped: Trial) -> None:
        """Before its time limit, a job puts its run back, and is requeued."""
        check_resumed(stopped, 2)


def check_resumed(trial: Trial, number: int) -> None:
    """Check that a run was put back by its worker, and completed by another one."""
    signal = "SIGUSR2" if number == 2 else "SIGTERM"  # Slurm sends it to all processes of a job
    assert f"was stopped by {signal}" in trial.reasons[number]
    run = trial.run(number)
    assert (run.status, run.result, run.claim.lost) == ("COMPLETED", number, 0)
    assert [segment.status for segment in run.segments] == ["INTERRUPTED", "COMPLETED"]


def job_number(trial: Trial) -> str:
    """Return the number of the last job that was submitted."""
    return re.findall(r"To stop them: scancel (\d+)", trial.driver_output.read_text())[-1]
