"""Several processes at once, and processes that are killed."""

import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest
from sacred_tinydb import TinyDbStore

from sacred_core.exceptions import StoreError


def script(folder: Path, body: str, *arguments: str) -> Any:
    """Start a script that records in the folder ``runs``."""
    path = folder / "script.py"
    if not path.exists():
        path.write_text(textwrap.dedent(body))
    return subprocess.Popen(
        [sys.executable, str(path), "-t", str(folder / "runs"), *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


RACE = """
    from sacred_core import Experiment
    ex = Experiment("race", save_git_info=False)
    @ex.automain
    def main(_run):
        print("run", _run._id)
        _run.log_scalar("loss", 1.5)
        ex.add_artifact(__file__, "code")
"""


def test_processes_at_once_lose_nothing(tmp_path: Path) -> None:
    """Each has a record that is whole, and what is the same is stored once."""
    (tmp_path / "script.py").write_text(textwrap.dedent(RACE))
    done = [script(tmp_path, RACE) for _ in range(16)]
    said = [process.communicate(timeout=120) for process in done]
    assert [process.returncode for process in done] == [0] * 16, said
    store = TinyDbStore(tmp_path / "runs")
    runs = {run.id: run for run in store.list()}
    assert set(runs) == {out.split()[-1] for out, _ in said}
    for run in runs.values():
        assert run.status == "COMPLETED" and f"run {run.id}\n" in store.output(run.id)
        assert store.metrics(run.id)["loss"]["values"] == [1.5]
    # The script, and the points of each, which have times of their own.
    files = [path for path in (tmp_path / "runs" / "hashfs").rglob("*") if path.is_file()]
    assert len(files) == 1 + 16
    for run_id in list(runs):
        store.delete(run_id)
    assert not [path for path in (tmp_path / "runs" / "hashfs").rglob("*") if path.is_file()]


KILLED = """
    import time
    from sacred_core import Experiment
    ex = Experiment("killed", save_git_info=False)
    @ex.automain
    def main(_run):
        number = 0
        while True:
            _run.log_scalar("n", number, number)
            print(f"line {number}", flush=True)
            number += 1
            time.sleep(0.002)
"""


def test_a_killed_run_is_readable(tmp_path: Path) -> None:
    """Whenever that is: what it printed to the last line, and points to the last heartbeat."""
    for number in range(1, 6):
        process = script(tmp_path, KILLED, "--beat_interval", "0.05")
        state = tmp_path / "runs" / "hashfs.live" / str(number) / "state.json"
        until = time.monotonic() + 30
        while not state.exists():
            assert time.monotonic() < until, process.communicate()
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        printed = [line for line in process.communicate()[0].splitlines() if "line" in line]
        store = TinyDbStore(tmp_path / "runs")
        run = list(store.list())[-1]
        assert run.recorded_status == "RUNNING" and run.heartbeat is not None
        values = store.metrics(run.id)["n"]["values"]
        assert values == list(range(len(values)))
        output = [line for line in store.output(run.id).splitlines() if "line" in line]
        assert output[: len(printed)] == printed


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    """Is one sentence, before the run starts."""
    (tmp_path / "runs").write_text("")
    process = script(tmp_path, RACE)
    told = process.communicate()[1]
    assert "could not record the start of the run" in told and "runs'" in told
    assert "Traceback" not in told and process.returncode == 1


def test_a_lock_that_is_never_released(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is told after a while; a lock whose process was killed is none."""
    process = script(tmp_path, RACE)
    process.communicate()
    holder = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(f"""
            import time
            from filelock import FileLock
            with FileLock({str(tmp_path / "runs" / ".hashfs.lock")!r}):
                print("locked", flush=True)
                time.sleep(60)
        """)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert holder.stdout is not None and holder.stdout.readline() == "locked\n"
    monkeypatch.setattr("sacred_tinydb.database._PATIENCE", 0.2)
    store = TinyDbStore(tmp_path / "runs")
    (run,) = store.list()
    with pytest.raises(StoreError, match=r"locked for 0 seconds"):
        store.delete(run.id)
    holder.kill()
    holder.communicate()
    store.delete(run.id)
    assert list(store.list()) == []
