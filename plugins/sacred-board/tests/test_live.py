"""Tests of what pages of a run in progress read."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sacred_board.data import live as live_runs
from sacred_board.data.live import LiveRuns
from sacred_board.data.locations import Location
from sacred_file import FileStorageObserver

from sacred_core import open_store
from sacred_core.exceptions import StoreError
from sacred_core.testing.event_driver import EventDriver


@pytest.fixture
def driver(tmp_path: Path) -> EventDriver:
    """A run that has printed a line and logged three points."""
    driver = EventDriver(FileStorageObserver(tmp_path / "runs"))
    driver.start()
    driver.print("first\n")
    driver.log("loss", [1.0, 0.5, math.nan])
    driver.beat()
    return driver


def check_live(tmp_path: Path, check: Callable[[LiveRuns, Any], Awaitable[None]]) -> None:
    """Call a coroutine function with the live runs of the location, and its store."""
    store = open_store(tmp_path / "runs")

    async def main() -> None:
        await check(Location("runs", "runs", lambda: store).live, store)

    asyncio.run(main())


async def ask(live: LiveRuns, position: str | None = None, **counts: int) -> dict[str, Any]:
    """Return what a page lacks of run 1, read anew."""
    run = live.get(1)
    if run.run is not None:
        await run.refresh(0)
    return await run.answer(position, counts)


def test_a_page_gets_what_is_new(tmp_path, driver) -> None:
    """A page gets the output and the points that it lacks, and then nothing until there is more."""

    async def check(live: LiveRuns, store: Any) -> None:
        found = await ask(live, "", loss=1)
        assert found["output"]["text"] == "first\n" and found["output"]["start"] == 0
        points = found["points"]["loss"]
        assert (points["start"], points["steps"], points["values"][0]) == (1, [1, 2], 0.5)
        assert found["run"]["status"] in ("RUNNING", "DEAD") and not found["run"]["is_over"]
        position = found["output"]["position"]
        again = await ask(live, position, loss=3)
        assert again["output"] is None and again["points"] == {}
        driver.print("second\n")
        driver.log("loss", [0.25], 3)
        driver.log("accuracy", [0.9])
        driver.beat()
        more = await ask(live, position, loss=3)
        assert (more["output"]["start"], more["output"]["text"]) == (6, "second\n")
        assert more["points"]["loss"]["values"] == [0.25] and more["points"]["loss"]["start"] == 3
        assert more["points"]["loss"]["times"][0] > 0
        assert more["counts"] == {"loss": 4, "accuracy": 1}
        driver.complete(result=0.9)
        end = await ask(live, more["output"]["position"], loss=4, accuracy=0)
        assert end["run"] | {"heartbeat": 0, "stop_time": 0, "duration": 0} == {
            "id": 1, "status": "COMPLETED", "is_over": True, "heartbeat": 0, "stop_time": 0,
            "duration": 0, "result": 0.9, "files": 0, "annotations": 0,
        }  # fmt: skip
        assert end["points"]["accuracy"]["values"] == [0.9]

    check_live(tmp_path, check)


def test_a_page_that_is_behind_gets_earlier_points(tmp_path, driver) -> None:
    """A page with fewer points than the first page gets all that it lacks, once read."""

    async def check(live: LiveRuns, store: Any) -> None:
        await ask(live, loss=3)
        found = await ask(live, loss=0)
        assert found["points"]["loss"]["values"][:2] == [1.0, 0.5]
        assert (await ask(live, loss=1))["points"]["loss"]["steps"] == [1, 2]

    check_live(tmp_path, check)


def test_a_page_that_is_far_behind_reads_all_again(tmp_path, driver, monkeypatch) -> None:
    """Few points and characters are stored; a page that lacks more is asked to read them."""
    monkeypatch.setattr(live_runs, "MOST_POINTS", 300)
    monkeypatch.setattr(live_runs, "MOST_OUTPUT", 5000)

    async def check(live: LiveRuns, store: Any) -> None:
        await ask(live, loss=3)
        for number in range(4):
            driver.log("loss", [1.0] * 100, 3 + number * 100)
        driver.print("x" * 6000)
        driver.beat()
        found = await ask(live, "", loss=3)
        assert found["points"]["loss"] == {"start": None, "count": 403}
        assert found["output"]["start"] == 1006 and found["output"]["text"] == "x" * 5000
        assert len((await ask(live, loss=103))["points"]["loss"]["steps"]) == 300
        assert (await ask(live, loss=500))["points"]["loss"] == {"start": None, "count": 403}

    check_live(tmp_path, check)


def test_many_pages_read_a_run_once(tmp_path, driver, monkeypatch) -> None:
    """20 pages of one run cost the store what one page does."""

    async def check(live: LiveRuns, store: Any) -> None:
        calls = []
        get = store.get
        monkeypatch.setattr(store, "get", lambda run_id: calls.append(run_id) or get(run_id))
        found = await asyncio.gather(*(live.get("1").answer("", {"loss": 0}) for _ in range(20)))
        assert calls == [1] and len(live) == 1
        assert all(each["output"] == found[0]["output"] for each in found)

    check_live(tmp_path, check)


def test_changed_runs_are_returned(tmp_path, driver) -> None:
    """Runs that pages show are read by the watcher, which is given those with something new."""

    async def check(live: LiveRuns, store: Any) -> None:
        await ask(live, "", loss=0)
        assert await live.refresh(0) == []
        driver.print("more")
        driver.beat()
        (run,) = await live.refresh(0)
        assert run.id == 1
        driver.complete()
        (run,) = await live.refresh(0)
        assert run.status == "COMPLETED"
        assert await live.refresh(0) == [], "a run that has ended is read again"

    check_live(tmp_path, check)


def test_runs_that_no_page_requests_are_forgotten(tmp_path, driver, monkeypatch) -> None:
    """Memory does not grow with the runs that were shown once."""
    monkeypatch.setattr(live_runs, "IDLE", -1.0)

    async def check(live: LiveRuns, store: Any) -> None:
        await ask(live, "")
        assert await live.refresh(0) == [] and len(live) == 0

    check_live(tmp_path, check)


def test_another_run_with_the_id_is_sent_from_its_start(tmp_path, driver) -> None:
    """If the run is deleted and another one gets its id, pages get all of the other one."""
    driver.complete()

    async def check(live: LiveRuns, store: Any) -> None:
        position = (await ask(live, "", loss=0))["output"]["position"]
        store.delete(1)
        other = EventDriver(FileStorageObserver(tmp_path / "runs"))
        other.start(_id=1, asked_id=1, meta_info={"uid": "b" * 32})
        other.print("other\n")
        other.log("loss", [9.0])
        other.complete()
        found = await ask(live, position, loss=3)
        assert (found["output"]["start"], found["output"]["text"]) == (0, "other\n")
        assert found["points"]["loss"] == {"start": None, "count": 1}
        store.delete(1)
        with pytest.raises(StoreError, match="not found"):
            await ask(live)

    check_live(tmp_path, check)


def test_a_new_segment_shows_fewer_points(tmp_path, driver) -> None:
    """Pages read a metric again whose points a new segment repeats; others get what is new."""
    driver.log("other", [1.0])
    driver.beat()

    async def check(live: LiveRuns, store: Any) -> None:
        found = await ask(live, loss=3, other=1)
        assert found["points"] == {} and found["counts"] == {"loss": 3, "other": 1}
        driver.resume(FileStorageObserver(tmp_path / "runs"))
        driver.beat()
        same = await ask(live, loss=3, other=1)
        assert same["points"] == {} and same["counts"] == {"loss": 3, "other": 1}
        driver.log("loss", [7.0], 1)
        driver.log("other", [2.0], 1)
        driver.beat()
        fewer = await ask(live, loss=3, other=1)
        assert fewer["points"]["loss"] == {"start": None, "count": 2}
        assert fewer["points"]["other"]["values"] == [2.0]
        driver.log("loss", [6.0], 2)
        driver.beat()
        more = await ask(live, loss=2, other=2)
        assert more["points"]["loss"]["values"] == [6.0] and more["points"]["loss"]["start"] == 2
        assert more["counts"] == {"loss": 3, "other": 2}

    check_live(tmp_path, check)
