"""Tests of the page of runs in a browser: what scripts add to it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from sacred_core.observers import FileStorageObserver
from sacred_core.testing import EventDriver


def record(folder: Path, seed: int, rate: float = 0.1) -> EventDriver:
    """Start a run that counts as running for days."""
    driver = EventDriver(FileStorageObserver(folder))
    driver.start(
        config={"lr": rate, "seed": seed},
        ex_info={"name": "mnist", "base_dir": ".", "sources": []},
        meta_info={"beat_interval": 1e8 - 1},
    )
    return driver


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six runs with two learning rates."""
    path = tmp_path_factory.mktemp("runs") / "runs"
    for seed in range(3):
        for rate in (0.1, 0.01):
            driver = record(path, seed, rate)
            driver.log("loss", [1.0, rate])
            driver.complete()
    return path


@pytest.fixture
def open_page(browser: Any, board_of: Any, folder: Path) -> Callable[[str], None]:
    """Opens the page of runs with the query of an address."""

    def open_at(query: str = "") -> None:
        browser.get(board_of(str(folder)).url(f"/{query}"))
        browser.find("tr[data-row]")

    return open_at


def ids(browser: Any) -> list[str]:
    """Return the ids of the runs that are shown."""
    return browser.texts("td.main")


def parameters(browser: Any) -> dict[str, list[str]]:
    """Return the parameters of the address."""
    return parse_qs(urlsplit(browser.current_url).query)


def press(browser: Any, keys: str) -> None:
    """Press keys where the focus is."""
    browser.switch_to.active_element.send_keys(keys)


def test_a_filter_is_shown_without_a_new_page(browser: Any, open_page: Any) -> None:
    """The address and the history of the browser change; the filter retains the focus."""
    open_page()
    browser.execute_script("window.isSame = true")
    press(browser, "/")
    press(browser, "config.lr < 0.1\ue007")
    browser.wait(lambda: ids(browser) == ["6", "4", "2"])
    assert parameters(browser) == {"where": ["config.lr < 0.1"]}
    assert browser.switch_to.active_element.get_attribute("name") == "where"
    browser.back()
    browser.wait(lambda: len(ids(browser)) == 6)
    assert browser.execute_script("return window.isSame")
    browser.forward()
    browser.wait(lambda: len(ids(browser)) == 3)


def test_the_filter_suggests_fields_and_values(browser: Any, open_page: Any) -> None:
    """Arrow keys choose, Enter accepts, and Escape closes the list and not the filter."""
    down, enter, escape = "\ue015", "\ue007", "\ue00c"
    open_page()
    press(browser, "/")
    press(browser, "lr")
    assert browser.texts("#suggestions li") == ["config.lr"]
    press(browser, down + enter)
    filter_ = browser.switch_to.active_element
    assert filter_.get_attribute("value") == "config.lr "
    press(browser, "= 0.01 and status = comp")
    assert browser.texts("#suggestions li") == ["COMPLETED"]
    browser.find("#suggestions li").click()
    assert filter_.get_attribute("value") == "config.lr = 0.01 and status = COMPLETED "
    press(browser, "and ")
    press(browser, "s")
    assert "config.seed" in browser.texts("#suggestions li")
    press(browser, escape)
    assert not browser.find("#suggestions").is_displayed()
    assert browser.switch_to.active_element == filter_
    press(browser, "eed = 1" + enter)
    browser.wait(lambda: ids(browser) == ["4"])


def test_a_wrong_filter_leaves_the_runs(browser: Any, open_page: Any) -> None:
    """The place is marked, the cursor is there, and the address stays."""
    open_page("?where=config.lr+%3C+0.1")
    press(browser, "/")
    press(browser, "config.lr << 1\ue007")
    browser.wait(lambda: "expected a value" in browser.find(".query-error").text)
    assert ids(browser) == ["6", "4", "2"]
    assert browser.find(".query-error pre").text.split("\n")[1] == " " * 11 + "^"
    assert parameters(browser) == {"where": ["config.lr < 0.1"]}
    filter_ = browser.switch_to.active_element
    assert filter_.get_attribute("value") == "config.lr << 1"
    assert browser.execute_script("return arguments[0].selectionStart", filter_) == 11


def test_a_wrong_filter_leaves_the_runs_without_scripts(
    browser: Any, open_page: Any, expected_messages: list[str]
) -> None:
    """The form sends the last filter, too."""
    expected_messages.append("400")
    browser.set_javascript(False)
    open_page("?where=config.lr+%3C+0.1")
    browser.find("[data-filter]").clear()
    browser.find("[data-filter]").send_keys("config.lr <\ue007")
    browser.find(".query-error")
    assert ids(browser) == ["6", "4", "2"]


def test_headings_sort_the_table(browser: Any, open_page: Any) -> None:
    """A click sorts, and the focus stays on the heading."""
    open_page()
    heading = "//th/a[text()='seed']"
    browser.find_element("xpath", heading).click()
    browser.wait(lambda: ids(browser) == ["1", "2", "3", "4", "5", "6"])
    assert browser.switch_to.active_element.text == "seed"
    press(browser, "\ue007")
    browser.wait(lambda: ids(browser) == ["5", "6", "3", "4", "1", "2"])
    assert parameters(browser) == {"sort": ["-config.seed"]}
    assert browser.find("[aria-sort=descending]").text == "seed"


def test_runs_are_selected_by_keys_and_compared(browser: Any, open_page: Any) -> None:
    """They stay selected with another filter; too few of them cannot be compared."""
    open_page("?sort=id")
    button = "button[data-key=c]"
    assert browser.find(button).get_attribute("aria-disabled") == "true"
    for key in "jx":
        press(browser, key)
    assert browser.texts("[data-selected]") == ["1 selected"]
    press(browser, "c")
    assert browser.find(button).get_attribute("title") == "Select 2 to 20 runs"
    browser.find("[data-filter]").send_keys("config.lr = 0.01\ue007")
    browser.wait(lambda: ids(browser) == ["2", "4", "6"])
    browser.find_all("input[name=run][type=checkbox]")[1].click()
    assert browser.texts("[data-selected]") == ["2 selected"]
    assert len(browser.find_all("tr.is-selected")) == 1
    browser.find(button).click()
    browser.wait(lambda: "/compare" in browser.current_url)
    assert parameters(browser)["run"] == ["runs/1", "runs/4"] or {*parameters(browser)["run"]} == {
        "runs/1",
        "runs/4",
    }
    browser.find("#comparison")
    browser.wait_until_idle()


def test_the_shift_key_selects_a_range(browser: Any, open_page: Any) -> None:
    """All runs from the last check box to this one are selected, or not."""
    open_page("?sort=id")
    boxes = browser.find_all("input[name=run]")
    boxes[4].click()
    shift = "arguments[0].dispatchEvent(new MouseEvent('click', {bubbles: true, shiftKey: true}))"
    browser.execute_script(shift, boxes[1])
    assert [box.is_selected() for box in boxes] == [False, True, True, True, True, False]
    browser.execute_script(shift, boxes[3])
    assert browser.texts("[data-selected]") == ["1 selected"]


def test_runs_are_compared_without_scripts(browser: Any, open_page: Any) -> None:
    """Check boxes and a button are a form."""
    browser.set_javascript(False)
    open_page()
    for box in browser.find_all("input[name=run]")[:2]:
        box.click()
    browser.find("button[data-key=v]").click()
    browser.wait(lambda: "/curves?" in browser.current_url)
    assert parameters(browser)["run"] == ["runs/6", "runs/5"]


def test_groups_are_opened_and_selected(browser: Any, open_page: Any) -> None:
    """The check box of a group selects its runs, also those that are not shown."""
    open_page("?group=all-but+seed")
    assert browser.texts("td.ids") == ["2 4 6", "1 3 5"]
    browser.find("td.main a").click()
    browser.wait(lambda: len(browser.find_all("tr.member")) == 3)
    assert browser.find("[aria-expanded=true]").text == "3"
    browser.find_all("input[data-members]")[1].click()
    assert browser.texts("[data-selected]") == ["3 selected"]
    browser.find("[data-select-all]").click()
    assert browser.texts("[data-selected]") == ["6 selected"]
    assert len(browser.find_all("tr.is-selected")) == 5
    browser.find("td.main a").click()
    browser.wait(lambda: not browser.find_all("tr.member"))
    assert browser.texts("[data-selected]") == ["6 selected"]


def test_columns_are_found_and_chosen(browser: Any, open_page: Any) -> None:
    """The menu lists all fields; a search narrows the list."""
    open_page()
    browser.find(".columns-menu summary").click()
    browser.find("[data-find-field]").send_keys("loss max")
    shown = [each for each in browser.find_all(".field-groups label") if each.is_displayed()]
    assert [each.text for each in shown] == ["loss max"]
    shown[0].click()
    browser.find(".columns-menu button").click()
    browser.wait(lambda: "metrics.loss.max" in parameters(browser).get("columns", []))
    assert "metrics.loss.max" in browser.texts("thead th")


def test_changes_are_shown_in_their_rows(browser: Any, board_of: Any, tmp_path: Path) -> None:
    """Status and metrics change in place; a new run is announced and shown on request."""
    driver = record(tmp_path / "live", 1)
    driver.log("loss", [0.5])
    driver.beat()
    browser.get(board_of(str(tmp_path / "live")).url("/"))
    browser.wait(lambda: browser.texts("td .status") == ["RUNNING"])
    browser.find("input[name=run]").click()
    browser.wait(lambda: not browser.find_all("[data-loading]"))
    row = browser.find("tr[data-row]")
    driver.log("loss", [0.25], 1)
    driver.complete()
    browser.wait(lambda: browser.texts("td .status") == ["COMPLETED"])
    assert "0.25" in browser.texts("tbody td")
    assert row.is_displayed() and browser.find("input[name=run]").is_selected()
    record(tmp_path / "live", 2).complete()
    button = browser.find("[data-new-runs]")
    browser.wait(button.is_displayed)
    assert button.text == "Show 1 new run" and ids(browser) == ["1"]
    button.click()
    browser.wait(lambda: ids(browser) == ["2", "1"])
    assert browser.texts("[data-selected]") == ["1 selected"]


@pytest.mark.parametrize("query", ["", "?group=all-but+seed", "?all=1"])
def test_a_narrow_page_does_not_scroll_sideways(browser: Any, open_page: Any, query: str) -> None:
    """Only the table does, at 400 px."""
    browser.resize(400)
    open_page(query)
    width = "return document.documentElement.scrollWidth"
    assert browser.execute_script(width) <= 400
    for menu in browser.find_all("#runs details.menu"):
        menu.find_element("css selector", "summary").click()
        place = menu.find_element("css selector", ".menu-body").rect
        assert place["x"] >= 0 and place["x"] + place["width"] <= 400
        menu.find_element("css selector", "summary").click()
