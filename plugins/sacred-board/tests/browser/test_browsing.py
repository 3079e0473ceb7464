"""Tests of what the fixtures of the browser report."""

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from sacred_core.testing.servers import Answer, serve_answers

if TYPE_CHECKING:
    from .browsing import Browser

PAGE = """<!doctype html><link rel="icon" href="data:,"><title>page</title><p>text</p>{}"""


@pytest.fixture
def page(browser: "Browser") -> Iterator[Callable[[str], str]]:
    """Opens a page of this machine with a part."""
    with contextlib.ExitStack() as stack:

        def open_page(part: str) -> str:
            body = PAGE.format(part).encode()
            answer = Answer(200, body, {"Content-Type": "text/html"})
            url = stack.enter_context(serve_answers(answer))
            browser.allowed_hosts.add(urlsplit(url).netloc)
            browser.get(url)
            return url

        yield open_page


def test_an_error_of_a_script_is_reported(browser: "Browser", page: Callable[[str], str]) -> None:
    """The console of a page with an uncaught exception has its message."""
    page("<script>throw new Error('it broke')</script>")
    messages = browser.console()
    assert len(messages) == 1 and "it broke" in messages[0]


def test_a_request_to_another_host_is_reported(
    browser: "Browser", page: Callable[[str], str]
) -> None:
    """An image of another host is one foreign request, and no name outside is resolved."""
    from .browsing import foreign_urls

    page('<img src="http://example.org/a.png">')
    browser.wait(lambda: browser.execute_script("return document.images[0].complete"))
    urls = browser.requested_urls()
    assert foreign_urls(urls, browser.allowed_hosts) == ["http://example.org/a.png"]
    assert any("ERR_NAME_NOT_RESOLVED" in message for message in browser.console())


def test_scripts_are_not_executed_without_javascript(
    browser: "Browser", page: Callable[[str], str]
) -> None:
    """A page is as its HTML describes it, and tests can still read it."""
    browser.set_javascript(False)
    page("<script>document.querySelector('p').textContent = 'changed'</script>")
    assert browser.texts("p") == ["text"]


def test_pages_are_as_narrow_as_requested(browser: "Browser", page: Callable[[str], str]) -> None:
    """A page can be 400 px wide, which a window cannot."""
    page("")
    browser.resize(400)
    assert browser.execute_script("return window.innerWidth") == 400


def test_expected_messages_are_accepted(browser: "Browser", expected_messages: list[str]) -> None:
    """A message of the console that matches an expression of the test fails nothing."""
    from .browsing import unexpected_messages

    browser.execute_script("console.error('first'); console.warn('second'); console.log('third')")
    messages = browser.console()
    (left,) = unexpected_messages(messages, ["first"])
    assert "second" in left
    expected_messages.append("again")
    browser.execute_script("console.error('again')")
