"""Tests of runs that reach MongoDB through a spool, while the connection fails."""

import os
import random
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from sacred_mongo import MongoObserver, MongoStore

from sacred_core.observers import SpoolObserver
from sacred_core.spool.entries import read_entries
from sacred_core.spool.flushing import flush
from sacred_core.testing.effort import examples
from sacred_core.testing.experiments import run_main

QUICK = {"serverSelectionTimeoutMS": 300, "connectTimeoutMS": 1000}
SCRIPT = """
    import os
    from sacred_core import Experiment

    ex = Experiment("killed", save_git_info=False)

    @ex.automain
    def main(_run):
        for number in range(50):
            print("line", number)
            _run.log_scalar("loss", number)
        with open(f"made-{os.getpid()}", "w") as file:
            file.write("content")
        _run.add_artifact(file.name, "made")
        _run.lifecycle.beat()
        os.kill(os.getpid(), 9)
"""


def main(_run: Any) -> int:
    for number in range(50):
        print("line", number)
        _run.log_scalar("loss", number)
    _run.add_artifact(__file__, "made")
    return 3


def check_stored(url: str, db_name: str, count: int) -> list[Any]:
    """Check that the database has so many whole runs, each once."""
    store = MongoStore(url, db_name)
    runs = list(store.list())
    assert len({run.uid for run in runs}) == len(runs) == count
    for run in runs:
        lines = [f"line {number}" for number in range(50)]
        assert [line for line in store.output(run.id).splitlines() if "line " in line] == lines
        assert store.metrics(run.id)["loss"]["values"] == list(range(50))
        assert run.artifacts == ["made"]
    return runs


def test_a_run_without_its_server(
    proxy: Any, mongo_url: str, db_name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is away from the start to after the end; then the run arrives once."""
    proxy.close()
    observer = SpoolObserver(MongoObserver(proxy.url, db_name, **QUICK), tmp_path / "spool")
    assert run_main(observer, main).status == "COMPLETED"
    assert "To deliver it: sacred spool flush" in caplog.text
    (left,) = flush([tmp_path / "spool"], f"{proxy.url}&serverSelectionTimeoutMS=300")
    assert left.reason and len(read_entries([tmp_path / "spool"])) == 1
    proxy.open()
    assert [done.reason for done in flush([tmp_path / "spool"])] == [""]
    (run,) = check_stored(mongo_url, db_name, 1)
    assert (run.status, run.result) == ("COMPLETED", 3)
    assert list(flush([tmp_path / "spool"])) == []


def test_a_connection_that_is_cut_while_runs_are_delivered(
    proxy: Any, mongo_url: str, db_name: str, tmp_path: Path
) -> None:
    """At random places; nothing arrives twice."""
    count = examples(3, 10)
    proxy.close()
    for _ in range(count):
        run_main(SpoolObserver(MongoObserver(proxy.url, db_name, **QUICK), tmp_path), main)
    proxy.open()
    for _ in range(10 * count):
        proxy.open()
        proxy.cut_after(random.randrange(1_000, 30_000))
        if all(not done.reason for done in flush([tmp_path])):
            break
    proxy.open()
    assert all(not done.reason for done in flush([tmp_path]))
    check_stored(mongo_url, db_name, count)


def test_killed_runs_arrive(proxy: Any, mongo_url: str, db_name: str, tmp_path: Path) -> None:
    """20 runs killed with -9 while the server is away: everything up to the last beat, once."""
    count = examples(2, 20)
    (tmp_path / "script.py").write_text(textwrap.dedent(SCRIPT))
    proxy.close()
    flags = ["-m", f"127.0.0.1:{proxy.port}:{db_name}", "--spool", "spool", "-l", "ERROR"]
    for _ in range(count):
        done = subprocess.run(
            [sys.executable, "script.py", *flags], cwd=tmp_path, stdout=subprocess.DEVNULL,
            env={**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")}, check=False,
        )  # fmt: skip
        assert done.returncode == -signal.SIGKILL
    proxy.open()
    assert [done.reason for done in flush([tmp_path / "spool"])] == [""] * count
    runs = check_stored(mongo_url, db_name, count)
    assert {run.recorded_status for run in runs} == {"RUNNING"}
    assert read_entries([tmp_path / "spool"]) == []
