"""A database that release 0.1.0 wrote: whatever comes later reads it."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sacred_sql import SqlObserver, SqlStore

from sacred_core.stores import find_runs
from sacred_core.testing import EventDriver

RECORDED = Path(__file__).with_name("data") / "runs_0_1_0.sql"
START = datetime(2026, 1, 2, 3, 4, 5, 678_901, UTC)


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A copy of the database, from its statements."""
    with closing(sqlite3.connect(tmp_path / "runs.db")) as database:
        database.executescript(RECORDED.read_text(encoding="utf-8"))
    return f"sqlite:///{tmp_path}/runs.db"


def test_its_runs_are_read(url: str) -> None:
    """One that completed, one that failed, one that waits, and one that was killed."""
    first, failed, queued, killed = SqlStore(url).list()
    assert (first.id, first.status, first.command) == (1, "COMPLETED", "main")
    assert first.config == {"lr": 0.1, "ünï": [1, None, True], "big": 2**70}
    assert first.host == {"hostname": "h", "os": ["Linux", "6.1"]}
    assert (first.meta, first.info) == ({"comment": "ä"}, {"a": {"b": 2}})
    assert first.result == {"score": "Infinity"}
    assert first.experiment == {
        "name": "first",
        "base_dir": "/tmp/recorded",
        "mainfile": "main.py",
        "sources": [["main.py", "0" * 32], ["later.py", "1" * 32]],
        "dependencies": ["numpy==2.0", "odd", "scipy==1.0"],
        "repositories": [
            {"url": "https://host/x", "commit": "abc", "dirty": True, "patch": "+ä\n"}
        ],
    }
    assert (first.start_time, first.heartbeat) == (START, START + timedelta(seconds=2))
    assert first.tags == ["good"] and [note["text"] for note in first.notes] == ["gut"]
    assert (failed.id, failed.status) == ("baseline", "FAILED")
    assert failed.fail_trace == ["Traceback\n", "ValueError: broke\n"]
    assert (queued.id, queued.status, queued.queue_time) == (2, "QUEUED", START)
    assert (killed.id, killed.run_id, killed.status) == (3, 1, "DEAD")


def test_its_output_points_and_files_are_read(url: str) -> None:
    """Its output points and files are read, also what databases have no form for."""
    store = SqlStore(url)
    assert store.output(1) == "first\nprogress 100 %\nNUL \0 and \udc80\n"
    points = store.metrics(1)
    assert list(map(repr, points["loss"]["values"])) == ["1.0", "nan", str(2**70), "-0.5", "3.5"]
    assert points["loss"]["steps"] == [0, 1, 2, 3, 10]
    assert points["loss"]["timestamps"][4] == START + timedelta(microseconds=4)
    assert points["train/acc"]["values"] == [float(n) for n in range(1200)]
    for kind, name, base in (
        ("source", "main.py", "main.py"),
        ("source", "later.py", "later.py"),
        ("resource", "/tmp/recorded/data.csv", "data.csv"),
        ("artifact", "made", "made.bin"),
    ):
        with store.open_file(1, kind, name) as stream:
            assert stream.read().decode() == f"content of {base}\n"


def test_runs_are_found_in_it(url: str) -> None:
    """Runs are found in it, by what the database sorts out and by what it cannot."""
    store = SqlStore(url)
    for query, ids in (
        ("config.lr < 1", [1]),
        ("status = FAILED or status = QUEUED", ["baseline", 2]),
        ("name = second and start_time exists", ["baseline"]),
        ("tags has good", [1]),
        ("id = baseline", ["baseline"]),
    ):
        assert [run.id for run in find_runs(store, query)] == ids, query


def test_it_is_written_on(url: str) -> None:
    """The queued run starts, the next one has the next number, and what no run needs is removed."""
    driver = EventDriver(SqlObserver(url))
    assert driver.start(_id=2, asked_id=2) == 2
    driver.complete()
    assert EventDriver(SqlObserver(url)).start() == 4
    store = SqlStore(url)
    store.delete(1)
    assert [run.id for run in store.list()] == ["baseline", 2, 3, 4]
    with store.open_file("baseline", "source", "main.py") as stream:
        assert stream.read() == b"content of main.py\n"
