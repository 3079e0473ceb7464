"""Tests of loading events of a run whose process is still in a call of an observer."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sacred_core.delivery.loading import load_folders
from sacred_core.exceptions import SacredError
from sacred_core.stores import open_store

HANGING = """
import os, threading
from pathlib import Path
from sacred_core import Experiment
from sacred_core.observers import RetryPolicy
from sacred_file import FileStorageObserver

class Hanging(FileStorageObserver):
    retry_policy = RetryPolicy(wait=0.1, end_timeout=0.1, call_timeout=0.1)
    failure_dir = Path("failed")

    def artifact_event(self, *args, **fields):
        os.read(0, 1)
        super().artifact_event(*args, **fields)

ex = Experiment("hanging", save_git_info=False)
ex.observers.append(Hanging("runs"))

@ex.main
def main(_run):
    _run.add_artifact(__file__, "made")

ex.run()
print("ended", flush=True)
os.read(0, 1)
for thread in threading.enumerate():
    if thread.name == "sacred-observer":
        thread.join()
print("returned", flush=True)
os.read(0, 1)
"""


@pytest.fixture
def hanging(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process whose run has ended while an observer has not returned from a call."""
    (tmp_path / "script.py").write_text(HANGING)
    process = subprocess.Popen(
        [sys.executable, "script.py"], cwd=tmp_path, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        assert "ended\n" in iter(process.stdout.readline, "")
        yield process
        process.kill()


def test_events_of_a_call_that_has_not_returned_are_not_loaded(
    hanging: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    """They could be stored twice; when the process has ended they are loaded."""
    with pytest.raises(SacredError, match=rf"^process {hanging.pid} may still store events of"):
        list(load_folders(tmp_path / "failed"))
    hanging.kill()
    hanging.wait()
    (done,) = load_folders(tmp_path / "failed")
    run = open_store(str(tmp_path / "runs")).get(done.run_id)
    assert (done.left, run.status, run.artifacts) == ((), "COMPLETED", ["made"])
    assert list((tmp_path / "failed").iterdir()) == []


def test_events_are_loaded_once_the_call_has_returned(
    hanging: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    """The process may go on."""
    assert hanging.stdin is not None and hanging.stdout is not None
    hanging.stdin.write("\n\n")
    hanging.stdin.flush()
    assert hanging.stdout.readline() == "returned\n"
    (done,) = load_folders(tmp_path / "failed")
    assert done.left == () and hanging.poll() is None
