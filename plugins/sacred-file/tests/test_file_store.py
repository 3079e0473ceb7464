"""Tests of reading runs back from a folder."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sacred_file import FileStorageObserver, FileStore

from sacred_core import Experiment, open_store
from sacred_core.cli.main import sacred
from sacred_core.exceptions import StoreError
from sacred_core.stores import RunQuery, RunStore
from sacred_core.testing import EventDriver


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Ten completed runs and a failed one."""
    ex = Experiment("stored")
    ex.observers.append(FileStorageObserver(tmp_path / "runs"))

    @ex.main
    def main(seed: int, _run: Any) -> int:
        print("seed", seed)
        _run.log_scalar("loss", 0.5)
        _run.info["a"] = 1
        return seed

    @ex.command
    def broken() -> None:
        raise ValueError("the reason")

    for seed in range(10):
        ex.run(config_updates={"seed": seed})
    with pytest.raises(ValueError, match="reason"):
        ex.run("broken")
    return tmp_path / "runs"


def sacred_command(*args: Any) -> Result:
    return CliRunner().invoke(sacred, ["runs", *map(str, args)], catch_exceptions=False)


def set_entry(folder: Path, **entries: Any) -> None:
    path = folder / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | entries))


def test_run_comes_back_as_it_was(runs: Path) -> None:
    """Configuration, result, times, info, metrics and output."""
    store = FileStore(runs)
    run = store.get(3)
    assert (run.id, run.status, run.name, run.command) == (3, "COMPLETED", "stored", "main")
    assert run.config == {"seed": 2}
    assert run.result == 2
    assert run.info == {"a": 1}
    assert run.start_time is not None and run.start_time.tzinfo is UTC
    assert run.duration is not None and run.duration < timedelta(seconds=10)
    assert store.metrics(3)["loss"]["values"] == [0.5]
    assert store.metrics(3)["loss"]["timestamps"][0].tzinfo is UTC
    assert "seed 2\n" in store.output(3)
    failed = store.get("11")
    assert "the reason" in "".join(failed.fail_trace)


def test_list_is_in_the_order_of_numbers(runs: Path) -> None:
    """Ten comes after nine; other folders are not runs."""
    (runs / "_other").mkdir()
    (runs / "notes").mkdir()
    assert [run.id for run in FileStore(runs).list()] == list(range(1, 12))


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        (RunQuery(status="FAILED"), [11]),
        (RunQuery(status="COMPLETED", limit=2), [9, 10]),
        (RunQuery(name="other"), []),
        (RunQuery(name="stored", limit=1), [11]),
    ],
)
def test_query(runs: Path, query: RunQuery, ids: list[int]) -> None:
    """All conditions apply; a limit returns the newest."""
    assert [run.id for run in FileStore(runs).list(query)] == ids


def test_run_without_heartbeats_is_dead(runs: Path) -> None:
    """RUNNING within what its interval allows, DEAD after it."""
    set_entry(runs / "1", status="RUNNING", heartbeat="2026-01-01T00:00:00.000000")
    run = FileStore(runs).get(1)
    beat = datetime(2026, 1, 1, tzinfo=UTC)
    assert run.status_at(beat + timedelta(seconds=29)) == "RUNNING"
    assert run.status_at(beat + timedelta(seconds=31)) == "DEAD"
    assert [found.id for found in FileStore(runs).list(RunQuery(status="DEAD"))] == [1]


def test_metrics_of_a_live_run(runs: Path) -> None:
    """Points are there before the end, a torn last line is not."""
    line = '{"name": "loss", "start": 0, "count": 1}\n[0]\n[1]\n[null]\n'
    (runs / "1" / "metrics.json").unlink()
    (runs / "1" / "metrics.jsonl").write_text(line + line[:-20])
    assert FileStore(runs).metrics(1)["loss"]["values"] == [1]


@pytest.mark.parametrize("run_id", ["99", "..", "../runs/1", "_sources"])
def test_unknown_run_is_an_error(runs: Path, run_id: str) -> None:
    """Nothing outside the folder is read."""
    with pytest.raises(StoreError, match="not found"):
        FileStore(runs).get(run_id)


def test_broken_file_is_named(runs: Path) -> None:
    """The reason of the damage names the file."""
    (runs / "1" / "run.json").write_text("{")
    run = FileStore(runs).get(1)
    assert run.status == "DAMAGED"
    assert str(run.damage).startswith(f"'{runs / '1' / 'run.json'}' is not valid JSON: ")


def test_open_store_takes_paths_and_urls(runs: Path) -> None:
    """A bare path is a folder of runs."""
    for location in (str(runs), runs.as_uri()):
        store = open_store(location)
        assert isinstance(store, RunStore)
        assert store.get(1).id == 1


def test_open_store_names_what_is_missing(tmp_path: Path) -> None:
    """A missing folder and a missing plugin are errors without the password."""
    with pytest.raises(StoreError, match="there is no folder"):
        open_store(str(tmp_path / "nowhere"))
    with pytest.raises(StoreError, match=r"no installed plugin reads 'acme://u:\*\*\*@h'"):
        open_store("acme://u:pw@h")


def test_runs_list(runs: Path) -> None:
    """A table, or one JSON object a line."""
    table = sacred_command("list", runs, "--status", "failed").output.splitlines()
    assert table[0].split() == ["ID", "STATUS", "AGE", "DURATION", "NAME"]
    assert table[1].split()[:2] == ["11", "FAILED"]
    lines = sacred_command("list", runs, "--json", "-n", 2).output.splitlines()
    assert [json.loads(line)["id"] for line in lines] == [10, 11]


def test_runs_show(runs: Path) -> None:
    """Everything about one run, for people and as JSON."""
    page = sacred_command("show", runs, 3).output
    metric = "loss: 1 point, min 0.5 at step 0, max 0.5 at step 0, last 0.5"
    for part in ("Run 3: stored main, COMPLETED", "seed = 2", metric, "seed 2"):
        assert part in page
    data = json.loads(sacred_command("show", runs, 3, "--json").output)
    assert data["config"] == {"seed": 2}
    assert data["metrics"]["loss"]["values"] == [0.5]
    assert "the reason" in sacred_command("show", runs, 11).output


def test_runs_show_shows_the_newest_by_default(runs: Path, tmp_path: Path) -> None:
    """Without an id it is the last run; without runs it is an error."""
    assert sacred_command("show", runs).output.startswith("Run 11:")
    (tmp_path / "empty").mkdir()
    with pytest.raises(StoreError, match="there are no runs at"):
        sacred_command("show", tmp_path / "empty")


def test_a_run_that_ended_is_continued(tmp_path: Path) -> None:
    """Points, output and files that come later are added to what is stored."""
    driver = EventDriver(FileStorageObserver(tmp_path / "runs"))
    run_id = driver.start()
    (tmp_path / "made").write_text("made")
    driver.log("loss", [1.0, float("nan")])
    driver.print("before\n")
    driver.artifact("before", str(tmp_path / "made"), metadata={"n": 1})
    driver.beat(info={"odd": float("inf")})
    driver.complete(result={"a": [float("nan")]})
    store = FileStore(tmp_path / "runs")
    before = store.get(run_id)
    later = EventDriver(store.observer_of(run_id))
    later.metrics, later.output = driver.metrics, driver.output
    later.log("loss", [3.0])
    later.log("new", [4])
    later.print("after\n")
    later.artifact("after", str(tmp_path / "made"))
    run = store.get(run_id)
    assert repr(store.metrics(run_id)) == repr(driver.metrics)
    assert store.output(run_id) == "before\nafter\n"
    assert run.artifacts == ["before", "after"]
    assert (repr(run.result), run.info, run.status) == (
        repr(before.result),
        before.info,
        "COMPLETED",
    )
    names = sorted(path.name for path in (tmp_path / "runs" / str(run_id)).iterdir())
    assert "metrics.jsonl" not in names and "metrics.json" in names


def test_the_observer_of_a_store_starts_runs(tmp_path: Path) -> None:
    """Without an id it is a new one; a run that is missing is an error."""
    EventDriver(FileStorageObserver(tmp_path)).start()
    store = FileStore(tmp_path)
    assert EventDriver(store.observer_of(None)).start() == 2
    with pytest.raises(StoreError, match="run '7' not found"):
        store.observer_of(7)
