"""Tests of real processes that record into one folder."""

import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from sacred_file import FileStore

SCRIPT = """
    import os, signal, sys, time
    from sacred_core import Experiment

    ex = Experiment("processes")
    ex.add_config(number=0)

    @ex.automain
    def main(_run, number):
        _run.log_scalar("number", number)

    """


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "script.py").write_text(textwrap.dedent(SCRIPT))
    return tmp_path


def started(folder: Path, *args: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, *args],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # a shell that started the tests in the background made them ignore it
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def test_64_processes_at_once_have_64_ids(folder: Path) -> None:
    """All complete, each with the metric that it logged."""
    processes = [
        started(folder, "script.py", "-F", "runs", "with", f"number={n}") for n in range(64)
    ]
    errors = [process.communicate(timeout=120)[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * 64, errors
    store = FileStore(folder / "runs")
    runs = list(store.list())
    assert sorted(run.id for run in runs) == list(range(1, 65))
    assert {run.status for run in runs} == {"COMPLETED"}
    for run in runs:
        assert store.metrics(run.id)["number"]["values"] == [run.config["number"]]
    assert {run.config["number"] for run in runs} == set(range(64))
