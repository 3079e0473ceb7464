"""Tests of workers as actors of a real Ray cluster of one node."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import pytest
from sacred_sweep.launch_trials import Trial, eventually
from sacred_sweep.testing import LauncherContract

from sacred_core.testing.servers import free_port


class Cluster:
    """A head node; it executes four workers at once."""

    address: ClassVar[str] = ""
    folder: ClassVar[Path]
    environ: ClassVar[Mapping[str, str]] = {
        "RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0",
    }  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _cluster() -> Iterator[None]:
    port = free_port()
    Cluster.address = f"127.0.0.1:{port}"
    # The paths of its sockets must be short.
    with tempfile.TemporaryDirectory(prefix="ray", dir="/tmp") as folder:
        Cluster.folder = Path(folder)
        command = [
            sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block",
            f"--port={port}", "--node-ip-address=127.0.0.1", f"--temp-dir={folder}",
            "--num-cpus=4", "--include-dashboard=false", "--disable-usage-stats",
            "--object-store-memory=80000000",
        ]  # fmt: skip
        with (Cluster.folder / "head.out").open("wb") as output:
            head = subprocess.Popen(
                command, env=os.environ | Cluster.environ, stdout=output, stderr=output
            )
        try:
            eventually(lambda: "Ray runtime started" in (Cluster.folder / "head.out").read_text())
            yield
        finally:
            head.terminate()
            head.wait(60)


class TestRay(LauncherContract):
    def text(self, workers: int) -> str:
        return f"ray:{Cluster.address},workers={workers}"

    def environ(self) -> Mapping[str, str]:
        return Cluster.environ

    def wrong_texts(self) -> Mapping[str, str]:
        return {
            f"ray:{Cluster.address}": "add the number of workers, such as workers=8",
            f"ray:{Cluster.address},workers=2,gpu=1": "unknown option 'gpu': did you mean 'gpus'?",
        }

    def missing_engine(self, folder: Path) -> tuple[str, Mapping[str, str], str]:
        message = "--launch ray: cannot connect to a cluster at '127.0.0.1:1': "
        return "ray:127.0.0.1:1,workers=1", {}, message

    def logs(self, folder: Path) -> list[Path]:
        return list(Cluster.folder.glob("session_*/logs/worker-*"))

    def test_own_cluster(self, tmp_path: Path) -> None:
        """``ray:local`` starts a cluster of its own, and waits for the workers."""
        with Trial(tmp_path, self.environ(), ends_with_driver=True) as trial:
            trial.queue(0)
            trial.launch("ray:local,workers=1,cpus=0.5", "runs")
            trial.wait_until_empty()
            assert trial.run(0).status == "COMPLETED"
            assert trial.driver_code == 0
