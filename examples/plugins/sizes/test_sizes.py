"""Tests of the command with runs in a folder."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sacred_core import Experiment
from sacred_core.observers import FileStorageObserver
from sacred_core.testing import PluginContract


class TestPlugin(PluginContract):
    distribution = "example-sizes"


@pytest.fixture
def location(tmp_path: Path) -> str:
    """A folder with three runs."""
    ex = Experiment("sized", save_git_info=False)
    ex.observers.append(FileStorageObserver(tmp_path / "runs"))

    @ex.main
    def main(sizes: list[int]) -> None:
        for number, size in enumerate(sizes):
            path = tmp_path / f"{number}.bin"
            path.write_bytes(bytes(size))
            ex.add_artifact(path)

    for sizes in ([10], [1000, 234], []):
        ex.run(config_updates={"sizes": sizes})
    return str(tmp_path / "runs")


def sacred(*words: str) -> "subprocess.CompletedProcess[str]":
    """Call ``sacred runs sizes``."""
    command = [sys.executable, "-m", "sacred_core", "runs", "sizes", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_largest_run_is_first(location: str) -> None:
    """All artifacts of a run are added."""
    done = sacred(location)
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["1,234", "2"], ["10", "1"], ["0", "3"],
    ]  # fmt: skip


def test_json_and_a_limit(location: str) -> None:
    """Programs read a list."""
    done = sacred(location, "--json", "--limit", "1")
    assert json.loads(done.stdout) == [{"id": 2, "bytes": 1234}]


def test_a_missing_store_is_an_error(tmp_path: Path) -> None:
    """The command prints one sentence."""
    done = sacred(str(tmp_path / "none"))
    assert done.returncode == 1 and done.stderr.startswith("Error: ")
