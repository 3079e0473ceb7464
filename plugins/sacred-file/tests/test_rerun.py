"""Tests of ``sacred runs rerun`` with runs in folders: what is recorded, and how it ends."""

import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sacred_core.cli.main import sacred
from sacred_core.compare import diff
from sacred_core.observers import FileStorageObserver
from sacred_core.rerun import rerun
from sacred_core.stores import RunStore, StoredRun, find_runs, open_store
from sacred_core.testing import EventDriver

SCRIPT = """
import os, sys, time
from pathlib import Path
from sacred_core import Experiment

ex = Experiment("train")

@ex.config
def config():
    wait = 0
    db = {"password": None}

@ex.automain
def main(wait, db, _run):
    _run.log_scalar("loss", 2.0 if wait else 1.0)
    Path(READY).touch()
    time.sleep(wait)
    words = [*sys.orig_argv, *os.environ.values()]
    _run.info["seen"] = any(str(db["password"]) in word for word in words)
    return len(db["password"] or "")
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a run of `SCRIPT` in ``runs``; the script itself is gone."""
    script = tmp_path / "train.py"
    script.write_text(SCRIPT.replace("READY", repr(str(tmp_path / "ready"))))
    words = ["with", "db.password=hunter22", "-F", "runs", "--loglevel=ERROR"]
    subprocess.run([sys.executable, str(script), *words], cwd=tmp_path, check=True)
    script.unlink()
    (tmp_path / "ready").unlink()
    return tmp_path


def store_of(place: Path) -> RunStore:
    return open_store(place / "runs")


def newest(place: Path) -> StoredRun:
    return max(store_of(place).list(), key=lambda run: int(run.id))


def invoke(*args: str) -> Result:
    return CliRunner().invoke(sacred, ["runs", "rerun", *args])


def command(place: Path, *args: str) -> "subprocess.Popen[str]":
    """Start the command, and wait until its run works."""
    words = [sys.executable, "-m", "sacred_core", "runs", "rerun", "runs", "1", *args]
    process = subprocess.Popen(
        [*words, "--folder", "again", "--set", "db.password=secret99"], cwd=place, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    limit = time.monotonic() + 60
    while not (place / "ready").exists():
        assert time.monotonic() < limit and process.poll() is None, process.communicate()
        time.sleep(0.02)
    return process


def test_a_masked_value_is_set_and_seen_nowhere(place: Path) -> None:
    """The password reaches the run, and is in no argument, variable, output or file."""
    result = invoke(str(place / "runs"), "1", "--folder", str(place / "again"))
    assert result.exit_code == 2
    assert "with --set ENTRY=VALUE: db.password" in result.stderr
    args = ("--set", "db.password=secret99", "--folder", str(place / "again"))
    result = invoke(str(place / "runs"), "1", *args)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("Identical: 1 point of 1 metric, the result\n")
    assert "secret99" not in result.output
    files = [path for path in place.rglob("*") if path.is_file()]
    assert not any(b"secret99" in path.read_bytes() for path in files)
    assert newest(place).info == {"seen": False}
    assert newest(place).meta["rerun_of"] == {
        "uid": store_of(place).get(1).uid, "id": 1, "location": str(place / "runs"),
    }  # fmt: skip


def test_a_masked_value_is_asked_for_on_a_terminal(place: Path) -> None:
    """What is typed is not shown, and has the effect of --set."""
    main, terminal = pty.openpty()
    words = [sys.executable, "-m", "sacred_core", "runs", "rerun", "runs", "1", "--folder", "again"]
    with subprocess.Popen(words, cwd=place, stdin=terminal, stdout=terminal, stderr=terminal):
        os.close(terminal)
        shown = b""
        with contextlib.suppress(OSError):  # the end
            while part := os.read(main, 4096):
                shown += part
                if shown.endswith(b"(not recorded): "):
                    os.write(main, b"secret99\n")
    os.close(main)
    assert b"db.password (not recorded): " in shown
    assert b"Identical: 1 point of 1 metric, the result" in shown
    assert b"secret99" not in shown


@pytest.mark.parametrize(
    ("number", "to_group", "code", "status"),
    [
        (signal.SIGINT, True, 130, "INTERRUPTED"),
        (signal.SIGINT, False, 130, "INTERRUPTED"),
        (signal.SIGTERM, False, 143, "INTERRUPTED"),
    ],
)
def test_a_signal_ends_the_rerun_in_order(
    place: Path, number: int, to_group: bool, code: int, status: str
) -> None:
    """Its run is recorded as interrupted, whether the terminal or only the command gets it."""
    process = command(place, "--set", "wait=60")
    (os.killpg if to_group else os.kill)(process.pid, number)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == code, output
    assert newest(place).recorded_status == status
    if number == signal.SIGINT:
        assert "Interrupted (a changed rerun)" in output


def test_a_run_that_departs_is_stopped(place: Path) -> None:
    """It is recorded as interrupted, without a traceback, and the verdict is printed."""
    process = command(place, "--set", "wait=60", "--stop-at-first")
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 3
    assert "Departs at loss, step 0: 1.0 recorded, 2.0 now (a changed rerun)" in output
    assert "Traceback" not in output
    assert newest(place).recorded_status == "INTERRUPTED"


def test_a_rerun_can_be_run_again(place: Path) -> None:
    """It has all that a recorded run has, also where it is recorded elsewhere."""
    sets = {"db.password": "secret99"}
    store = store_of(place)
    first = rerun(store.get(1), observers=[f"-F {place}/other"], folder=place / "a", set=sets)
    second = rerun(f"{place}/other#1", folder=place / "b", set=sets)
    assert (first.verdict, second.verdict) == ("identical", "identical")
    assert [run.meta["rerun_of"]["id"] for run in open_store(place / "other").list()] == [1, 1]
    repeated = find_runs(open_store(place / "other"), "meta.rerun_of.id = 1")
    assert [run.id for run in repeated] == [1, 2]
    found = open_store(place / "other").get(2)
    assert found.origins == store.get(1).origins


def test_a_rerun_has_the_commit_of_the_recorded_run(tmp_path: Path) -> None:
    """The repository that its folder is in may be at another commit."""
    script = tmp_path / "train.py"
    script.write_text("x = 1\n")
    commands = [
        ["git", "init", "--quiet"],
        ["git", "add", "train.py"],
        ["git", "-c", "user.name=me", "-c", "user.email=a@b", "commit", "--quiet", "-m", "first"],
        [sys.executable, "train.py", "-F", "runs", "--loglevel=ERROR"],
        ["git", "-c", "user.name=me", "-c", "user.email=a@b", "commit", "--quiet", "-am", "second"],
    ]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    for number, words in enumerate(commands):
        if number == 3:
            script.write_text(SCRIPT.replace("READY", repr(str(tmp_path / "ready"))))
        subprocess.run(words, cwd=tmp_path, check=True, env=environment)
    store = open_store(tmp_path / "runs")
    assert rerun(store.get(1), folder=tmp_path / "again")
    one, other = store.get(1), store.get(2)
    assert one.repositories == other.repositories
    assert one.repositories[0]["dirty"]
    assert not diff(one, other, only=["commit"])


def test_a_store_that_cannot_be_written_needs_another(place: Path) -> None:
    """Nothing can be recorded in an archive."""
    archive = str(place / "runs.zip")
    packed = CliRunner().invoke(sacred, ["runs", "pack", str(place / "runs"), "1", "-o", archive])
    assert packed.exit_code == 0, packed.output
    args = ("--set", "db.password=secret99", "--folder", str(place / "again"))
    result = invoke(archive, "1", *args)
    assert result.exit_code == 2
    assert "no run can be recorded in" in result.stderr
    result = invoke(archive, "1", *args, "-F", str(place / "new"), "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["reruns"] == [{"location": f"{place}/new", "id": "1"}]


@pytest.mark.parametrize(
    ("run_id", "verdict"),
    [(1, "Identical: 4 points of 2 metrics, the result, 1 artifact"),
     (3, "Identical: 4 points of 2 metrics, 1 artifact"),
     (4, "Identical: 4 points of 2 metrics, 1 artifact")],
)  # fmt: skip
def test_a_run_of_sacred_is_run_again(tmp_path: Path, run_id: int, verdict: str) -> None:
    """A script that imports Sacred uses sacred-core, also if it was interrupted or failed."""
    runs = Path(__file__).parent / "data" / "sacred_0_8_7"
    found = rerun(f"{runs}#{run_id}", observers=[], folder=tmp_path / "again")
    assert found.text() == verdict
    assert any("sacred-core takes its place" in each for each in found.warnings)


def test_a_source_with_another_digest_is_not_executed(tmp_path: Path) -> None:
    """The message names the file, and the folder is removed."""
    script = tmp_path / "train.py"
    script.write_text(SCRIPT)
    driver = EventDriver(FileStorageObserver(tmp_path / "runs"))
    info = {"base_dir": str(tmp_path), "mainfile": "train.py", "name": "train"}
    digest = "b3a4ee7b8c8b3d0b1e5b0f4c6d2a9f10"
    driver.start(ex_info={**info, "sources": [["train.py", digest]], "dependencies": []})
    driver.complete()
    result = invoke(str(tmp_path / "runs"), "1", "--folder", str(tmp_path / "again"))
    assert result.exit_code == 4
    assert "source 'train.py'" in result.stderr
    assert not (tmp_path / "again").exists()
