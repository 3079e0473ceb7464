"""Tests of the stream of notices, and of the rest of a run in progress."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sacred_board import create_app
from sacred_board.board import Board
from sacred_board.data import connections, notices, refreshing
from sacred_board.data.locations import Location
from sacred_board.pages import stream
from sacred_file import FileStorageObserver

from sacred_core import open_store
from sacred_core.exceptions import UnavailableError
from sacred_core.stores import Annotation
from sacred_core.testing.event_driver import START, EventDriver


class Page:
    """A page with an open stream, without a server.

    Attributes:
        texts: What was sent.
        notices: The notices in it.
        is_reading: Set while the page reads what is sent.
    """

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.notices: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.status: int | None = None
        self.is_reading = asyncio.Event()
        self.is_reading.set()
        self.has_left = asyncio.Event()
        self.is_complete = False

    async def receive(self) -> dict[str, Any]:
        """Return the request, and that the page has left, once it did."""
        if self.status is None:
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.has_left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        """Take a part of the response."""
        await self.is_reading.wait()
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        self.is_complete = not message.get("more_body")
        text = message["body"].decode()
        self.texts.append(text)
        for line in text.splitlines():
            if line.startswith("data: "):
                self.notices.put_nowait(json.loads(line.removeprefix("data: ")))

    async def next(self) -> dict[str, Any]:
        """Return the next notice, but not the one at the start of the stream."""
        async with asyncio.timeout(10):
            while (notice := await self.notices.get())["type"] == "start":
                pass
            return notice


@asynccontextmanager
async def open_page(board: Board, **headers: str) -> AsyncIterator[tuple[Page, asyncio.Task[None]]]:
    """Open the stream of a board."""
    page = Page()
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
        "scheme": "http", "path": "/changes", "raw_path": b"/changes", "query_string": b"",
        "root_path": "", "server": ("127.0.0.1", 8137), "client": ("127.0.0.1", 1),
        "headers": [(b"host", b"127.0.0.1:8137")]
        + [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    task = asyncio.create_task(create_app(board)(scope, page.receive, page.send))
    async with asyncio.timeout(10):
        while not page.texts and not task.done():
            await asyncio.sleep(0)
    try:
        yield page, task
    finally:
        page.has_left.set()
        page.is_reading.set()
        async with asyncio.timeout(10):
            await task


def check_board(store: Any, check: Callable[[Board], Awaitable[None]]) -> None:
    """Call a coroutine function with a board over a store, whose runs are loaded."""

    async def main() -> None:
        board = Board([Location("runs", "runs", lambda: store)])
        await board.locations[0].index.refresh()
        await check(board)

    asyncio.run(main())


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refreshing, "INTERVAL", 0.02)
    monkeypatch.setattr(connections, "FIRST_RETRY", 0.02)


@pytest.fixture
def driver(tmp_path: Path) -> EventDriver:
    """A run in progress."""
    driver = EventDriver(FileStorageObserver(tmp_path / "runs"))
    driver.start()
    return driver


@pytest.fixture
def store(tmp_path: Path, driver: EventDriver) -> Any:
    """The store of the run."""
    return open_store(tmp_path / "runs")


def test_changes_are_sent_to_each_page(tmp_path, store, driver) -> None:
    """Open pages receive a notice of a run that changed, of a new one and of a deleted one."""

    async def check(board: Board) -> None:
        async with open_page(board) as (one, _), open_page(board) as (other, _):
            driver.complete()
            expected = {"type": "run", "slug": "runs", "id": 1, "status": "COMPLETED"}
            for page in (one, other):
                while (notice := await page.next()) != expected:
                    assert notice["id"] == 1
            new = EventDriver(FileStorageObserver(tmp_path / "runs"))
            new.start()
            new.complete()
            while (await one.next())["id"] != 2:
                pass
            store.delete(1)
            while (notice := await one.next())["type"] != "gone":
                pass
            assert notice == {"type": "gone", "slug": "runs", "id": 1}
            assert one.status == 200 and one.texts[0].startswith("retry: ")

    check_board(store, check)


def test_a_run_that_dies_is_a_change(store, driver, monkeypatch) -> None:
    """A notice is sent when a run sends no heartbeats any more, which changes no record."""

    async def check(board: Board) -> None:
        run = board.locations[0].index.get(1)
        statuses = iter(["RUNNING"] * 3)
        kind = type(run)
        monkeypatch.setattr(kind, "status_at", lambda self, now: next(statuses, "DEAD"))
        async with open_page(board) as (page, _):
            notice = await page.next()
            assert (notice["id"], notice["status"]) == (1, "DEAD")

    check_board(store, check)


def test_the_store_is_read_only_while_a_page_is_open(store, monkeypatch) -> None:
    """The watcher starts with the first stream and ends with the last one."""

    async def check(board: Board) -> None:
        listings = []
        list_runs = store.list
        monkeypatch.setattr(store, "list", lambda query: listings.append(1) or list_runs(query))
        await asyncio.sleep(0.1)
        assert not listings and board.watching.pages == 0
        async with open_page(board):
            async with open_page(board):
                assert board.watching.pages == 2
            async with asyncio.timeout(10):
                while len(listings) < 3:
                    await asyncio.sleep(0.01)
        assert board.watching.pages == 0
        await asyncio.sleep(0.05)
        known = len(listings)
        await asyncio.sleep(0.1)
        assert len(listings) == known, "the store is read without a page"

    check_board(store, check)


def test_an_outage_and_its_end_are_sent(store, driver, monkeypatch) -> None:
    """Pages learn the reason of an outage, and that the store can be reached again."""
    failing = [False]

    def fail_sometimes(function: Any) -> Any:
        def call(*args: Any) -> Any:
            if failing[0]:
                raise UnavailableError("the server has gone")
            return function(*args)

        return call

    for name in ("list", "get", "change_token", "count"):
        monkeypatch.setattr(store, name, fail_sometimes(getattr(store, name)))

    async def check(board: Board) -> None:
        async with open_page(board) as (page, _):
            failing[0] = True
            while (notice := await page.next())["type"] != "away":
                pass
            assert (notice["slug"], notice["reason"]) == ("runs", "the server has gone")
            async with open_page(board) as (other, _):
                start = await other.notices.get()
                assert start["outages"]["runs"]["reason"] == "the server has gone"
            failing[0] = False
            while (await page.next())["type"] != "back":
                pass
            store.annotate(1, Annotation(time=START, user="ann", added=["seen"]))
            while (await page.next())["type"] != "run":
                pass

    check_board(store, check)


def test_an_unexpected_error_does_not_end_the_watcher(store, driver, monkeypatch, caplog) -> None:
    """An error of a driver is logged without a traceback; the next look finds the changes."""
    list_runs = store.list
    errors = [ValueError("mongodb://me:hunter2@host broke")]

    def fail_once(query: Any) -> Any:
        if errors:
            raise errors.pop()
        return list_runs(query)

    async def check(board: Board) -> None:
        monkeypatch.setattr(store, "list", fail_once)
        async with open_page(board) as (page, _):
            driver.complete()
            while (await page.next()).get("status") != "COMPLETED":
                pass
        assert not errors and "Cannot look for changes in runs" in caplog.text
        assert "hunter2" not in caplog.text and "Traceback" not in caplog.text

    check_board(store, check)


def test_a_stream_that_connects_again_starts_with_a_refresh(store) -> None:
    """A page may have missed notices: it is asked to read again what it shows."""

    async def check(board: Board) -> None:
        async with open_page(board, last_event_id="x-1") as (page, _):
            assert await page.next() == {"type": "refresh"}

    check_board(store, check)


def test_streams_end_when_the_board_ends(store) -> None:
    """All streams end at once, after a notice; later ones end at their beginning."""

    async def check(board: Board) -> None:
        async with open_page(board) as (page, task):
            board.watching.close()
            async with asyncio.timeout(5):
                await task
            assert await page.next() == {"type": "stopped"} and page.is_complete
        async with open_page(board) as (page, task):
            async with asyncio.timeout(5):
                await task
            assert await page.next() == {"type": "stopped"}
        assert board.watching.pages == 0

    check_board(store, check)


def test_a_page_that_does_not_read_is_dropped(store, monkeypatch) -> None:
    """A stream that cannot be sent for a time ends, so that it takes no memory."""
    monkeypatch.setattr(stream, "PATIENCE", 0.05)
    monkeypatch.setattr(stream, "KEEP_ALIVE", 0.01)

    async def check(board: Board) -> None:
        async with open_page(board) as (page, task):
            page.is_reading.clear()
            async with asyncio.timeout(5):
                await task
            assert board.watching.pages == 0

    check_board(store, check)


def test_too_many_notices_become_one() -> None:
    """The newest notice of a run replaces earlier ones; beyond a number all become a refresh."""

    async def main() -> None:
        mailbox = notices.Mailbox()
        run = {"type": "run", "slug": "runs", "id": 1}
        mailbox.put({**run, "status": "RUNNING"})
        mailbox.put({**run, "status": "COMPLETED"})
        assert [each["status"] for each in await mailbox.take(1)] == ["COMPLETED"]
        assert await mailbox.take(0.01) == []
        mailbox.put({"type": "away", "slug": "runs"})
        for number in range(notices.MOST_NOTICES):
            mailbox.put({**run, "id": number})
        assert [each["type"] for each in await mailbox.take(1)] == ["away", "refresh"]

    asyncio.run(main())


def test_streams_are_limited(store, monkeypatch) -> None:
    """Beyond a number of streams a further one is refused."""
    monkeypatch.setattr(stream, "MOST_STREAMS", 1)

    async def check(board: Board) -> None:
        async with open_page(board), open_page(board) as (page, _):
            assert page.status == 503

    check_board(store, check)


def test_the_rest_of_a_run_is_json(tmp_path, connect, driver) -> None:
    """The output and the points that a page lacks are in one answer, which names all metrics."""
    driver.print("line\n")
    driver.log("val loss: x", [1.0, float("nan")])
    driver.complete()
    client = connect(str(tmp_path / "runs"))
    params = {"output": "", "points": ["val loss: x:1"]}
    found = client.get("/live/runs/1", params=params).json()
    assert found["output"]["text"] == "line\n" and found["run"]["is_over"]
    assert found["points"]["val loss: x"]["values"] == ["NaN"]
    assert found["counts"] == {"val loss: x": 2}
    position = found["output"]["position"]
    found = client.get("/live/runs/1", params={"output": position}).json()
    assert found["output"] is None and found["points"] == {}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/live/runs/7", 404),
        ("/live/other/1", 404),
        ("/live/runs/1?points=loss", 400),
        ("/live/runs/1?points=loss:-1", 400),
        ("/live/runs/1?points=loss:%D9%A1", 400),
        ("/live/runs/../../etc/passwd", 404),
    ],
)
def test_wrong_addresses_are_errors(tmp_path, connect, driver, path, status) -> None:
    """A run that does not exist, and a number that is none, are errors of one sentence."""
    client = connect(str(tmp_path / "runs"))
    answer = client.get(path + ("&" if "?" in path else "?") + "format=json")
    assert answer.status_code == status and answer.json()["error"]
