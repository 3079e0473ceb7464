"""Tests that programs that were recorded in a folder are run again without their files."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sacred_core.compare import diff
from sacred_core.rerun import rerun
from sacred_core.stores import RunStore, open_store

from .rerun_programs import PROGRAMS, Program

#: What a rerun has in common with the recorded run, also where its metrics differ.
SAME = ["command", "config", "code", "commit", "packages", "host", "environment", "seed", "status"]


def record(program: Program, folder: Path) -> RunStore:
    """Record a program, move its files away, and return the store."""
    project, runs = folder / "project", folder / "runs"
    for name, text in program.files.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    observer = [] if program.run is not None else ["-F", str(runs)]
    words = [sys.executable, *program.start, *observer]
    paths = {"PYTHONPATH": str(project / program.python_path)} if program.python_path else {}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(words, cwd=project, env=os.environ | paths, **quiet)
    shutil.move(project, folder / "moved")
    return open_store(runs)


@pytest.mark.parametrize("name", PROGRAMS)
def test_verdict_of_a_program(name: str, tmp_path: Path) -> None:
    """A deterministic program is identical; of others, the first step that differs is named.

    One more run is recorded, although the script may request several, with an observer of its own.
    """
    program = PROGRAMS[name]
    store = record(program, tmp_path)
    recorded = store.get(program.run or 1)
    count = len([*store.list()])
    verdict = rerun(recorded, folder=tmp_path / "again")
    step = None if verdict.departure is None else verdict.departure.step
    assert (verdict.verdict, step) == (program.verdict, program.step), verdict.text()
    assert bool(verdict) == (program.step is None)
    assert verdict.outcome.sources == []
    [(_, new_id)] = verdict.runs
    again = store.get(new_id)
    assert len([*store.list()]) == count + 1
    assert again.meta["rerun_of"]["uid"] == recorded.uid
    assert again.origins == recorded.origins
    aspects = [each for each in SAME if each != "environment" or not program.python_path]
    assert not diff(recorded, again, only=aspects)
