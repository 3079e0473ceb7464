"""Tests of workers whose queue is a database."""

import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from sacred_core import open_store
from sacred_core.worker import WorkerOptions, work

SCRIPT = """
    import os, signal
    from pathlib import Path
    from sacred_core import Experiment
    ex = Experiment("train", save_git_info=False)

    @ex.config
    def config():
        lr = 0.1
        kills = 0

    @ex.automain
    def main(lr, kills, _run):
        _run.log_scalar("segment", _run.segment)
        if _run.segment < kills:
            os.kill(os.getpid(), signal.SIGKILL)
        return lr
"""


def queue(folder: Path, *words: str) -> str:
    """Queue a run in a database in a folder with a space, and return the location."""
    location = f"sqlite:///{folder}/my runs.db"
    (folder / "train.py").write_text(textwrap.dedent(SCRIPT))
    command = [sys.executable, "train.py", "-q", "-s", location, "with", *words]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return location


def test_runs_of_a_database_are_executed_and_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of them is killed twice; the location may be relative to the folder of the worker."""
    queue(tmp_path, "lr=1", "kills=2")
    location = queue(tmp_path, "lr=2")
    monkeypatch.chdir(tmp_path)
    options = WorkerOptions(location="sqlite:///my runs.db", until_empty=True, lease=0.6)
    assert work(options) == 0
    store = open_store(location)
    first, second = store.get(1), store.get(2)
    assert [(run.status, run.result) for run in (first, second)] == [
        ("COMPLETED", 1), ("COMPLETED", 2)
    ]  # fmt: skip
    assert [each.status for each in first.segments] == ["DEAD", "DEAD", "COMPLETED"]
    assert first.claim is not None
    assert (first.claim.number, first.claim.lost) == (3, 2)
    assert len(second.segments) == 1
    assert sorted(store.ids()) == [1, 2]


def test_a_worker_waits_for_a_locked_database(tmp_path: Path) -> None:
    """It is locked when the worker starts; the worker ends without having lost the run."""
    location = queue(tmp_path, "lr=1")
    path = location.removeprefix("sqlite:///")
    command = [sys.executable, "-m", "sacred_core", "worker", location, "--until-empty"]
    with sqlite3.connect(path) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            assert "executes the queued runs" in process.stderr.readline()
            connection.rollback()
            process.stderr.read()
    assert process.returncode == 0
    run = open_store(location).get(1)
    assert (run.status, len(run.segments)) == ("COMPLETED", 1)
