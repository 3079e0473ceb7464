"""Tests of workers on a cluster of Dask, which has a scheduler and its workers as processes."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import pytest
from distributed import Client
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
    environ = os.environ | {"SACRED_TRIAL": "of the cluster"}
    with contextlib.ExitStack() as stack:
        for name, words in (
            ("scheduler", ["--host", "127.0.0.1", "--port", port, "--no-dashboard"]),
            ("worker", [Cluster.address, "--nworkers", "2", "--nthreads", "2", "--no-dashboard"]),
        ):
            with (folder / f"{name}.log").open("wb") as output:
                process = subprocess.Popen(
                    [sys.executable, "-m", "distributed.cli.dask_" + name, *words],
                    cwd=folder, env=environ, stdout=output, stderr=output,
                )  # fmt: skip
            stack.callback(process.wait, 60)
            stack.callback(process.terminate)
        yield


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
