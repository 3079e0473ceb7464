"""Tests of several stores as one."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from sacred_core.exceptions import ChangeTokenError, StoreError
from sacred_core.stores import Annotation, RunQuery, find_runs
from sacred_core.stores.changes import missing_ids
from sacred_core.stores.curves import summaries
from sacred_core.stores.finding import count_runs
from sacred_core.stores.query import parse
from sacred_core.stores.recursive import RecursiveStore
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> RecursiveStore:
    """Two stores of two runs each, which were started in turns."""
    stores = {}
    for position, name in enumerate(("", "a/b")):
        memory = Memory()
        stores[f"at {name}"] = MemoryStore(memory)
        for number in range(2):
            driver = EventDriver(MemoryObserver(memory))
            start = NOW + timedelta(hours=2 * number + position)
            driver.start(config={"n": 10 * position + number}, start_time=start)
            driver.log("loss", [1.0, float(number)])
            driver.print(f"printed by {name} {number}\n")
            (tmp_path / "made").write_text(f"{position}{number}")
            driver.artifact("made", str(tmp_path / "made"))
            driver.complete()
    monkeypatch.setattr(
        "sacred_core.stores.recursive.find_locations", lambda folder: {"": "at ", "a/b": "at a/b"}
    )
    monkeypatch.setattr("sacred_core.stores.recursive.open_store", stores.__getitem__)
    return RecursiveStore("results")


def ids(runs: Any) -> list[Any]:
    return [run.id for run in runs]


def test_runs_are_listed_by_their_start(store: RecursiveStore) -> None:
    """Ids have the path of the store; a limit is that of all stores."""
    assert ids(store.list()) == ["1", "a/b/1", "2", "a/b/2"]
    assert ids(store.list(RunQuery(limit=1))) == ["a/b/2"]
    assert ids(store.list(RunQuery(limit=3))) == ["a/b/1", "2", "a/b/2"]
    assert ids(store.list(RunQuery(where=parse("config.n >= 10")))) == ["a/b/1", "a/b/2"]
    assert ids(find_runs(store, "metrics.loss.last < 1", "-config.n")) == ["a/b/1", "1"]
    assert (store.count(), count_runs(store)) == (4, 4)
    assert sorted(map(str, store.ids())) == ["1", "2", "a/b/1", "a/b/2"]
    assert missing_ids(store, ["1", "a/b/2", "a/b/3"]) == ["a/b/3"]


def test_parts_are_read_by_the_whole_id(store: RecursiveStore) -> None:
    """Each method finds the store by the path in the id."""
    run = store.get("a/b/2")
    assert (run.id, run.status, run.config) == ("a/b/2", "COMPLETED", {"n": 11})
    assert store.output("a/b/1") == "printed by a/b 0\n"
    assert store.metrics("2")["loss"]["values"] == [1.0, 1.0]
    assert summaries(store, "a/b/1")["loss"][0].min == 0.0
    assert store.points("a/b/1", {"loss": (1, None)})["loss"]["values"] == [0.0]
    with store.open_file("a/b/2", "artifact", "made") as file:
        assert file.read() == b"11"
    store.annotate("a/b/1", Annotation(time=NOW, user="u", added=["x"]))
    assert [run.tags for run in store.list()] == [[], ["x"], [], []]
    store.delete("1")
    assert ids(store.list()) == ["a/b/1", "2", "a/b/2"]


@pytest.mark.parametrize("run_id", ["a/1", "3", "a/b/3", "a/b"])
def test_runs_that_do_not_exist(store: RecursiveStore, run_id: str) -> None:
    """An id with another path or number is not found."""
    with pytest.raises(StoreError, match="not found"):
        store.get(run_id)


def test_a_folder_without_stores(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an error that names the folder."""
    monkeypatch.setattr("sacred_core.stores.recursive.find_locations", lambda folder: {})
    with pytest.raises(StoreError, match="no runs in 'results' and its sub-folders"):
        RecursiveStore("results")


def test_stores_that_were_created_later_are_found(
    store: RecursiveStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All their runs are new. They are searched for ten seconds after the last time."""
    token, memory = store.change_token(), Memory()
    EventDriver(MemoryObserver(memory)).start()
    places, now = {"": "at ", "new": "at new", "bad": "at bad"}, time.monotonic()
    opened = [StoreError("not complete"), MemoryStore(memory), MemoryStore(Memory())]
    monkeypatch.setattr("sacred_core.stores.recursive.find_locations", lambda folder: places)
    monkeypatch.setattr("sacred_core.stores.recursive.open_store", Mock(side_effect=opened))
    for seconds, expected in ((5, []), (11, []), (12, ["new/1"])):
        monkeypatch.setattr(time, "monotonic", lambda after=seconds: now + after)
        assert ids(store.list(RunQuery(since=token))) == expected
    assert len(ids(store.list())) == 5


def test_changes_of_all_stores_are_listed(
    store: RecursiveStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token has those of all stores; the runs of a store that is new are all listed."""
    token = store.change_token()
    assert find_runs(store, since=token) == []
    store.annotate("a/b/1", Annotation(time=NOW, user="ann", note="x"))
    assert [run.id for run in find_runs(store, since=token)] == ["a/b/1"]
    monkeypatch.setattr(
        "sacred_core.stores.recursive.find_locations",
        lambda folder: {"": "at ", "a/b": "at a/b", "new": "at a/b"},
    )
    found = [run.id for run in find_runs(RecursiveStore("results"), since=token)]
    assert sorted(found) == ["a/b/1", "new/1", "new/2"]
    with pytest.raises(ChangeTokenError, match="another store"):
        find_runs(RecursiveStore("others"), since=token)
