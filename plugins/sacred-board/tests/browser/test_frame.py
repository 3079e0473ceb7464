"""Tests of what all pages share: themes, keys, errors, widths."""

import re
from typing import Any

import pytest

from sacred_core.observers import FileStorageObserver
from sacred_core.testing import EventDriver

PROGRAM = "return getComputedStyle(document.documentElement).backgroundColor"
WHITE = "rgb(255, 255, 255)"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder with three runs."""
    path = tmp_path_factory.mktemp("frame") / "runs"
    for seed in range(3):
        driver = EventDriver(FileStorageObserver(path))
        driver.start(config={"seed": seed})
        driver.complete()
    return str(path)


def press(browser: Any, keys: str) -> None:
    """Press keys where the focus is."""
    browser.switch_to.active_element.send_keys(keys)


def test_the_colours_are_those_of_the_system(browser: Any, board_of: Any, folder: str) -> None:
    """A page is light or dark as the system prefers."""
    browser.get(board_of(folder).url())
    assert browser.execute_script(PROGRAM) == WHITE
    browser.set_scheme("dark")
    assert browser.execute_script(PROGRAM) != WHITE


def test_a_chosen_theme_is_kept(browser: Any, board_of: Any, folder: str) -> None:
    """The button changes the colours; the server writes the choice into the next page."""
    board = board_of(folder)
    browser.get(board.url())
    browser.find("[data-theme-button]").click()
    dark = browser.execute_script(PROGRAM)
    assert dark != WHITE
    browser.set_javascript(False)
    browser.get(board.url())
    assert browser.execute_script(PROGRAM) == dark
    browser.set_javascript(True)
    browser.get(board.url())
    press(browser, "t")
    browser.wait(lambda: browser.execute_script(PROGRAM) == WHITE)
    assert browser.execute_script("return document.cookie") == ""


def test_keys_move_in_the_page(browser: Any, board_of: Any, folder: str) -> None:
    """A slash goes to the filter, where keys are text; j and k go to rows, Enter opens one."""
    browser.get(board_of(folder).url())
    press(browser, "/")
    assert browser.switch_to.active_element.get_attribute("name") == "where"
    press(browser, "jt")
    assert browser.switch_to.active_element.get_attribute("value") == "jt"
    press(browser, "\ue00c")  # Esc
    press(browser, "j")
    press(browser, "j")
    press(browser, "k")
    first = browser.switch_to.active_element
    assert first.get_attribute("href") == browser.find("tr[data-row] a").get_attribute("href")
    press(browser, "\ue007")  # Enter
    browser.wait(lambda: "/run/" in browser.current_url)
    press(browser, "u")
    browser.wait(lambda: "/run/" not in browser.current_url)


@pytest.mark.parametrize("is_scripted", [True, False])
def test_the_keys_are_on_the_page(
    browser: Any, board_of: Any, folder: str, is_scripted: bool
) -> None:
    """A button opens the list of keys, also without JavaScript."""
    browser.set_javascript(is_scripted)
    browser.get(board_of(folder).url())
    assert not browser.find("#keys").is_displayed()
    browser.find("[popovertarget=keys]").click()
    browser.wait(browser.find("#keys").is_displayed)
    assert browser.find("[data-theme-button]").is_displayed() is is_scripted


def test_an_error_has_the_look_of_a_page(
    browser: Any, board_of: Any, folder: str, expected_messages: list[str]
) -> None:
    """A run that does not exist is a sentence and a link to all runs."""
    expected_messages.append("404")
    browser.get(board_of(folder).url("/run/runs/17"))
    assert browser.find("h1").text == "Not found"
    assert "17" in browser.find(".empty p").text
    browser.find(".empty a").click()
    browser.wait(lambda: len(browser.find_all("tr[data-row]")) == 3)


def test_the_first_tab_stop_skips_to_the_content(browser: Any, board_of: Any, folder: str) -> None:
    """The tab key shows a link that moves the focus behind the top bar."""
    browser.get(board_of(folder).url())
    press(browser, "\ue004")  # Tab
    link = browser.switch_to.active_element
    assert link.text == "Skip to the content" and link.rect["width"] > 50
    press(browser, "\ue007")
    browser.wait(lambda: browser.switch_to.active_element.get_attribute("id") == "main")


def test_a_store_that_cannot_be_reached_is_reported(
    browser: Any, board_of: Any, folder: str
) -> None:
    """A banner names the location without its password; the runs of the others are shown."""
    browser.get(board_of(folder, "postgresql://ann:hunter2@127.0.0.1:1/runs").url())
    banner = browser.find(".banner").text
    assert "postgresql://ann:***@127.0.0.1:1/runs cannot be reached." in banner
    assert re.search("The next attempt is in [0-9]+ s|It is being tried again", banner)
    assert "hunter2" not in browser.page_source
    assert len(browser.find_all("tbody tr")) == 3
