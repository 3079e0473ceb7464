"""Tests of attacks in a browser: scripts of stored runs, and pages of another site."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from sacred_core import open_store

from ..hostile_runs import MARKS, mark, record_hostile_runs

TOKEN = "correct-horse-battery"
#: Executed before the scripts of each page: notes what stored scripts would call.
TRAP = """
    window.executed = [];
    for (const name of ["alert", "confirm", "prompt", "print", "open"])
      window[name] = (...words) => { window.executed.push(name + words.join()); };
"""
#: Finds elements that scripts of the board made of stored strings, dispatches the events for which
#: they have handlers, and returns both, and what was executed.
PROVOKE = """
    const isForeign = (element) => element.matches("iframe, object, math, style, img[src=x]")
      || element.matches("[onerror], [onload], [onfocus], [onmouseover], [ontoggle], [onclick]");
    const foreign = [...document.querySelectorAll("*")].filter(isForeign);
    for (const element of document.querySelectorAll("main *"))
      for (const name of ["mouseover", "focus", "toggle", "error", "load"])
        element.dispatchEvent(new Event(name));
    return [window.executed, document.title, foreign.map((element) => element.outerHTML)];
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with hostile runs."""
    path = tmp_path_factory.mktemp("attacks") / "runs"
    record_hostile_runs(path)
    return path


@pytest.fixture
def trapped(browser: Any) -> Iterator[Any]:
    """A browser whose pages note the calls of stored scripts."""
    added = browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": TRAP})
    yield browser
    browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)


def test_no_script_of_a_run_is_executed_on_any_page(
    trapped: Any, board_of: Any, folder: Path
) -> None:
    """Each page of the board is opened, also each tab and viewer; nothing calls the trap."""
    board = board_of(str(folder), edit=True)
    trapped.get(board.url("/run/runs/1"))
    tabs = trapped.execute_script(
        "return [...document.querySelectorAll('.tabs a')].map(a => a.href)"
    )
    assert len(tabs) > 5
    runs = [("run", "runs/1"), ("run", "runs/2")]
    metrics = [("metric", mark("metric")), ("metric", "loss")]
    shown = ["page.html", "picture.svg", "picture.png", "split.txt", "table.csv", "table.json"]
    shown.append(mark("artifact").replace("/", ""))
    addresses = [
        *tabs, board.url("/run/runs/2"), board.url("/edit/runs/1"), board.url("/"),
        board.url(f"/?columns={quote('id,name,command,tags,result,config.link')}"),
        board.url(f"/?group-by={quote('all-but seed')}"),
        board.url(f"/compare?{urlencode(runs)}"), board.url(f"/curves?{urlencode(runs + metrics)}"),
        *(board.url(f"/run/runs/1?tab=artifacts&file={quote(name)}") for name in shown),
    ]  # fmt: skip
    for address in addresses:
        trapped.get(address)
        trapped.wait_until_idle()
        executed, title, foreign = trapped.execute_script(PROVOKE)
        assert (executed, foreign) == ([], []) and title != "executed", address


def test_files_that_the_browser_shows_are_not_executed(
    trapped: Any, board_of: Any, folder: Path
) -> None:
    """Text is shown as text, whatever its name and type are."""
    board = board_of(str(folder), edit=True)
    for name in ("notes.txt", "style.css", "table.csv"):
        trapped.get(board.url(f"/file/runs/1/artifact/{quote(name)}"))
        assert trapped.execute_script("return document.title") != "executed"
        assert trapped.execute_script("return document.querySelectorAll('script').length") == 0


class Site:
    """A site of another origin, which serves one page.

    Attributes:
        page: Its content.
    """

    def __init__(self) -> None:
        self.page = ""
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                """Send the page."""
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                icon = '<link rel="icon" href="data:,">'  # else the browser requests one
                self.wfile.write(f"<!doctype html>{icon}{site.page}".encode())

            def log_message(self, *args: object) -> None:
                """Print nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def host(self) -> str:
        """Its name and port."""
        return f"evil.test:{self._server.server_port}"

    def stop(self) -> None:
        """End the server."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def site(browser: Any) -> Iterator[Site]:
    """Another site, to which the browser may send requests."""
    site = Site()
    browser.allowed_hosts.add(site.host)
    yield site
    site.stop()


def test_another_site_reads_nothing(
    browser: Any, board_of: Any, folder: Path, site: Site, expected_messages: list[str]
) -> None:
    """It embeds the board as a frame, an image, a script and a style, and requests it."""
    board = board_of(str(folder), edit=True)
    expected_messages += ["Failed to load resource", "Refused to", "CORS policy", "frame-ancestors"]
    site.page = f"""
        <iframe src="{board.url("/")}"></iframe>
        <img id="image" src="{board.url("/file/runs/1/artifact/picture.png")}">
        <script src="{board.url("/file/runs/1/artifact/script.js")}"></script>
        <link rel="stylesheet" href="{board.url("/file/runs/1/artifact/style.css")}">
    """
    browser.get(f"http://{site.host}/")
    read = browser.execute_async_script(
        """
        const [address, done] = arguments, found = [];
        const note = (response) => response.text().then((text) => found.push(text));
        Promise.allSettled([
          fetch(address).then(note), fetch(address, {mode: "no-cors"}).then(note),
          fetch(address, {credentials: "include"}).then(note),
        ]).then(() => done(found.filter((text) => text)));
        """,
        board.url("/?format=json"),
    )
    assert read == []
    assert browser.execute_script("return document.title") != "executed"
    assert browser.execute_script("return document.getElementById('image').naturalWidth") == 0
    assert browser.execute_script("return getComputedStyle(document.body).display") == "block"


def test_a_name_that_leads_to_the_board_reads_nothing(
    browser: Any, board_of: Any, folder: Path, expected_messages: list[str]
) -> None:
    """DNS rebinding: the name of the site resolves to this machine and its port is the board's."""
    board = board_of(str(folder), edit=True)
    expected_messages += ["403", "Refused to apply style"]
    name = f"evil.test:{board.host.partition(':')[2]}"
    browser.allowed_hosts.add(name)
    browser.get(f"http://{name}/")
    assert "does not answer for the host" in browser.find("main").text
    assert "xss-" not in browser.page_source


def test_a_form_of_another_site_changes_nothing(
    browser: Any, board_of: Any, folder: Path, site: Site, expected_messages: list[str]
) -> None:
    """It is refused, although it has the token of the form."""
    board = board_of(str(folder), edit=True)
    expected_messages.append("403")
    fields = {
        "token": board.board.edit_token, "uid": open_store(folder).get(2).uid, "action": "delete",
    }  # fmt: skip
    inputs = "".join(f'<input name="{name}" value="{value}">' for name, value in fields.items())
    target = board.url("/edit/runs/2")
    site.page = f'<form method="post" action="{target}">{inputs}<button>Win a prize</button></form>'
    browser.get(f"http://{site.host}/")
    browser.find("button").click()
    browser.wait(lambda: browser.current_url == target)
    assert "This form was not sent by a page of this board" in browser.find("main").text
    assert 2 in open_store(folder).ids()


def test_a_user_logs_in_and_changes_a_run_without_scripts(
    browser: Any, board_of: Any, tmp_path: Path
) -> None:
    """The browser sends the headers by which the forms of the board are recognized."""
    record_hostile_runs(tmp_path / "runs")
    board = board_of(str(tmp_path / "runs"), edit=True, token=TOKEN)
    browser.set_javascript(False)
    browser.get(board.url("/run/runs/1?tab=output"))
    browser.find("[name=token]").send_keys(TOKEN)
    browser.find("main button").click()
    browser.wait(lambda: browser.current_url == board.url("/run/runs/1?tab=output"))
    browser.find("textarea[name=note]").send_keys("seen in a browser")
    browser.find(".edit-note button").click()
    browser.wait(lambda: "seen in a browser" in browser.find("main").text)
    browser.find(".is-removable").click()
    browser.wait(lambda: browser.find_all(".is-removable") == [])
    browser.find("input[name=tags]").send_keys("checked, twice")
    browser.find("input[name=tags] + button").click()
    browser.wait(lambda: len(browser.find_all(".is-removable")) == 2)
    browser.find(".edit .is-danger").click()
    browser.find("main .is-danger").click()
    browser.wait(lambda: browser.current_url == board.url("/"))
    assert sorted(open_store(tmp_path / "runs").ids()) == [2]
    assert {each["name"] for each in browser.get_cookies()} == {
        f"sacred_board_{board.host.partition(':')[2]}"
    }


def test_every_mark_would_be_noticed(trapped: Any, site: Site) -> None:
    """Where content is not escaped, the trap notes a call."""
    site.page = f"<main>{mark('name')}<img src=x onerror=\"alert('x')\"></main>"
    trapped.get(f"http://{site.host}/")
    trapped.wait(lambda: len(trapped.execute_script("return window.executed")) >= 2)
    assert all("WORD" in each for each in MARKS.values())
