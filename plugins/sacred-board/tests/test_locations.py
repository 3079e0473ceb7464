"""Tests of locations: threads, outages and names in addresses."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sacred_board.data import connections
from sacred_board.data.locations import Location, LocationAwayError, unique_slugs

from sacred_core.exceptions import DamagedRecordError, StoreError, UnavailableError
from sacred_core.stores import StoredRun


class FailingStore:
    """A store that raises an error while it has one."""

    display_name = "failing"

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.calls = 0

    def list(self, query: Any = None) -> Iterator[StoredRun]:
        """Yield a run."""
        self.check()
        yield StoredRun(id=1, status="COMPLETED")

    def get(self, run_id: Any) -> StoredRun:
        """Return the run 1."""
        self.check()
        if run_id != 1:
            raise StoreError("not found")
        return StoredRun(id=1, status="COMPLETED")

    def check(self) -> None:
        """Count a call, which may fail."""
        self.calls += 1
        if self.error is not None:
            raise self.error


@pytest.fixture
def store() -> FailingStore:
    """A store that the test lets fail."""
    return FailingStore()


@pytest.fixture
def location(store: FailingStore) -> Location:
    """The location of this store."""
    return Location("failing://user:hunter2@host/db", "db", lambda: store)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """A function that lets time pass for outages."""
    passed = [0.0]
    real = time.monotonic

    class Clock:
        """The module `time` with another clock."""

        @staticmethod
        def monotonic() -> float:
            """Return the real time and what the test added."""
            return real() + passed[0]

    monkeypatch.setattr(connections, "time", Clock)
    return lambda seconds: passed.__setitem__(0, passed[0] + seconds)


async def fail(location: Location) -> LocationAwayError:
    """Return the error of a location that is away."""
    with pytest.raises(LocationAwayError) as found:
        await location.read((await location.store()).get, 1)
    return found.value


def test_attempts_become_rare_while_a_store_is_away(location, store, clock) -> None:
    """A store that is away is tried after 1, 2, 4 ... 60 seconds, once each time."""

    async def check() -> None:
        await location.store()
        store.error = UnavailableError("it refuses mongodb://me:hunter2@host")
        intervals = []
        for _ in range(8):
            error = await fail(location)
            intervals.append(error.outage.interval)
            tried = store.calls
            assert (await fail(location)).outage is error.outage and store.calls == tried
            clock(error.outage.interval + 0.01)
        assert intervals == [1, 2, 4, 8, 16, 32, 60, 60]
        assert "hunter2" not in str(error) and "it refuses" in str(error), error
        store.error = None
        assert (await location.get(1)).id == 1 and location.outage is None

    asyncio.run(check())


def test_one_reader_tries_a_store_that_is_away(location, store, clock) -> None:
    """While an attempt to reach a store is running, others are refused at once."""

    async def check() -> None:
        await location.store()
        store.error = UnavailableError("away")
        await fail(location)
        clock(1.1)
        release = threading.Event()
        attempt = asyncio.create_task(location.call(release.wait))
        await asyncio.sleep(0)
        await fail(location)
        assert store.calls == 1, "a second reader tried to reach the store"
        release.set()
        await attempt
        assert location.outage is None

    asyncio.run(check())


@pytest.mark.parametrize("error", [DamagedRecordError("damaged"), StoreError("not found")])
def test_an_error_about_one_run_is_not_an_outage(location, store, error) -> None:
    """An error that concerns one run is raised as it is, and the location stays."""

    async def check() -> None:
        await location.store()

        def read() -> None:
            raise error

        with pytest.raises(StoreError) as found:
            await location.read(read)
        assert found.value is error and location.outage is None

    asyncio.run(check())


def test_an_error_about_one_run_ends_an_outage(location, store, clock) -> None:
    """A store that answers with an error about one run can be reached again."""

    async def check() -> None:
        await location.store()
        store.error = UnavailableError("away")
        await fail(location)
        clock(1.1)
        store.error = DamagedRecordError("damaged")
        with pytest.raises(DamagedRecordError):
            await location.read(store.get, 1)
        assert location.outage is None

    asyncio.run(check())


def test_parts_of_a_page_are_shown_while_a_store_is_away(location, store) -> None:
    """A function that shows a run gets a store whose methods raise the reason at once."""

    async def check() -> None:
        assert await location.show(lambda found: found.get(1).id) == 1
        store.error = UnavailableError("the server has gone")
        await fail(location)

        def show(found: Any) -> str:
            with pytest.raises(DamagedRecordError, match="the server has gone"):
                found.output(1)
            return "shown"

        calls = store.calls
        assert await location.show(show) == "shown" and store.calls == calls

    asyncio.run(check())


def test_an_error_about_the_whole_store_is_an_outage(location, store) -> None:
    """If the store cannot list a run either, such as a folder that is gone, it is away."""

    async def check() -> None:
        await location.store()
        store.error = StoreError("cannot read the folder")
        assert (await fail(location)).outage.reason == "cannot read the folder"

    asyncio.run(check())


def test_the_limit_of_a_driver_is_an_outage_too(location, store) -> None:
    """A `TimeoutError` that a store raises is an outage, also where the board sets no limit."""

    async def check() -> None:
        await location.store()
        store.error = TimeoutError("the socket")
        with pytest.raises(LocationAwayError, match=r"^no answer$"):
            await location.call(store.check)

    asyncio.run(check())


def test_a_store_that_cannot_be_opened_is_tried_again(store, clock) -> None:
    """The location of a store that is missing at the start is away until it can be opened."""
    errors: list[Exception] = [StoreError("there is no folder")]

    def open_store() -> FailingStore:
        if errors:
            raise errors.pop()
        return store

    async def check() -> None:
        location = Location("runs", "runs", open_store)
        assert "there is no folder" in str(await fail(location))
        clock(1.1)
        assert (await location.get(1)).id == 1

    asyncio.run(check())


def test_a_slow_store_delays_neither_others_nor_the_loop(location, monkeypatch) -> None:
    """Readers of a store that hangs time out; other locations are read meanwhile."""
    monkeypatch.setattr(connections, "TIMEOUT", 0.2)
    release = threading.Event()
    other = Location("other", "other", FailingStore)

    async def check() -> None:
        hanging = [
            asyncio.create_task(location.read(release.wait)) for _ in range(connections.READERS + 2)
        ]
        await asyncio.sleep(0)
        assert (await other.get(1)).id == 1
        errors = await asyncio.gather(*hanging, return_exceptions=True)
        assert all(isinstance(error, LocationAwayError) for error in errors), errors
        assert "no answer for 0.2 seconds" in str(errors[0])

    try:
        asyncio.run(check())
    finally:
        release.set()


def test_slugs_identify_locations_without_secrets() -> None:
    """A slug is the last part of a name, with a number where it occurs twice."""
    slugs = {
        "/data/runs": "runs",
        "sqlite:///other/runs": "runs-2",
        "s3://bucket/a b/": "a-b",
        "mongodb://host/db?authSource=admin": "db",
        "-m localhost:27017:sacred": "sacred",
        "/": "runs-3",
    }
    assert unique_slugs(slugs) == [*slugs.values()]
