"""Tests of real processes that record into one folder."""

import signal
import subprocess
import sys
import textwrap
from datetime import timedelta
from pathlib import Path
from typing import Any

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

ENDINGS = """
    import os, signal, sys, time
    from sacred_core import Experiment

    ex = Experiment("endings")
    ex.add_config(how="")

    @ex.automain
    def main(how):
        print("last words")
        if how == "exception":
            raise ValueError("the reason")
        if how == "exit":
            sys.exit(3)
        print("ready", flush=True)
        time.sleep(60)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "script.py").write_text(textwrap.dedent(SCRIPT))
    (tmp_path / "endings.py").write_text(textwrap.dedent(ENDINGS))
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


@pytest.mark.parametrize(
    ("how", "sent", "status", "code"),
    [
        ("exception", None, "FAILED", 1),
        ("exit", None, "FAILED", 3),
        ("wait", signal.SIGINT, "INTERRUPTED", 130),
        ("wait", signal.SIGTERM, "INTERRUPTED", 143),
    ],
)
def test_every_ending_is_recorded(
    folder: Path, how: str, sent: signal.Signals | None, status: str, code: int
) -> None:
    """Status, trace, last printed line and exit code."""
    process = started(folder, "endings.py", "-F", "runs", "with", f"how={how}")
    if sent is not None:
        lines: Any = process.stdout
        while lines.readline() != "ready\n":
            pass
        process.send_signal(sent)
    process.communicate(timeout=60)
    assert process.returncode == code
    store = FileStore(folder / "runs")
    run = store.get(1)
    assert run.status == status
    assert run.stop_time is not None
    assert "in main" in "".join(run.fail_trace)
    assert "last words" in store.output(1)


def test_killed_run_reads_as_dead(folder: Path) -> None:
    """After kill -9 its output up to the last beat is there, and it does not look alive."""
    process = started(folder, "endings.py", "-F", "runs", "-b", "0.05", "with", "how=wait")
    lines: Any = process.stdout
    while lines.readline() != "ready\n":
        pass
    store = FileStore(folder / "runs")
    while "ready" not in store.output(1) or store.get(1).heartbeat is None:
        pass
    process.kill()
    process.communicate(timeout=60)
    run = store.get(1)
    assert run.status == "RUNNING"
    assert run.heartbeat is not None
    assert run.current_status(run.heartbeat + timedelta(seconds=10)) == "DEAD"
