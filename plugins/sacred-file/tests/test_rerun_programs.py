"""Tests that programs that were recorded in a folder are run again without their files."""

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sacred_core.compare import diff
from sacred_core.rerun import Rerun, rerun
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
    subprocess.run(words, cwd=project, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    shutil.move(project, folder / "moved")
    return open_store(runs)


@pytest.fixture(scope="module")
def reruns(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[RunStore, Rerun]]:
    """The store and the verdict of each program."""
    folder = tmp_path_factory.mktemp("reruns")

    def run_again(name: str) -> tuple[RunStore, Rerun]:
        program, own = PROGRAMS[name], folder / name.replace(" ", "_")
        store = record(program, own)
        return store, rerun((store, program.run or 1), folder=own / "again")

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(PROGRAMS, pool.map(run_again, PROGRAMS), strict=True))


@pytest.mark.parametrize("name", PROGRAMS)
def test_verdict_of_a_program(reruns: dict[str, tuple[RunStore, Rerun]], name: str) -> None:
    """A deterministic program is identical; of others, the first step that differs is named."""
    program, (store, verdict) = PROGRAMS[name], reruns[name]
    step = None if verdict.departure is None else verdict.departure.step
    assert (verdict.verdict, step) == (program.verdict, program.step), verdict.text()
    assert bool(verdict) == (program.step is None)
    assert verdict.outcome.sources == []
    [(_, new_id)] = verdict.runs
    recorded, again = store.get(program.run or 1), store.get(new_id)
    assert again.meta["rerun_of"]["uid"] == recorded.uid
    assert again.origins == recorded.origins
    assert not diff(recorded, again, only=SAME)


def test_only_the_wanted_run_is_recorded_again(
    reruns: dict[str, tuple[RunStore, Rerun]],
) -> None:
    """Of a script with three runs, and an observer of its own, one more run is recorded."""
    store, _ = reruns["one of several runs"]
    assert sorted(str(run.id) for run in store.list()) == ["1", "2", "3", "4"]
