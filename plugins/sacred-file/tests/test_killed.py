"""Tests of runs that are killed: what is in their folder afterwards."""

import json
import os
import random
import subprocess
import sys
import textwrap
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sacred_file import FileStore

from sacred_core.testing.effort import examples

SCRIPT = """
    import os, sys, time
    from sacred_core import Experiment, SETTINGS

    SETTINGS.CAPTURE_MODE = os.environ["MODE"]
    ex = Experiment("killed", save_git_info=False)

    @ex.automain
    def main(_run):
        number = 0
        while True:
            print("line", number)
            print("error", number, file=sys.stderr)
            _run.log_scalar("number", number, number)
            _run.info["number"] = number
            number += 1
            time.sleep(0.0005)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "script.py").write_text(textwrap.dedent(SCRIPT))
    return tmp_path


def killed_after(folder: Path, seconds: float, mode: str, stderr: int) -> bytes:
    """Return what it had shown on stdout."""
    process = subprocess.Popen(
        [sys.executable, "-u", "script.py", "-l", "ERROR", "-b", "0.2", "-F", "runs"],
        cwd=folder,
        env={**os.environ, "MODE": mode},
        stdout=subprocess.PIPE,
        stderr=stderr,
    )
    stdout: Any = process.stdout
    first = stdout.readline()
    time.sleep(seconds)
    process.kill()
    shown: bytes = first + process.communicate(timeout=60)[0]
    return shown


@pytest.mark.parametrize("stderr", [subprocess.STDOUT, subprocess.DEVNULL])
@pytest.mark.parametrize("mode", ["sys", "fd"])
def test_nothing_is_lost_when_the_process_is_killed(folder: Path, mode: str, stderr: int) -> None:
    """JSON is whole, points are there up to the last beat, output up to the last write."""
    for attempt in range(1, 1 + examples(1, 2)):
        shown = killed_after(folder, random.uniform(0.1, 1.2), mode, stderr)
        store = FileStore(folder / "runs")
        for path in (folder / "runs" / str(attempt)).glob("*.json"):
            json.loads(path.read_text())
        lines = store.output(attempt).splitlines()
        if not lines[-1].split()[-1].isdecimal():
            lines.pop()  # half a line: it was being written
        count = (len(lines) + 1) // 2
        expected = [f"{kind} {n}" for n in range(count) for kind in ("line", "error")]
        assert lines == expected[: len(lines)]
        shown_lines = shown.decode().count("line")
        assert count >= shown_lines - 1
        run = store.get(attempt)
        steps = store.metrics(attempt).get("number", {}).get("steps", [])
        assert steps == list(range(len(steps)))
        assert len(steps) >= run.info.get("number", 0)
        assert run.recorded_status == "RUNNING"
        last = run.heartbeat or run.start_time
        assert last is not None
        assert run.status_at(last + timedelta(seconds=3)) == "DEAD"


def test_output_of_a_run_under_way_is_up_to_date(folder: Path) -> None:
    """Readers see what was printed after the last heartbeat; at the end no file is left."""
    body = (
        "import os, time\nfrom sacred_core import Experiment\nex = Experiment('live')\n"
        "@ex.automain\ndef main():\n    print('at once ä', flush=True)\n    input()\n"
    )
    (folder / "live.py").write_text(body)
    process = subprocess.Popen(
        [sys.executable, "live.py", "-l", "ERROR", "-b", "1000", "-F", "runs"],
        cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    stdout: Any = process.stdout
    assert stdout.readline() == "at once ä\n"
    store = FileStore(folder / "runs")
    assert store.output(1) == "at once ä\n"
    process.communicate("go on\n", timeout=60)
    assert store.output(1) == "at once ä\n"
    assert not list((folder / "runs" / "1").glob(".*"))
