"""Tests of pages on narrow screens, without JavaScript, and while data arrive."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .browsing import Browser
    from .running_board import RunningBoard
    from .stores import Stores

PAGES = (
    "/",
    "/?group=all-but+seed&all=1",
    "/?where=lr+%3D%3D",
    "/run/store/2",
    "/run/store/4",
    *(
        f"/run/store/2?tab={tab}"
        for tab in ("configuration", "output", "curves", "artifacts", "host")
    ),
    "/run/store/17",
    "/compare?run=store/1&run=store/2",
    "/compare?run=store/1&run=store/2&run=store/3&run=store/4&run=store/6",
    "/curves?run=store/1&run=store/2&run=store/3",
)
#: Returns the width of the page, and its widest element where this is wider than the screen.
WIDTH = """
const width = document.documentElement.scrollWidth;
if (width <= innerWidth) return [width, ""];
const isWide = (part) => part.getBoundingClientRect().right > innerWidth + 1;
return [width, [...document.querySelectorAll("main *")].filter(isWide)[0]?.outerHTML.slice(0, 200)];
"""
#: Returns how much of the page moved after it was drawn first, and what moved.
SHIFTS = """
const [done] = arguments;
const found = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    const moved = entry.sources.map((each) => each.node?.outerHTML?.slice(0, 120));
    found.push([entry.value, moved]);
  }
}).observe({type: "layout-shift", buffered: true});
setTimeout(() => done(found), 50);
"""


@pytest.fixture
def board(board_of: Any, stores: "Stores") -> "RunningBoard":
    """A board of the store of files."""
    found: RunningBoard = board_of(stores.get("file").location, slugs=("store",))
    return found


def test_no_page_is_wider_than_a_narrow_screen(
    browser: "Browser", board: "RunningBoard", expected_messages: list[str]
) -> None:
    """At 400 px only tables, code and charts scroll sideways, in boxes of their own."""
    expected_messages.append("40[04]")
    browser.resize(400)
    for path in PAGES:
        browser.get(board.url(path))
        browser.wait_until_idle()
        assert browser.execute_script(WIDTH) == [400, ""], path


def test_nothing_moves_while_data_arrive(
    browser: "Browser", board: "RunningBoard", expected_messages: list[str]
) -> None:
    """Curves and live data are drawn into places that were there from the beginning."""
    expected_messages.append("40[04]")
    for path in PAGES:
        browser.get(board.url(path))
        browser.wait_until_idle()
        assert browser.execute_async_script(SHIFTS) == [], path


def test_nothing_moves_while_a_page_arrives_slowly(
    browser: "Browser", board: "RunningBoard", expected_messages: list[str]
) -> None:
    """A page is drawn when its content is there, and a comparison is drawn over its place."""
    expected_messages.append("40[04]")
    browser.get(board.url("/"))
    browser.set_network_conditions(latency=0, throughput=100_000)
    for path in PAGES:
        browser.get(board.url(path))
        browser.wait_until_idle()
        assert browser.execute_async_script(SHIFTS) == [], path


def test_pages_work_without_javascript(browser: "Browser", board: "RunningBoard") -> None:
    """Runs are filtered, sorted and compared with forms and links; curves are pictures."""
    browser.set_javascript(False)
    browser.get(board.url())
    browser.find("input[data-filter]").send_keys("config.optimizer.lr = 0.1\ue007")
    browser.wait(lambda: len(browser.find_all("tr[data-row]")) == 2)
    (head,) = [each for each in browser.find_all("thead th a") if each.text == "val_loss"]
    head.click()
    browser.wait(lambda: "sort=" in browser.current_url)
    for box in browser.find_all("tr[data-row] input"):
        box.click()
    browser.find("#selection button").click()
    browser.wait(lambda: "/compare?" in browser.current_url)
    assert browser.find(".causes").text
    assert browser.find(".chart svg").rect["height"] > 100
    browser.get(board.url("/run/store/2?tab=artifacts"))
    assert "plane.png" in browser.find("main").text
