"""Tests of child processes that record in the run that started them."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sacred_core.cli.main import sacred
from sacred_core.spool.descriptions import read_descriptions
from sacred_core.stores import open_store
from sacred_core.stores.writers import stored_parts
from sacred_core.testing.scripts import finish_script, start_script

click_testing = pytest.importorskip("click.testing")

POOL = """
    import multiprocessing, os, subprocess, sys
    from concurrent.futures import ProcessPoolExecutor
    from sacred_core import Experiment, attach

    ex = Experiment("pool")
    ex.add_config(method="fork")

    @ex.capture
    def work(number, _run):
        child = attach()
        child.log_scalar("loss", number)
        _run.log_scalar("same", number)
        ex.log_scalar("same", number)
        return child.name

    @ex.main
    def main(_run, method):
        _run.log_scalar("loss", 7)
        context = multiprocessing.get_context(method)
        with ProcessPoolExecutor(2, mp_context=context) as pool:
            return sorted({*pool.map(work, range(8))})

    if __name__ == "__main__":
        ex.run_commandline()
"""

KILLED = """
    import os, signal, sys, time
    from sacred_core import Experiment, SETTINGS, attach

    SETTINGS.DEFAULT_BEAT_INTERVAL = 0.1
    ex = Experiment("killed")
    ex.add_config(children=4, points=100, ends="")

    @ex.main
    def main(_run, children, points, ends):
        pids = []
        for number in range(children):
            pid = os.fork()
            if not pid:
                child = attach(f"w{number}")
                for step in range(points):
                    _run.log_scalar("loss", step, step)
                    if step % 10 == 9:
                        child.flush()
                        if number % 2 and step > points / 2:
                            os.kill(os.getpid(), signal.SIGKILL)
                child.close()
                os._exit(0)
            pids.append(pid)
        for pid in pids:
            os.waitpid(pid, 0)
        if ends == "killed":
            os.kill(os.getpid(), signal.SIGKILL)

    ex.run_commandline()
"""


def start(folder: Path, source: str, *arguments: str) -> "subprocess.Popen[str]":
    return start_script(folder, source, "-F", "runs", "with", *arguments)


def points_of(folder: Path) -> dict[str, tuple[str, list[int]]]:
    """Return status and steps of each writer of run 1."""
    store = open_store(str(folder / "runs"))
    parts = store.writer_store(1)
    assert parts is not None
    return {
        name: (part.recorded_status, parts.metrics(part.id)["loss"]["steps"])
        for name, part in stored_parts(store, 1).items()
    }


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_of_a_pool_record_in_the_run(tmp_path: Path, method: str) -> None:
    """Their points have their writers; the private folder is removed."""
    printed = finish_script(start(tmp_path, POOL, f"method={method}"))
    store = open_store(str(tmp_path / "runs"))
    run = store.get(1)
    assert run.writers == run.result
    assert run.recorded_status == "COMPLETED"
    parts = stored_parts(store, 1)
    assert [*parts] == run.writers
    assert {part.status for part in parts.values()} == {"COMPLETED"}
    inner = store.writer_store(1)
    assert inner is not None
    found = [inner.metrics(part.id) for part in parts.values()]
    assert sorted(value for each in found for value in each["loss"]["values"]) == [*range(8)]
    assert sum(len(each["same"]["values"]) for each in found) == 16
    assert store.metrics(1)["loss"]["values"][0] == 7
    assert "Traceback" not in printed
    assert not list(private_folders())


TERMINATED = """
    import multiprocessing
    from sacred_core import Experiment, attach

    ex = Experiment("terminated")

    def work(number):
        attach().log_scalar("loss", number)
        return number

    @ex.main
    def main():
        with multiprocessing.get_context("fork").Pool(2) as pool:
            return sum(pool.map(work, range(6), 1))

    if __name__ == "__main__":
        ex.run_commandline()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_workers_that_a_pool_terminates_lose_nothing(tmp_path: Path) -> None:
    """`with Pool()` sends SIGTERM to its workers, which have not flushed their points."""
    finish_script(start_script(tmp_path, TERMINATED, "-F", "runs"))
    store = open_store(str(tmp_path / "runs"))
    parts, inner = stored_parts(store, 1), store.writer_store(1)
    assert inner is not None
    assert {part.recorded_status for part in parts.values()} <= {"COMPLETED", "INTERRUPTED"}
    found = [inner.metrics(part.id)["loss"]["values"] for part in parts.values()]
    assert sorted(value for each in found for value in each) == [*range(6)]


def private_folders() -> list[Path]:
    root = Path(os.environ["SACRED_SPOOL_DIR"], "children")
    return [*root.iterdir()] if root.is_dir() else []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_what_killed_children_flushed_is_stored(tmp_path: Path) -> None:
    """Half of them is killed in the middle; the others end."""
    finish_script(start(tmp_path, KILLED, "ends=normal"))
    found = points_of(tmp_path)
    assert found == {
        f"w{number}": ("RUNNING", [*range(60)]) if number % 2 else ("COMPLETED", [*range(100)])
        for number in range(4)
    }
    assert not private_folders()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_what_is_left_after_a_killed_run_is_flushed(tmp_path: Path) -> None:
    """The list names the writers; one command delivers all into the parts of the run."""
    script = start(tmp_path, KILLED, "ends=killed")
    script.communicate()
    assert script.returncode == -signal.SIGKILL
    (folder,) = private_folders()
    runner = click_testing.CliRunner()
    listed = runner.invoke(sacred, ["spool", "list", "--json", "--spool", str(folder)])
    left = [json.loads(line) for line in listed.stdout.splitlines()]
    if left:  # the last heartbeat may have delivered some
        assert {each["kind"] for each in left} == {"part"}
        done = runner.invoke(sacred, ["spool", "flush", "--spool", str(folder)])
        assert done.exit_code == 0, done.output
    found = points_of(tmp_path)
    assert {name: len(steps) for name, (_, steps) in found.items()} == {
        "w0": 100, "w1": 60, "w2": 100, "w3": 60,
    }  # fmt: skip
    assert not folder.exists()


def test_a_program_that_outlives_the_run_is_delivered_later(tmp_path: Path) -> None:
    """A warning names it; its points are stored by `sacred spool flush`."""
    program = tmp_path / "late.py"
    program.write_text(
        "import sys\n"
        "from sacred_core import attach\n"
        "child = attach('late')\n"
        "child.log_scalar('loss', 1)\n"
        "child.flush()\n"
        "print('ready', flush=True)\n"
        "sys.stdin.read()\n"
        "child.log_scalar('loss', 2)\n"
        "raise ValueError('broke')\n"
    )
    ex = """
        import os, subprocess, sys
        from sacred_core import Experiment
        ex = Experiment("parent")

        @ex.main
        def main():
            read, write = os.pipe()
            os.set_inheritable(write, False)
            child = subprocess.Popen([sys.executable, "late.py"], stdin=int(sys.argv[-1]),
                                     stdout=write, stderr=subprocess.DEVNULL)
            os.read(read, 5)
        ex.run_commandline([sys.argv[0], *sys.argv[1:-1]])
    """
    read, write = os.pipe()
    (tmp_path / "script.py").write_text(__import__("textwrap").dedent(ex))
    done = subprocess.run(
        [sys.executable, "script.py", "-F", "runs", str(read)], cwd=tmp_path, pass_fds=[read],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "1 child process of the run is still running: late" in done.stderr
    (folder,) = private_folders()
    assert [run.is_locked for run in read_descriptions(folder)] == [True]
    assert points_of(tmp_path) == {"late": ("RUNNING", [0])}
    os.close(read)
    os.close(write)
    while any(run.is_locked for run in read_descriptions(folder)):
        pass
    runner = click_testing.CliRunner()
    assert runner.invoke(sacred, ["spool", "flush", "--spool", str(folder)]).exit_code == 0
    assert points_of(tmp_path) == {"late": ("FAILED", [0, 1])}
    assert not folder.exists()
