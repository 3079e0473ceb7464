"""Tests of the page that compares runs in a browser."""

import threading
from pathlib import Path
from typing import Any

import pytest
from sacred_board.pages import compare

from sacred_core.observers import FileStorageObserver
from sacred_core.testing import EventDriver


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three runs with a metric."""
    path = tmp_path_factory.mktemp("compare") / "runs"
    for rate in (0.5, 0.25, 0.125):
        driver = EventDriver(FileStorageObserver(path))
        driver.start(config={"lr": rate})
        driver.log("loss", [1.0, rate, rate / 2])
        driver.print(f"lr is {rate}\n")
        driver.complete(result=rate)
    return path


#: Reads the beginning of a page, and another page before the first one ends.
READ = """
    const [address, done] = arguments;
    const read = async () => {
      const reader = (await fetch(address)).body.getReader();
      let start = "";
      while (!start.includes("Comparing")) {
        start += new TextDecoder().decode((await reader.read()).value);
      }
      const runs = await (await fetch("/?format=json")).json();
      await reader.cancel();
      return [start, runs.length];
    };
    read().then(done);
"""
#: Where the loading state and the comparison begin while both are drawn.
PLACES = """
    const parts = ["comparing", "comparison"].map((id) => document.getElementById(id));
    parts[0].style.display = "block";
    return parts.map((part) => part.getBoundingClientRect().top);
"""


def test_a_slow_comparison_shows_that_it_is_loading(
    browser: Any, board_of: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page is shown before the runs are compared, and other pages are answered."""
    may_compare, real = threading.Event(), compare.compare_runs

    def wait_and_compare(*args: Any) -> Any:
        assert may_compare.wait(20)
        return real(*args)

    monkeypatch.setattr(compare, "compare_runs", wait_and_compare)
    board = board_of(str(folder))
    browser.get(board.url("/"))
    start, count = browser.execute_async_script(READ, "/compare?run=runs/1&run=runs/2")
    assert "Comparing 2 runs…" in start and "comparison" not in start.partition("<main")[2]
    assert count == 3
    may_compare.set()
    browser.get(board.url("/compare?run=runs/1&run=runs/2"))
    assert browser.find("#comparison .causes").is_displayed()
    assert not browser.find("#comparing").is_displayed()
    assert len({*browser.execute_script(PLACES)}) == 1


def test_runs_are_compared_with_their_curves(browser: Any, board_of: Any, folder: Path) -> None:
    """Differences are coloured, a chart has the curves, and links change the runs."""
    browser.get(board_of(str(folder)).url("/compare?run=runs/1&run=runs/2"))
    browser.find("#curves .chart canvas")
    assert browser.texts(".diff-add") == ["+lr is 0.25"]
    colour = "return getComputedStyle(arguments[0]).backgroundColor"
    colours = [
        browser.execute_script(colour, browser.find(f".diff-{kind}")) for kind in ("add", "del")
    ]
    assert len({*colours, "rgba(0, 0, 0, 0)"}) == 3
    browser.find_element("link text", "Swap").click()
    browser.wait(lambda: browser.texts("td.main") == ["2", "1"])
    browser.find("#another").send_keys("runs/3\ue007")
    browser.wait(lambda: browser.texts("td.main") == ["2", "1", "3"])
    browser.find("#comparison .facts-table")
    browser.find_all(".picked tbody tr")[1].find_element("link text", "Remove").click()
    browser.wait(lambda: browser.texts("td.main") == ["2", "3"])
    browser.find("#comparison .causes")
    browser.wait_until_idle()


def test_a_narrow_comparison_does_not_scroll_sideways(
    browser: Any, board_of: Any, folder: Path
) -> None:
    """Only tables do, at 400 px."""
    browser.resize(400)
    for query in ("run=runs/1&run=runs/2&all=1", "run=runs/1&run=runs/2&run=runs/3"):
        browser.get(board_of(str(folder)).url(f"/compare?{query}"))
        browser.find("#comparison .facts-table")
        assert browser.execute_script("return document.documentElement.scrollWidth") <= 400
