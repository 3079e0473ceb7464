"""Tests of panels: which tabs and viewers there are, and what bad ones do to a page."""

import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from markupsafe import Markup
from sacred_board import BoardPanel
from sacred_board.panels.offers import Offer, find_offers, find_viewers, name_offers
from sacred_board.panels.showing import Panels

from .recorded_runs import ARTIFACTS, record_runs

Target = Callable[[Any], Any]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with three runs."""
    return record_runs(tmp_path_factory.mktemp("recorded"))


@pytest.fixture
def pages(store: Path, connect) -> Callable[..., Callable[[str], str]]:
    """Return a function that returns pages of a board with further panels of a plugin."""

    def make(*panels: BoardPanel) -> Callable[[str], str]:
        client = connect(store)
        names = [("board", each) for each in BUILTIN] + [("acme", each) for each in panels]
        offers = name_offers((panel, plugin, f"{plugin} 1.0") for plugin, panel in names)
        client.app.state.panels = Panels(offers)
        return lambda path: client.get(path).text

    return make


BUILTIN = [offer.panel for offer in find_offers() if offer.is_builtin]


def tabs_of(html: str) -> list[str]:
    """Return the tabs of a page of a run."""
    nav = re.search(r'<nav class="tabs".*?</nav>', html, re.DOTALL)
    return re.findall(r">([^<>]+)</a>", nav[0])


def content_of(html: str) -> str:
    """Return what the open tab shows."""
    return html.partition("data-tab-content>\n")[2].partition("</main>")[0].strip()


def test_the_built_in_panels_come_from_the_hook() -> None:
    """All tabs and viewers are records of the plugin of the board, in its order."""
    offers = find_offers()
    assert [offer.title for offer in offers if offer.panel.accepts == "run"][:3] == [
        "Overview", "Configuration", "Output",
    ]  # fmt: skip
    assert {"image/*", "text/csv", "*/*"} <= {offer.panel.accepts for offer in offers}
    assert all(offer.is_builtin for offer in offers)


def test_a_panel_adds_a_tab(pages) -> None:
    """Its HTML is shown as it is, and it has the run, its store and addresses."""

    def show(view: Any) -> Any:
        text = f"{view.run.id} {view.store.output(view.run.id)[-5:]!r} {view.parameters['word']}"
        return Markup("<b>{}</b> {}").format(text, view.url(word="<x>"))

    page = pages(BoardPanel("My tab", "run", show))
    html = page("/run/runs/1?tab=my-tab&word=hello")
    assert tabs_of(html)[-1] == "My tab"
    content = content_of(html)
    assert content.startswith("<b>1 &#39;100%\\n&#39; hello</b>") or "hello</b>" in content
    assert "/run/runs/1?tab=my-tab&amp;word=%3Cx%3E" in content


def test_strings_are_shown_as_text(pages) -> None:
    """Only Markup is HTML."""
    page = pages(BoardPanel("Text", "run", lambda view: "<script>x</script>\n\x1b[1m"))
    expected = '<pre class="panel-text">&lt;script&gt;x&lt;/script&gt;\n\\x1b[1m</pre>'
    assert content_of(page("/run/runs/1?tab=text")).startswith(expected)


def test_a_panel_with_nothing_to_show_is_hidden(pages) -> None:
    """The target decides it for each run; it is asked once about an ended run."""
    calls = []

    def show(view: Any) -> str | None:
        calls.append((view.run.id, view.is_open))
        return "shown" if view.run.id == 1 else None

    page = pages(BoardPanel("Some", "run", show))
    assert "Some" in tabs_of(page("/run/runs/1"))
    assert "Some" not in tabs_of(page("/run/runs/2"))
    assert "Some" not in tabs_of(page("/run/runs/2?tab=host"))
    assert calls == [(1, False), (2, False)]
    assert "There is nothing to show" in content_of(page("/run/runs/2?tab=some"))


def fail(view: Any) -> Any:
    raise ValueError("bad <b>\n\x1b password=hunter22")


def leave(view: Any) -> Any:
    raise SystemExit(3)


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        (fail, "failed: ValueError: bad &lt;b&gt; \\x1b password=***"),
        (leave, "failed: SystemExit: 3"),
        (lambda view: 3, "returned a int, not a string or Markup"),
        (lambda view: "x" * 5_000_001, "returned 5000001 characters; at most 5000000 are shown"),
        ("nosuch_module:show", "failed: ModuleNotFoundError: No module named &#39;nosuch_module"),
        (lambda: "no argument", "failed: TypeError: "),
    ],
)
def test_a_panel_that_fails_is_one_line(pages, target: Target, problem: str) -> None:
    """The line names the panel and its plugin; the rest of the page is as without it."""
    page = pages(BoardPanel("Bad", "run", target))
    html = page("/run/runs/1?tab=bad")
    content = content_of(html)
    start = (
        '<p class="panel-problem error-text">The panel &#39;Bad&#39; of the plugin '
        f"&#39;acme&#39; (acme 1.0) {problem}"
    )
    assert content.startswith(start)
    assert "Overview" in tabs_of(html)
    assert "accuracy" in page("/run/runs/1")


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """An event for which targets wait; it is set at the end of the test."""
    event = threading.Event()
    yield event
    event.set()


def test_a_slow_panel_delays_no_other(pages, gate: threading.Event, monkeypatch) -> None:
    """A page waits a moment for tabs that are not open; an open one is a line after its time."""
    monkeypatch.setattr("sacred_board.panels.showing.OPEN_SECONDS", 0.1)
    monkeypatch.setattr("sacred_board.panels.showing.CLOSED_SECONDS", 0.05)
    page = pages(BoardPanel("Slow", "run", lambda view: gate.wait() and "done"))
    html = page("/run/runs/1")
    assert "Slow" in tabs_of(html) and "accuracy" in html
    assert "took longer than 0.1 s" in content_of(page("/run/runs/1?tab=slow"))
    for _ in range(2):
        page("/run/runs/1")
    assert "still runs: 4 earlier calls did not return" in content_of(page("/run/runs/1?tab=slow"))
    gate.set()


def test_the_most_specific_viewer_shows_a_file(pages) -> None:
    """That of a plugin is before a built-in one; with None or an error the next one is used."""
    page = pages(
        BoardPanel("Any text", "text/*", lambda file: "any text"),
        BoardPanel("Points", "text/csv", lambda file: f"{file.name} {file.size} {file.read(5)}"),
        BoardPanel("Nothing", "application/json", lambda file: None),
        BoardPanel("Broken", "image/png", fail),
    )
    address = "/run/runs/1?tab=artifacts&file="
    size = len(ARTIFACTS["points.csv"])
    points = content_of(page(f"{address}points.csv"))
    assert f"points.csv {size} b&#39;epoch&#39;" in points
    assert "any text" in content_of(page(f"{address}folder/notes é.txt"))
    assert "&#34;labels&#34;" in content_of(page(f"{address}confusion.json"))
    image = content_of(page(f"{address}image.png"))
    assert "The panel &#39;Broken&#39;" in image and "<img src=" in image


def names(*panels: tuple[str, str, str]) -> list[tuple[str, str]]:
    """Return titles and keys of panels by title, accepted type and plugin."""
    offers = name_offers(
        (BoardPanel(title, accepts, "x:y"), plugin, "") for title, accepts, plugin in panels
    )
    return [(offer.title, offer.key) for offer in offers]


def test_panels_with_the_same_title_are_all_shown() -> None:
    """A built-in one has the title, that of a plugin is followed by the name of the plugin."""
    assert names(("Output", "run", "board"), ("Output", "run", "acme")) == [
        ("Output", "output"), ("Output (acme)", "output.acme"),
    ]  # fmt: skip
    assert names(("Map", "run", "a b"), ("map", "run", "c"), ("Map", "run", "c")) == [
        ("Map (a b)", "map.a-b"), ("map (c)", "map.c"), ("Map (c)", "map.c.2"),
    ]  # fmt: skip
    assert names(("Map", "run", "a"), ("Map", "text/csv", "b")) == [("Map", "map"), ("Map", "map")]


def viewers(content_type: str, *accepts: tuple[str, str]) -> list[str]:
    """Return the plugins of the viewers for a type, in their order."""
    offers = [
        Offer(BoardPanel("x", pattern, "x:y"), plugin, "", "x", "x") for pattern, plugin in accepts
    ]
    return [offer.plugin for offer in find_viewers(offers, content_type)]


def test_viewers_are_ordered_by_their_patterns() -> None:
    """Characters beside wildcards count, then plugins before the board."""
    all_ = (("*/*", "board"), ("text/*", "board"), ("text/csv", "board"), ("text/csv", "acme"),
            ("*/csv", "b"), ("application/*+json", "c"), ("run", "d"))  # fmt: skip
    assert viewers("text/csv", *all_) == ["acme", "board", "board", "b", "board"]
    assert viewers("application/vnd.x+json", *all_) == ["c", "board"]


@pytest.mark.parametrize(
    ("title", "accepts", "problem"),
    [
        (" ", "run", "the title of a panel is empty"),
        ("x", "runs", "a panel accepts 'run' or a media type such as 'image/*', not 'runs'"),
        ("x", "text/", "not 'text/'"),
    ],
)
def test_records_are_checked(title: str, accepts: str, problem: str) -> None:
    """A mistake is an error where the record is made."""
    with pytest.raises(ValueError, match=re.escape(problem)):
        BoardPanel(title, accepts, "x:y")
