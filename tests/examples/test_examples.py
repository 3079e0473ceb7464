"""Tests that run every example as a user does."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sacred_core import open_store

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
ALL = sorted(path.name for path in EXAMPLES.glob("*.py"))
LEARNING = {"07_magic.py", "08_less_magic.py"}


def run(name: str, *args: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(
        [sys.executable, EXAMPLES / name, *args], cwd=cwd, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done


SHOWN = [
    ("01_hello_world.py", [], ["Hello world!"]),
    ("02_hello_config_dict.py", ["with", "message=Ciao world!"], ["Ciao world!"]),
    ("03_hello_config_scope.py", ["with", "message=Ciao world!"], ["Ciao world!"]),
    ("03_hello_config_scope.py", ["with", "recipient=Bob"], ["Hello Bob!"]),
    (
        "04_captured_functions.py",
        [],
        [
            "This is printed by function foo.",
            "This is printed by function bar.",
            "Overriding the default message for foo.",
        ],
    ),
    ("05_my_commands.py", ["greet"], ["Hello John! Nice to greet you!"]),
    ("05_my_commands.py", ["greet", "with", "name=Jane"], ["Hello Jane! Nice to greet you!"]),
    ("05_my_commands.py", ["shout"], ["WHAZZZUUUUUUUUUUUP!!!???"]),
    ("05_my_commands.py", ["main"], ["This is just the main command. Try greet or shout."]),
]


@pytest.mark.parametrize(("name", "args", "lines"), SHOWN)
def test_what_the_manual_shows(
    tmp_path: Path, name: str, args: list[str], lines: list[str]
) -> None:
    """The program's own output, and the log lines around it."""
    done = run(name, *args, cwd=tmp_path)
    assert done.stdout.splitlines() == lines
    log = done.stderr.splitlines()
    assert "No observers have been added to this run" in log[0]
    assert "Running command" in log[1]
    assert log[2].endswith("Started")
    assert log[-1].endswith("Completed after 0:00:00")


@pytest.mark.parametrize("name", sorted(set(ALL) - LEARNING))
def test_the_docstring_is_the_help(tmp_path: Path, name: str) -> None:
    """Each is executable, and has a docstring."""
    assert os.access(EXAMPLES / name, os.X_OK)
    text = run(name, "--help", cwd=tmp_path).stdout
    summary = (EXAMPLES / name).read_text(encoding="utf-8").splitlines()[2]
    assert summary in text


def test_randomness_depends_on_the_seed_only(tmp_path: Path) -> None:
    """The three variations of section 1.12.6."""

    def drawn(*updates: str) -> list[str]:
        args = ("with", "seed=12345", *updates, "-l", "ERROR")
        return run("06_randomness.py", *args, cwd=tmp_path).stdout.splitlines()

    one = drawn()
    assert drawn() == one
    three = drawn("numbers=3")
    assert [line.split(",")[0].strip("[]") for line in three] == [line.strip("[]") for line in one]
    backwards = drawn("numbers=3", "reverse=True")
    assert backwards == [three[2], three[0], three[1], three[3]]


def test_filter_retains_the_last_state(tmp_path: Path) -> None:
    """What is shown moves, what is recorded is the end."""
    pytest.importorskip("sacred_file", reason="the example records with -F: sacred-file")
    run("captured_out_filter.py", "-F", "runs", "-l", "ERROR", cwd=tmp_path)
    assert (tmp_path / "runs" / "1" / "cout.txt").read_text() == "progress 100 %\n"


def test_own_logger(tmp_path: Path) -> None:
    """All lines have its format."""
    log = run("log_example.py", cwd=tmp_path).stderr.splitlines()
    assert '[I] mylogger.main >> "Attempting to transmogrify 2..."' in log
    assert '''[W] mylogger.transmogrify >> "No gizmo. Can't transmogrify!"''' in log
    assert all(line.startswith("[") for line in log)


def test_the_sweep_is_queued_and_shown(tmp_path: Path) -> None:
    """Points are queued once, on the command line and from Python, and the status lists them."""
    name, words = "10_sweep.py", ("rate=[0.03,0.1]", "noise=[0.1,1]")
    for queued in (8, 0):
        done = run(name, "sweep", "with", *words, "--seeds", "2", "-F", "runs", cwd=tmp_path)
        assert f"{queued} queued in runs" in done.stdout
    assert run(name, "explore", "-F", "runs", cwd=tmp_path).stdout == (
        "10 runs were queued, of 10 points\n"
    )
    first, *_ = open_store(tmp_path / "runs").list()
    worker = [sys.executable, "-m", "sacred_core", "worker", "runs", "--max", "1"]
    subprocess.run(worker, cwd=tmp_path, check=True, capture_output=True)
    statuses = [each.status for each in open_store(tmp_path / "runs").list()]
    assert (statuses.count("COMPLETED"), statuses.count("QUEUED")) == (1, 17)
    assert first.meta["sweep"]["values"].keys() == {"rate", "noise"}


def test_the_training_with_checkpoints_is_resumed(tmp_path: Path) -> None:
    """A run that was killed in its third epoch continues there, and has the whole curve."""
    name, pause = "09_checkpoints.py", ("with", "pause=0.01")
    command = [sys.executable, EXAMPLES / name, "-F", "runs", "-b", "0.05", *pause]
    killed = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    checkpoint = tmp_path / "runs" / "1" / "checkpoint.json"
    while not checkpoint.exists() or '"epoch": 2' not in checkpoint.read_text():
        time.sleep(0.01)
    killed.kill()
    killed.communicate()
    done = run(name, "-F", "runs", "--resume", "auto", *pause, cwd=tmp_path)
    assert done.stdout == "starting with epoch 2\n"
    (stored,) = open_store(tmp_path / "runs").list()
    assert [segment.status for segment in stored.segments] == ["DEAD", "COMPLETED"]
    points = stored.metrics["loss"]
    assert (points.lowest_step, points.highest_step) == (0, 99)
    assert points.last == pytest.approx(0.95**200)


def test_workers_of_a_pool_record_in_the_run(tmp_path: Path) -> None:
    """Each fold has its points in the part of the worker that trained it."""
    run("pool_workers.py", "-F", "runs", "with", "folds=3", "epochs=2", cwd=tmp_path)
    store = open_store(str(tmp_path / "runs"))
    parts = store.writer_store(1)
    assert parts is not None
    points = [parts.metrics(part.id) for part in parts.list()]
    names = sorted(name for each in points for name in each)
    assert names == ["accuracy.fold0", "accuracy.fold1", "accuracy.fold2"]
    assert all(len(own["values"]) == 2 for each in points for own in each.values())
    assert store.get(1).writers == [part.meta["writer"] for part in parts.list()]


def test_the_training_that_can_end_early_runs_alone(tmp_path: Path) -> None:
    """Without a sweep it has all epochs, and nothing about an early end."""
    run("10_early_stopping.py", "-F", "runs", "with", "epochs=7", cwd=tmp_path)
    (stored,) = open_store(tmp_path / "runs").list()
    assert stored.metrics["loss"].count == 7 and stored.info == {}
