"""Fixtures for tests in a browser: one Chromium for all tests, one board per module and store.

A test requests `browser`, which fails the test if a page logs an error or a warning, or sends a
request to another host than its boards. A test that expects such messages adds regular expressions
to `expected_messages`.

Example:
    ```python
    def test_runs_are_shown(browser, board_of, tmp_path):
        board = board_of(str(tmp_path))
        browser.get(board.url("/"))
        assert browser.find("h1").text == "Runs"
    ```
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:  # without Selenium or the server of the board the tests are skipped
    from .browsing import Browser
    from .running_board import RunningBoard
    from .stores import Stores


@pytest.fixture(scope="session")
def chromium() -> "Iterator[Browser]":
    """A headless Chromium that lives as long as the tests."""
    pytest.importorskip("selenium", reason="selenium is not installed (pip install selenium)")
    from .browsing import Browser

    chromium = Browser()
    chromium.reset()
    yield chromium
    chromium.quit()


@pytest.fixture
def expected_messages() -> list[str]:
    """Regular expressions of errors and warnings that a page may log; the test adds them."""
    return []


@pytest.fixture
def browser(chromium: "Browser", expected_messages: list[str]) -> "Iterator[Browser]":
    """Chromium with an empty page, 1,280 px wide and light, without cookies.

    At the end of the test, its pages have logged no error, and sent no request to another host.
    """
    from .browsing import foreign_urls, unexpected_messages

    yield chromium
    messages, urls = chromium.console(), chromium.requested_urls()
    allowed = set(chromium.allowed_hosts)
    chromium.reset()
    assert unexpected_messages(messages, expected_messages) == []
    assert foreign_urls(urls, allowed) == []


@pytest.fixture(scope="module")
def _boards() -> "Iterator[dict[Any, RunningBoard]]":
    boards: dict[Any, RunningBoard] = {}
    yield boards
    for board in boards.values():
        board.stop()


@pytest.fixture
def board_of(
    _boards: "dict[Any, RunningBoard]", chromium: "Browser"
) -> "Callable[..., RunningBoard]":
    """Returns the running board of locations; the tests of a module share it.

    Its arguments are locations and settings of `Board`; ``edit=True`` allows editing.
    """
    from .running_board import RunningBoard

    def start(*locations: str, edit: bool = False, **settings: Any) -> RunningBoard:
        settings = {"is_editable": edit, **settings}
        key = locations, tuple(sorted(settings.items()))
        if key not in _boards:
            _boards[key] = RunningBoard(*locations, **settings)
        chromium.allowed_hosts.add(_boards[key].host)
        return _boards[key]

    return start


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Stores]":
    """The same runs in a store of each kind; servers are started when they are first used."""
    from .stores import Stores

    stores = Stores(tmp_path_factory.mktemp("stores"))
    yield stores
    stores.close()
