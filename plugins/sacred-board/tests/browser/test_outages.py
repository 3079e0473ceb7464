"""Tests of pages while the database below the board is killed, and after it is back."""

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.growth import servers
from sacred_core.observers import MongoObserver, SqlObserver
from sacred_core.testing import EventDriver

if TYPE_CHECKING:
    from .browsing import Browser
    from .running_board import RunningBoard


@contextlib.contextmanager
def postgres(folder: Path) -> Iterator[tuple[Any, str, Callable[[], Any]]]:
    """Run PostgreSQL; yield the server, a location, and what makes an observer of it."""
    pytest.importorskip("psycopg")
    if not [*Path("/usr/lib/postgresql").glob("*/bin/initdb")]:
        pytest.skip("PostgreSQL is not installed (Debian: postgresql)")
    with servers.Postgres(folder) as server:
        url = server.database("outage")
        yield server, url, lambda: SqlObserver(url)


@contextlib.contextmanager
def mongo(folder: Path) -> Iterator[tuple[Any, str, Callable[[], Any]]]:
    """Run SecantusDB; yield the server, a location, and what makes an observer of it."""
    pytest.importorskip("secantus")
    with servers.Mongo(folder) as server:
        url = f"mongodb://127.0.0.1:{server.port}"
        options = "?directConnection=true&serverSelectionTimeoutMS=1000"
        yield server, f"{url}/outage.runs{options}", lambda: MongoObserver(url, "outage")


@pytest.mark.parametrize("run_server", [postgres, mongo], ids=["PostgreSQL", "MongoDB"])
def test_a_page_recovers_from_a_killed_database(
    browser: "Browser", board_of: "Callable[..., RunningBoard]", run_server: Any,
    expected_messages: list[str],
) -> None:  # fmt: skip
    """After SIGKILL of the database a page has a banner and the last data; it recovers alone."""
    expected_messages.append("503")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # the server is run by nobody
        own = Path(folder) / "server"
        own.mkdir()
        with run_server(own) as (server, location, new_observer):
            EventDriver(new_observer()).start()
            ended = EventDriver(new_observer())
            ended.start()
            ended.complete()
            board = board_of(location)
            browser.get(board.url("/"))
            links = "a[href^='/run/']"
            browser.wait(lambda: {"1", "2"} <= {*browser.texts(links)}, "the runs are missing")
            server.kill()
            assert "cannot be reached" in browser.find("#banners [data-away]").text
            browser.get(board.url("/"))
            assert {"1", "2"} <= {*browser.texts(links)}, "the last data are not shown"
            assert browser.find_all("#banners [data-away]"), "a new page has no banner"
            browser.get(board.url(f"/run/{board.board.locations[0].slug}/2"))
            assert "Run 2" in browser.find("h1").text
            server.start()
            browser.wait(lambda: not browser.find_all("#banners [data-away]"), "no recovery")
            ended = EventDriver(new_observer())
            ended.start()
            ended.complete()

            def has_new_run() -> bool:
                browser.get(board.url("/"))  # a page does not wait for a slow store
                return "3" in browser.texts(links)

            browser.wait(has_new_run, "a new run is missing")
