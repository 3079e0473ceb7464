"""Tests of the spool with real folders and processes; the store is a folder, too."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from sacred_file import FileStorageObserver, FileStore

from sacred_core.exceptions import ObserverStartError
from sacred_core.observers import SpoolObserver
from sacred_core.spool.entries import read_entries
from sacred_core.spool.flushing import flush
from sacred_core.testing.effort import examples
from sacred_core.testing.experiments import run_main

SCRIPT = """
    import os, sys, time
    from sacred_core import Experiment

    ex = Experiment("spooled", save_git_info=False)

    @ex.config
    def config():
        how = "completes"

    @ex.automain
    def main(_run, how):
        for number in range(20):
            print("line", number)
            _run.log_scalar("loss", 1 / (number + 1), number)
        with open(f"made-{os.getpid()}.txt", "w") as file:
            file.write("content")
        _run.add_artifact(file.name, "made")
        _run.lifecycle.beat()
        os.write(1, b"last line\\n")
        if how == "forks":
            child = os.fork()
            if child == 0:
                os.read(0, 1)  # lives on
                os._exit(0)
            return child
        if how == "waits":
            os.write(2, b"ready\\n")
            time.sleep(60)
        if how == "is killed":
            os.kill(os.getpid(), 9)
        return 3
"""


class Script:
    """A script whose store is away while there is a file in place of a folder above it.

    Attributes:
        folder: Its working directory.
        target: The folder of the store.
        spool: The folder of the spool.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.target, self.spool = folder / "server" / "runs", folder / "spool"
        (folder / "script.py").write_text(textwrap.dedent(SCRIPT))
        self.environment = {**os.environ, "XDG_STATE_HOME": str(folder / "state")}

    def take_away(self) -> None:
        (self.folder / "server").write_text("away")

    def bring_back(self) -> None:
        (self.folder / "server").unlink()

    def start(self, *words: str, **options: Any) -> "subprocess.Popen[str]":
        flags = ["-F", str(self.target), "--spool", str(self.spool)]
        return self._popen("script.py", *flags, *words, **options)

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return finished(self.start(*words))

    def start_flush(self, *words: str) -> "subprocess.Popen[str]":
        return self._popen("-m", "sacred_core", "spool", "flush", *words)

    def _popen(self, *words: str, **options: Any) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, *words], cwd=self.folder, env=self.environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options,
        )  # fmt: skip

    def check_stored(self, count: int) -> FileStore:
        """Check that the store has so many whole runs, each once, and the spool none."""
        store = FileStore(self.target)
        runs = list(store.list())
        assert len({run.uid for run in runs}) == len(runs) == count
        for run in runs:
            output = store.output(run.id)
            assert [f"line {number}" in output for number in range(20)] == [True] * 20
            assert output.count("line 0\n") == output.count("last line\n") == 1
            assert store.metrics(run.id)["loss"]["steps"] == list(range(20))
            with store.open_file(run.id, "artifact", "made") as file:
                assert file.read() == b"content"
            assert list(run.sources) == ["script.py"]
            with store.open_file(run.id, "source", "script.py") as file:
                assert file.read() == (self.folder / "script.py").read_bytes()
        assert list(FileStore(self.spool).list()) == []
        assert read_entries([self.spool]) == []
        return store


def finished(process: "subprocess.Popen[str]") -> "subprocess.CompletedProcess[str]":
    stdout, stderr = process.communicate(timeout=600)
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


@pytest.fixture
def script(tmp_path: Path) -> Script:
    return Script(tmp_path)


def test_a_run_arrives_as_without_a_spool(script: Script) -> None:
    """All of its record, its files and its sources; the spool is empty at the end."""
    done = script.run()
    assert done.returncode == 0 and "WARNING" not in done.stderr, done.stderr
    store = script.check_stored(1)
    (run,) = store.list()
    assert (run.status, run.result, run.config["how"]) == ("COMPLETED", 3, "completes")
    assert (
        f"To see it: sacred runs show {script.target.relative_to(script.folder)} 1" in done.stderr
    )


def test_killed_runs_arrive(script: Script) -> None:
    """20 runs killed with -9 while the store is away: all that was written, exactly once."""
    count = examples(2, 20)
    script.take_away()
    for _ in range(count):
        assert script.run("with", "how='is killed'").returncode == -signal.SIGKILL
    left = finished(script.start_flush())
    assert left.returncode == 1 and left.stderr.count("not stored") == count
    assert f"Error: {count} entries could not be delivered: see above" in left.stderr
    script.bring_back()
    done = finished(script.start_flush())
    assert (done.returncode, done.stderr) == (0, "")
    store = script.check_stored(count)
    assert {run.recorded_status for run in store.list()} == {"RUNNING"}
    again = finished(script.start_flush())
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "Everything is delivered.\n")


def test_processes_spool_and_flush_at_once(script: Script) -> None:
    """64 processes in one folder: nothing is lost, and nothing arrives twice."""
    count = examples(4, 64)
    script.take_away()
    processes = [script.start("-l", "ERROR") for _ in range(count)]
    assert [finished(each).returncode for each in processes] == [0] * count
    assert len(read_entries([script.spool])) == count
    script.bring_back()
    for each in [script.start_flush() for _ in range(count)]:
        done = finished(each)
        assert (done.returncode, done.stderr) == (0, "")
    script.check_stored(count)


def test_an_undelivered_run_does_not_change_the_exit_code(script: Script) -> None:
    """One warning has the command, which works in another folder, too."""
    script.take_away()
    done = script.run()
    assert done.returncode == 0
    (line,) = [line for line in done.stderr.splitlines() if "WARNING" in line]
    assert line.endswith(f"To deliver it: sacred spool flush --spool {script.spool}")
    script.bring_back()
    flushed = finished(script.start_flush(*line.partition("sacred spool flush ")[2].split()))
    assert flushed.returncode == 0, flushed.stderr
    script.check_stored(1)


@pytest.mark.parametrize(("how", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_an_interrupted_run_is_delivered(script: Script, how: signal.Signals, code: int) -> None:
    """It ends as without a spool."""
    process = script.start("-l", "ERROR", "with", "how=waits")
    assert process.stderr is not None
    while process.stderr.readline() != "ready\n":
        pass
    process.send_signal(how)
    assert finished(process).returncode == code
    store = script.check_stored(1)
    assert [run.status for run in store.list()] == ["INTERRUPTED"]


def test_a_forked_child_does_not_hold_the_run(script: Script) -> None:
    """It lives on, and the run is delivered while it does."""
    script.take_away()
    process = script.start("-l", "ERROR", "-C", "no", "with", "how=forks", stdin=subprocess.PIPE)
    assert process.wait(60) == 0
    script.bring_back()
    (done,) = flush([script.spool])
    assert (done.reason, done.is_active) == ("", False)
    process.communicate("x", timeout=60)


@pytest.mark.parametrize("capture", ["fd", "sys", "no"])
def test_the_folder_is_removed_while_the_output_is_recorded(script: Script, capture: str) -> None:
    """What is printed at the end of the process is shown, in every mode."""
    done = script.run("-C", capture)
    assert done.returncode == 0
    assert sorted(done.stdout.splitlines()) == sorted(
        ["last line", *(f"line {number}" for number in range(20))]
    )
    assert "To see it" in done.stderr.splitlines()[-1]


def test_a_folder_that_cannot_be_created(script: Script) -> None:
    """The run does not start, and the message names the path."""
    script.spool.write_text("a file")
    done = script.run()
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "FileStorageObserver in the spool could not record the start" in done.stderr
    assert str(script.spool) in done.stderr
    assert not script.target.exists()


def test_a_full_disk_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run does not start, and nothing is left."""

    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    observer = SpoolObserver(FileStorageObserver(tmp_path / "runs"), tmp_path / "spool")
    with pytest.raises(ObserverStartError, match="No space left on device"):
        run_main(observer, lambda: 1)
    assert read_entries([tmp_path / "spool"]) == []
    assert not list((tmp_path / "spool" / "_spool").iterdir())


def test_the_description_has_what_is_needed(tmp_path: Path) -> None:
    """A file of JSON in the folder of the spool, beside a lock."""
    (tmp_path / "server").write_text("away")
    target = tmp_path / "server" / "runs"
    observer = SpoolObserver(FileStorageObserver(target), tmp_path / "spool")
    run_main(observer, lambda: 1)
    (folder,) = (tmp_path / "spool" / "_spool").iterdir()
    data = json.loads((folder / "run.json").read_text())
    assert data["targets"] == [{"observer": "FileStorageObserver", "location": str(target)}]
    assert (data["format"], data["uid"], data["run_id"]) == ("sacred spool 1", folder.name, "1")
    assert (data["name"], data["command"], data["pid"]) == ("ex", "<lambda>", os.getpid())
    assert sorted(path.name for path in folder.iterdir()) == ["lock", "run.json"]


def test_runs_of_the_folder_that_are_not_spooled_stay(tmp_path: Path) -> None:
    """A folder may be a spool and have runs of its own."""
    run_main(FileStorageObserver(tmp_path / "spool"), lambda: "own")
    run_main(SpoolObserver(FileStorageObserver(tmp_path / "runs"), tmp_path / "spool"), lambda: 2)
    assert [run.result for run in FileStore(tmp_path / "spool").list()] == ["own"]
    assert [run.result for run in FileStore(tmp_path / "runs").list()] == [2]
