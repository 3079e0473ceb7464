"""Tests of workers on a cluster of Dask, which has a scheduler and its workers as processes."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest
from distributed import Client
from sacred_sweep.launch_trials import Trial
from sacred_sweep.testing import LauncherContract

from sacred_core.testing.servers import free_port


class Cluster:
    """A scheduler with two workers of two threads each."""

    address: ClassVar[str] = ""
    folder: ClassVar[Path]


@pytest.fixture(scope="module", autouse=True)
def _cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("dask")
    Cluster.folder, Cluster.address = folder, f"tcp://127.0.0.1:{free_port()}"
    port = Cluster.address.rpartition(":")[2]
    with (
        started("scheduler", "--host", "127.0.0.1", "--port", port),
        started("worker", Cluster.address, "--nworkers", "2", "--nthreads", "2"),
    ):
        yield


@contextlib.contextmanager
def started(name: str, *words: str) -> Iterator[None]:
    """Start a scheduler or workers, as ``dask scheduler`` and ``dask worker`` do."""
    with (Cluster.folder / f"{name}.log").open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.dask_{name}", *words, "--no-dashboard"],
            cwd=Cluster.folder, stdout=output, stderr=output,
            env=os.environ | {"SACRED_TRIAL": "of the cluster"},
        )  # fmt: skip
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


def waiting_tasks() -> list[str]:
    """Return the states of the tasks of ours that no machine executes."""

    def states(dask_scheduler: Any) -> list[str]:
        tasks = dask_scheduler.tasks.values()
        return [task.state for task in tasks if task.state in ("no-worker", "queued")]

    with Client(Cluster.address, set_as_default=False) as client:
        found: list[str] = client.run_on_scheduler(states)
        return found


class TestDask(LauncherContract):
    def text(self, workers: int) -> str:
        return f"dask:{Cluster.address},workers={workers}"

    def wrong_texts(self) -> Mapping[str, str]:
        return {
            "dask:local": "add the number of workers, such as workers=8",
            f"dask:{Cluster.address},workers=x": "workers must be an integer from 1, got 'x'",
            f"dask:{Cluster.address},nodes=2": "unknown option 'nodes' (options: workers,",
        }

    def missing_engine(self, folder: Path) -> tuple[str, Mapping[str, str], str]:
        text = "dask:tcp://127.0.0.1:1,workers=1,timeout=0.5"
        return text, {}, "--launch dask: cannot connect to the scheduler: "

    def logs(self, folder: Path) -> list[Path]:
        return list(Cluster.folder.glob("*.log"))

    def shown_names(self) -> str:
        with Client(Cluster.address, set_as_default=False) as client:
            return repr(client.run_on_scheduler(lambda dask_scheduler: list(dask_scheduler.tasks)))

    def test_own_cluster(self, tmp_path: Path) -> None:
        """``dask:local`` starts a cluster of its own, and waits for the workers."""
        with Trial(tmp_path, self.environ(), ends_with_driver=True) as trial:
            trial.queue(0, 1)
            trial.launch("dask:local,workers=2", "runs")
            trial.wait_until_empty()
            assert [trial.run(number).status for number in (0, 1)] == ["COMPLETED"] * 2
            assert trial.driver_code == 0

    def test_resources(self, tmp_path: Path) -> None:
        """Tasks that need a resource wait for a machine that has it, also without the driver."""
        with Trial(tmp_path, self.environ(), ends_with_driver=False) as trial:
            trial.queue(0)
            trial.launch(f"{self.text(1)},resources=TRIAL=1", "runs")
            assert waiting_tasks() == ["no-worker"]
            with started("worker", Cluster.address, "--resources", "TRIAL=1"):
                trial.wait_until_empty()
            assert trial.run(0).status == "COMPLETED"
