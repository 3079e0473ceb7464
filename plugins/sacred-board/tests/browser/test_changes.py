"""Tests of live updates in a browser: one stream for all tabs, and banners."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sacred_core.observers import FileStorageObserver
from sacred_core.testing import EventDriver

if TYPE_CHECKING:
    from .browsing import Browser
    from .running_board import RunningBoard

#: Collects the notices that a page receives.
COLLECT = """
    const [done] = arguments;
    window.notices = [];
    import("/static/changes.js").then(({onChange, onState}) => {
      onChange((notice) => window.notices.push(notice));
      onState((state) => { window.connection = state.connection; });
      done();
    });
"""
#: Follows run 1, and collects what is new.
FOLLOW = """
    const [slug, done] = arguments;
    window.updates = [];
    import("/static/live.js").then(({followRun, updatedOutput}) => {
      let output = "";
      followRun(slug, "1", {position: "", points: {loss: 0}}, (update) => {
        if (update.output) output = updatedOutput(output, update.output);
        window.updates.push({...update, shown: output});
      });
      done();
    });
"""


@pytest.fixture
def driver(tmp_path: Path) -> EventDriver:
    """A run in progress."""
    driver = EventDriver(FileStorageObserver(tmp_path / "runs"))
    driver.start()
    driver.beat()
    return driver


@pytest.fixture
def board(
    board_of: "Callable[..., RunningBoard]", tmp_path: Path, driver: EventDriver
) -> "RunningBoard":
    """A board with this run."""
    return board_of(str(tmp_path / "runs"))


@pytest.fixture
def tabs(browser: "Browser") -> "Iterator[Callable[[str], str]]":
    """Opens further tabs, which are closed at the end."""
    first = browser.current_window_handle

    def open_tab(url: str) -> str:
        browser.switch_to.new_window("tab")
        browser.get(url)
        handle: str = browser.current_window_handle
        return handle

    yield open_tab
    for handle in browser.window_handles:
        browser.switch_to.window(handle)
        if handle != first:
            browser.close()
    browser.switch_to.window(first)


def ids(browser: "Browser") -> list[Any]:
    """Return the ids of the runs in the notices of the page."""
    found: list[Any] = browser.execute_script("return notices.map((notice) => notice.id)")
    return found


def collect(browser: "Browser") -> None:
    """Collect the notices of the page, once its stream is open."""
    browser.execute_async_script(COLLECT)
    browser.wait(lambda: browser.execute_script("return connection === 'open'"), "no stream")


def test_tabs_share_one_stream(
    browser: "Browser", board: "RunningBoard", tabs: Callable[[str], str], tmp_path: Path
) -> None:
    """All tabs receive each notice over one stream; if its tab is closed, another tab has it."""
    browser.get(board.url("/"))
    collect(browser)
    first = browser.current_window_handle
    others = [tabs(board.url("/")) for _ in range(3)]
    for handle in others:
        browser.switch_to.window(handle)
        collect(browser)
    assert board.board.watching.pages == 1
    new = EventDriver(FileStorageObserver(tmp_path / "runs"))
    new.start()
    for handle in (first, *others):
        browser.switch_to.window(handle)
        browser.wait(lambda: 2 in ids(browser), "a tab received no notice")
    # The tab with the stream leaves.
    browser.switch_to.window(first)
    browser.get("about:blank")
    browser.switch_to.window(others[0])
    browser.wait(
        lambda: browser.execute_script("return notices.some((one) => one.type === 'refresh')"),
        "the tabs are not asked to read again what they may have missed",
    )
    assert board.board.watching.pages == 1
    new.complete()
    count = ids(browser).count(2)
    browser.wait(lambda: ids(browser).count(2) > count, "no notice over the second stream")


def test_what_is_new_of_a_run_appears(
    browser: "Browser", board: "RunningBoard", driver: EventDriver
) -> None:
    """A page gets new output and points after a heartbeat, also where the output is rewritten."""
    (location,) = board.board.locations
    browser.get(board.url("/"))
    browser.execute_async_script(FOLLOW, location.slug)
    browser.wait(lambda: browser.execute_script("return updates.length"), "nothing was read")
    driver.print("epoch 1 😀\n 10 %")
    driver.log("loss", [0.5, 0.25])
    driver.beat()
    last = "return updates[updates.length - 1]"
    browser.wait(lambda: browser.execute_script(last)["shown"].endswith("10 %"), "no output")
    driver.print("99 %", offset=len("epoch 1 😀\n "))
    driver.beat()
    browser.wait(lambda: browser.execute_script(last)["shown"].endswith("99 %"), "no output")
    assert browser.execute_script(last)["shown"] == "epoch 1 😀\n 99 %"
    values = "return updates.flatMap((update) => update.points.loss?.values ?? [])"
    assert browser.execute_script(values) == [0.5, 0.25]
    driver.complete()
    browser.wait(lambda: browser.execute_script(last)["run"]["is_over"], "no end")


def test_banners_follow_the_state_of_stores(
    browser: "Browser", board: "RunningBoard", tmp_path: Path
) -> None:
    """A banner appears while the folder is missing, and is removed when it is there again."""
    (location,) = board.board.locations
    browser.get(board.url("/"))
    collect(browser)
    (tmp_path / "runs").rename(tmp_path / "moved")
    banner = browser.find("#banners [data-away]").text
    assert "cannot be reached" in banner and "No such file" in banner
    assert "The next attempt" in banner or "tried again" in banner
    assert "is-away" in browser.find(f"[data-location='{location.slug}']").get_attribute("class")
    (tmp_path / "moved").rename(tmp_path / "runs")
    browser.wait(lambda: not browser.find_all("#banners [data-away]"), "the banner stays")
    assert "is-away" not in browser.find(".location").get_attribute("class")


def test_the_end_of_the_board_is_reported(
    browser: "Browser", tmp_path: Path, driver: EventDriver, expected_messages: list[str]
) -> None:
    """A banner appears when the board is stopped; the page stays."""
    from .running_board import RunningBoard

    board = RunningBoard(str(tmp_path / "runs"))
    browser.allowed_hosts.add(board.host)
    expected_messages.append("ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED")
    browser.get(board.url("/"))
    collect(browser)
    board.stop()
    assert "The board was stopped." in browser.find("[data-board-banner]").text
