"""Tests of the runs of several locations as one list."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sacred_board.data.copies import Copy, choose_copies
from sacred_board.data.listing import list_runs
from sacred_board.data.locations import Location
from sacred_file import FileStorageObserver

from sacred_core import open_store
from sacred_core.exceptions import StoreError, UnavailableError
from sacred_core.stores import Annotation, StoredRun
from sacred_core.stores.query import parse, parse_sort
from sacred_core.stores.summaries import MetricSummary
from sacred_core.testing.event_driver import START, EventDriver

UIDS = [f"{number:032x}" for number in range(10)]


def record(folder: Path, number: int, uid: int | None = None, is_over: bool = True) -> Any:
    """Record a run that starts at a minute of the hour, and return its id."""
    driver = EventDriver(FileStorageObserver(folder))
    meta = {"uid": UIDS[number if uid is None else uid], "beat_interval": 10.0}
    run_id = driver.start(
        config={"n": number}, meta_info=meta, start_time=START + timedelta(minutes=number)
    )
    driver.log("loss", [float(number % 4)])
    driver.beat()
    if is_over:
        driver.complete()
    return run_id


def check_listing(check: Callable[[list[Location]], Awaitable[None]], *folders: Path) -> None:
    """Call a coroutine function with locations, before and after their runs are loaded."""

    async def main() -> None:
        locations = [
            Location(str(each), each.name, lambda each=each: open_store(each)) for each in folders
        ]
        await check(locations)
        await asyncio.gather(*(each.index.refresh() for each in locations))
        await check(locations)

    asyncio.run(main())


def test_runs_of_locations_are_merged_by_their_start(tmp_path) -> None:
    """Pages of runs of two locations have the newest first, or are in the given order."""
    one, other = tmp_path / "one", tmp_path / "other"
    for number in range(6):
        record(one if number % 2 else other, number)

    async def check(locations: list[Location]) -> None:
        numbers = []
        for offset in (0, 2, 4):
            listing = await list_runs(locations, limit=2, offset=offset)
            numbers += [each.run.config["n"] for each in listing.runs]
            assert listing.total in (None, 6)
        assert numbers == [5, 4, 3, 2, 1, 0]
        where, sort = parse("config.n > 0"), parse_sort("metrics.loss.last,-config.n")
        listing = await list_runs(locations, where, sort, limit=3)
        assert [each.run.config["n"] for each in listing.runs] == [4, 5, 1] and listing.total == 5
        assert [each.location.slug for each in listing.runs] == ["other", "one", "one"]
        every = await list_runs(locations, limit=None)
        assert len(every.runs) == 6 == every.total and not every.outages
        last = [listing.metrics.of(each.run)("loss").summary.last for each in listing.runs]
        assert last == [0.0, 1.0, 1.0]

    check_listing(check, one, other)


def test_copies_of_a_run_are_listed_once(tmp_path) -> None:
    """The copy that changed last is shown, with the places of the others."""
    one, other = tmp_path / "one", tmp_path / "other"
    record(one, 1, is_over=False)
    record(one, 2)
    copied = record(other, 1)
    record(other, 2)
    open_store(one).annotate(2, Annotation(time=START + timedelta(days=9), user="a", added=["x"]))

    async def check(locations: list[Location]) -> None:
        listing = await list_runs(locations)
        assert [(each.location.slug, each.run.config["n"]) for each in listing.runs] == [
            ("one", 2),
            ("other", 1),
        ]
        assert [*listing.runs[1].copies] == [(locations[0], 1)] and listing.runs[1].run.id == copied
        assert (await list_runs(locations, parse("tags has x"))).total == 1
        # The other copy would be selected by this query.
        assert (await list_runs(locations, parse("tags missing and config.n = 2"))).total == 0

    check_listing(check, one, other)


def test_copies_that_are_equal_are_those_of_the_first_location(tmp_path) -> None:
    """Of equal copies the one in the location that was named first is shown."""
    folders = [tmp_path / name for name in ("b", "a")]
    for folder in folders:
        record(folder, 1)

    async def check(locations: list[Location]) -> None:
        (found,) = (await list_runs(locations)).runs
        assert found.location is locations[0]
        (found,) = (await list_runs(locations[::-1])).runs
        assert found.location is locations[1]

    check_listing(check, *folders)


def test_the_most_complete_copy_is_shown() -> None:
    """A copy that can be read comes before a damaged one, then the one with most points."""
    newest, oldest = START + timedelta(hours=1), START
    few = StoredRun(id=1, status="COMPLETED", start_time=START, stop_time=oldest)
    more = StoredRun(
        id=2, status="COMPLETED", start_time=START, stop_time=oldest,
        metrics={"loss": MetricSummary(points=1, count=1)},
    )  # fmt: skip
    damaged = StoredRun(
        id=3, status="RUNNING", start_time=START, stop_time=newest, damage="it was cut"
    )
    late = StoredRun(id=4, status="COMPLETED", start_time=START, heartbeat=newest)
    place = Location("runs", "runs", lambda: None)
    for runs, expected in (
        ([few, more], 2), ([more, few], 2), ([damaged, few], 1), ([few, damaged], 1),
        ([more, late], 4), ([late, more], 4),
    ):  # fmt: skip
        ((shown, others),) = choose_copies(Copy(place, run, "a") for run in runs)
        assert shown.run.id == expected, [run.id for run in runs]
        assert [other.run.id for other in others] == [r.id for r in runs if r.id != expected]


@pytest.mark.parametrize("count", [1, 2])
def test_a_location_that_is_away_is_named(tmp_path, count) -> None:
    """The list has the runs of the other locations, and the reason why those of one are missing."""
    record(tmp_path / "one", 1)

    def fail() -> Any:
        raise StoreError("there is no folder")

    async def main() -> None:
        locations = [
            Location("gone", "gone", fail),
            Location("one", "one", lambda: open_store(tmp_path / "one")),
        ][:count]
        listing = await list_runs(locations)
        assert [each.run.config["n"] for each in listing.runs] == [1] * (count - 1)
        (outage,) = listing.outages
        assert (outage.slug, outage.reason) == ("gone", "there is no folder")
        assert not (await list_runs(locations, parse("config.n = 2"))).runs

    asyncio.run(main())


def test_runs_that_were_read_stay_in_the_list(tmp_path, monkeypatch) -> None:
    """Runs of a location that goes away stay in the list, sorted and selected."""
    record(tmp_path / "one", 1)
    store = open_store(tmp_path / "one")

    def fail(*args: Any) -> Any:
        raise UnavailableError("it has gone")

    async def main() -> None:
        location = Location("one", "one", lambda: store)
        await location.index.refresh()
        assert not (await list_runs([location])).outages
        for name in ("list", "change_token", "count"):
            monkeypatch.setattr(store, name, fail)
        location.index.require_look()
        listing = await list_runs([location], parse("config.n = 1"), parse_sort("config.n"))
        assert len(listing.runs) == 1 and listing.outages[0].reason == "it has gone"
        monkeypatch.undo()

    asyncio.run(main())


def test_a_list_whose_runs_are_being_loaded_is_marked(tmp_path, monkeypatch) -> None:
    """Until all runs are in memory the listing is marked: groups and counts may lack some."""
    record(tmp_path / "one", 1)
    store = open_store(tmp_path / "one")
    is_released = threading.Event()
    token = store.change_token
    monkeypatch.setattr(store, "change_token", lambda: is_released.wait(10) and token())

    async def main() -> None:
        location = Location("one", "one", lambda: store)
        assert (await list_runs([location])).is_loading
        is_released.set()
        await location.index.refresh()
        assert not (await list_runs([location])).is_loading

    asyncio.run(main())


def test_a_page_of_a_location_that_is_away_names_the_reason(tmp_path, connect) -> None:
    """The page of a run that was not read yet says why, with the status 503."""
    client = connect(str(tmp_path / "missing"))
    answer = client.get("/run/missing/1?format=json")
    assert answer.status_code == 503 and "there is no folder" in answer.json()["error"]
    assert int(answer.headers["retry-after"]) >= 0
    assert client.get("/").status_code == 200
