"""Tests of the runs of a location in memory."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sacred_board.data import refreshing
from sacred_board.data.index import Changes, RunIndex
from sacred_board.data.locations import Location, LocationAwayError
from sacred_board.data.shared_values import SharedValues
from sacred_file import FileStorageObserver

from sacred_core import open_store
from sacred_core.exceptions import ChangeTokenError, UnavailableError
from sacred_core.stores import Annotation, StoredRun, find_runs
from sacred_core.stores.query import parse, parse_sort
from sacred_core.testing.event_driver import START, EventDriver

LOCATIONS = ("", "tinydb://", "sqlite:///")


def observer_of(location: str) -> Any:
    """Return an observer of a location."""
    if location.startswith("tinydb"):
        from sacred_tinydb import TinyDbObserver

        return TinyDbObserver(location.removeprefix("tinydb://"))
    if location.startswith("sqlite"):
        from sacred_sql import SqlObserver

        return SqlObserver(location)
    return FileStorageObserver(location)


@pytest.fixture(params=LOCATIONS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A location of each kind, which is an empty store."""
    if request.param == "tinydb://":
        pytest.importorskip("sacred_tinydb")
    elif request.param == "sqlite:///":
        pytest.importorskip("sacred_sql")
    return f"{request.param}{tmp_path}/runs"


def record(location: str, loss: float = 0.5, **fields: Any) -> Any:
    """Record a run, and return its id."""
    driver = EventDriver(observer_of(location))
    run_id = driver.start(**fields)
    driver.log("loss", [1.0, loss])
    driver.complete(result=loss)
    return run_id


def check_index(location: str, check: Callable[[RunIndex], Awaitable[None]]) -> None:
    """Call a coroutine function with the index of a location."""

    async def main() -> None:
        await check(Location(location, "runs", lambda: open_store(location)).index)

    asyncio.run(main())


def test_the_newest_runs_are_read_before_all_are_loaded(place) -> None:
    """The first page has the newest runs first, and all runs are loaded in the background."""
    ids = [record(place) for _ in range(4)]

    async def check(index: RunIndex) -> None:
        found = await index.find(limit=2)
        assert [run.id for run in found.runs] == ids[:1:-1] and found.total == 4
        await index.refresh()
        assert index.is_loaded and len(index) == 4
        found = await index.find(limit=2, offset=1)
        assert [run.id for run in found.runs] == [ids[2], ids[1]] and found.total == 4

    check_index(place, check)


def test_a_query_and_an_order_select_from_all_runs(place) -> None:
    """Runs in memory are selected and sorted as `find_runs` does, also by metrics."""
    for number in range(6):
        record(place, (number * 7) % 5, config={"a": number})

    async def check(index: RunIndex) -> None:
        for where, sort in (
            ("config.a > 1", None),
            ("metrics.loss.last >= 1", "-metrics.loss.last"),
            (None, "config.a"),
            ("status = COMPLETED", "-result,config.a"),
        ):
            query, order = parse(where) if where else None, parse_sort(sort) if sort else None
            found = await index.find(query, order, 3, 1)
            every = find_runs(place, where, sort)
            ids = [run.id for run in (every if sort else every[::-1])]
            assert [run.id for run in found.runs] == ids[1:4], (where, sort)
            assert found.total == len(every)

    check_index(place, check)


def test_changes_are_found(place) -> None:
    """New, changed and deleted runs are found by the next look, which names only these."""
    ids = [record(place) for _ in range(3)]
    store = open_store(place)

    async def check(index: RunIndex) -> None:
        await index.refresh()
        looks: list[Changes] = []
        index.listeners.append(looks.append)
        await index.refresh(0)
        assert not looks, f"nothing changed, but {looks} were found"
        new = record(place)
        store.annotate(ids[0], Annotation(time=START, user="ann", added=["good"]))
        await index.refresh(0)
        (look,) = looks
        assert {run.id for run in look.changed} == {ids[0], new} and not look.deleted
        assert index.get(str(ids[0])).tags == ["good"]
        store.delete(ids[1])
        await index.refresh(0)
        assert [*looks[-1].deleted] == [ids[1]] and not looks[-1].changed
        assert [run.id for run in index.runs()] == [ids[0], ids[2], new]

    check_index(place, check)


def test_a_deleted_and_a_new_run_are_found_together(place) -> None:
    """A run that was deleted is found where another one was added at the same time."""
    ids = [record(place) for _ in range(2)]

    async def check(index: RunIndex) -> None:
        await index.refresh()
        open_store(place).delete(ids[0])
        new = record(place)
        await index.refresh(0)
        assert [run.id for run in index.runs()] == [ids[1], new]

    check_index(place, check)


def test_a_running_run_is_read_again(place) -> None:
    """The points and the end of a run in progress appear; the run stays the same object then."""
    driver = EventDriver(observer_of(place))
    run_id = driver.start()

    async def check(index: RunIndex) -> None:
        await index.refresh()
        driver.log("loss", [0.5])
        driver.beat()
        await index.refresh(0)
        run = index.get(run_id)
        assert index.metrics.of(run)("loss").summary.last == 0.5
        driver.complete(result=3)
        await index.refresh(0)
        ended = index.get(run_id)
        assert (ended.status, ended.result) == ("COMPLETED", 3)
        await index.refresh(0)
        assert index.get(run_id) is ended, "a run that did not change was replaced"

    check_index(place, check)


def test_runs_keep_the_order_of_their_store(tmp_path) -> None:
    """A run that gets a smaller number than another one is listed before it."""
    place = str(tmp_path / "runs")
    record(place, _id=5, asked_id=5)

    async def check(index: RunIndex) -> None:
        await index.refresh()
        record(place, _id=3, asked_id=3, start_time=START.replace(year=2020))
        await index.refresh(0)
        assert [run.id for run in index.runs()] == [3, 5]

    check_index(place, check)


def test_readers_share_one_look(tmp_path, monkeypatch) -> None:
    """Pages that are made within the interval share a look; after a change there is another."""
    place = str(tmp_path / "runs")
    run_id = record(place)
    store = open_store(place)
    listings: list[Any] = []
    list_runs = store.list

    def count_listings(query: Any) -> Any:
        listings.append(query)
        return list_runs(query)

    monkeypatch.setattr(refreshing, "INTERVAL", 1000.0)

    async def main() -> None:
        index = Location(place, "runs", lambda: store).index
        await index.refresh()
        monkeypatch.setattr(store, "list", count_listings)
        await asyncio.gather(*(index.find(limit=1) for _ in range(10)))
        assert not listings, "a look that is young enough was repeated"
        await asyncio.gather(*(index.refresh(0) for _ in range(10)))
        assert len(listings) == 1
        open_store(place).annotate(run_id, Annotation(time=START, user="ann", note="seen"))
        index.require_look()
        (found,) = (await index.find(limit=1)).runs
        assert found.notes[0]["text"] == "seen" and len(listings) == 2

    asyncio.run(main())


def test_runs_stay_while_the_store_is_away(tmp_path, monkeypatch) -> None:
    """While a store cannot be reached, its runs are those that were read last."""
    place = str(tmp_path / "runs")
    run_id = record(place)
    store = open_store(place)

    async def main() -> None:
        location = Location(place, "runs", lambda: store)
        await location.index.refresh()

        def fail(*args: Any) -> Any:
            raise UnavailableError("the server has gone")

        for name in ("list", "get", "change_token", "count", "ids"):
            monkeypatch.setattr(store, name, fail)
        with pytest.raises(LocationAwayError, match="the server has gone"):
            await location.index.refresh(0)
        found = await location.index.find(parse("status = COMPLETED"), limit=5)
        assert [run.id for run in found.runs] == [run_id] and location.outage is not None
        assert (await location.get(str(run_id))).id == run_id
        monkeypatch.undo()

    asyncio.run(main())


def test_a_replaced_store_is_loaded_again(tmp_path) -> None:
    """Runs of a folder that was emptied and filled again are not mixed with those before."""
    place = tmp_path / "runs"
    for number in range(3):
        record(str(place), config={"a": number})

    async def check(index: RunIndex) -> None:
        await index.refresh()
        shutil.rmtree(place)
        record(str(place), config={"a": 9})
        await index.refresh(0)
        assert [run.config["a"] for run in index.runs()] == [9]

    check_index(str(place), check)


def test_equal_parts_of_runs_are_one_object(tmp_path) -> None:
    """Host, packages and equal entries of runs are in memory once, with their types and order."""
    place = str(tmp_path / "runs")
    config = {"a": {"b": [1.5, True]}, "zero": -0.0, "one": 1, "flag": True, "name": "x" * 300}
    for number in range(2):
        record(place, config={**config, "seed": number}, host_info={"cpus": ["a", "b"]})

    async def check(index: RunIndex) -> None:
        await index.refresh()
        one, other = index.runs()
        for run in (one, other):
            assert repr(run.config) == repr({**config, "seed": run.config["seed"]})
        assert one.config["a"] is other.config["a"] and one.config["name"] is other.config["name"]
        assert one.host["cpus"] is other.host["cpus"]

    check_index(place, check)


def test_parts_that_are_not_plain_are_not_shared() -> None:
    """A value that has no digest, as it is nested deeply or is another object, stays as it is."""
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    shared = SharedValues()
    runs = [
        StoredRun(id=number, status="COMPLETED", info={"time": [START], "deep": deep}, result=1.5)
        for number in range(2)
    ]
    for run in runs:
        same = shared.share(run)
        assert same is run and run.info["time"] == [START] and run.info["deep"] is deep
    long, other = "x" * 500, "".join(["x"] * 500)
    one, two = (StoredRun(id=1, status="", result=each) for each in (long, other))
    assert shared.share(one).result is shared.share(two).result == long


def test_a_token_of_another_store_loads_all_runs(tmp_path, monkeypatch) -> None:
    """If the store refuses the token of the last look, all runs are read, and changes reported."""
    place = str(tmp_path / "runs")
    ids = [record(place) for _ in range(2)]
    store = open_store(place)
    list_runs = store.list

    def refuse(query: Any) -> Any:
        if query.since is not None:
            raise ChangeTokenError("it is of another store")
        return list_runs(query)

    async def main() -> None:
        index = Location(place, "runs", lambda: store).index
        await index.refresh()
        looks: list[Changes] = []
        index.listeners.append(looks.append)
        monkeypatch.setattr(store, "list", refuse)
        await index.refresh(0)
        assert not looks and [run.id for run in index.runs()] == ids
        store.delete(ids[0])
        new = record(place)
        await index.refresh(0)
        assert [*looks[0].deleted] == [ids[0]] and [run.id for run in looks[0].changed] == [new]

    asyncio.run(main())
