"""Tests over a store of each kind: pages have the same content, and work in the same way."""

import json
import re
import shlex
import time
import urllib.error
import urllib.request
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from sacred_core.testing import EventDriver

if TYPE_CHECKING:
    from .browsing import Browser
    from .running_board import RunningBoard
    from .stores import Stores

#: The stores that are compared with one of files.
KINDS = ("SQLite", "TinyDB", "PostgreSQL", "MongoDB", "S3", "GCS")
#: Addresses that are opened in the browser; the slug of each location is "store".
PAGES = (
    "/?where=config.optimizer.lr+%3E+0.05&sort=-metrics.loss.last",
    "/?group=all-but+seed",
    "/run/store/2",
    "/compare?run=store/1&run=store/2",
    "/curves?run=store/1&run=store/2&metric=loss",
)
TABS = (
    "configuration", "output", "curves", "result", "artifacts", "sources", "changes", "packages",
    "host", "info",
)  # fmt: skip
#: Returns what is drawn of the first chart.
DRAWN = "return document.querySelector('.chart canvas')?.toDataURL()"
#: Addresses of which the HTML is compared, and those of which the JSON is, too.
DOCUMENTS = (
    *PAGES,
    "/",
    "/?columns=id,name,config.seed,metrics.loss.min",
    "/?where=lr+%3D%3D",
    *(f"/run/store/{run}" for run in (1, 3, 4, 5, 6)),
    "/compare?run=store/1&run=store/2&run=store/3",
    "/curves?run=store/1&run=store/2&run=store/3&metric=loss&group=all-but+seed&x=relative",
)
TAB_PAGES = tuple(f"/run/store/2?tab={tab}" for tab in TABS)


def start_board(board_of: Any, location: str | None, **settings: Any) -> "RunningBoard":
    """Start a board whose addresses do not depend on its location, and wait for its runs."""
    board: RunningBoard = board_of(location, slugs=("store",), **settings)
    wait_for_runs(board)
    return board


def fetch(board: "RunningBoard", path: str) -> str:
    """Return the document of an address; only that of a wrong query may be an error."""
    try:
        with urllib.request.urlopen(board.url(path), timeout=30) as answer:
            found: bytes = answer.read()
    except urllib.error.HTTPError as error:
        if error.code != 400 or "lr+%3D%3D" not in path:
            raise
        found = error.read()
    return found.decode()


def fetch_page(board: "RunningBoard", path: str) -> str:
    """Return the HTML of an address, with another name of the location."""
    text = renamed(board, unescape(fetch(board, path)))
    return re.sub(r'(data-since="[^"]*">)[^<]*', r"\1", text)  # how long a run is running


def fetch_json(board: "RunningBoard", path: str) -> Any:
    """Return the JSON of an address, without where the store has files."""
    found = json.loads(
        renamed(board, fetch(board, f"{path}{'&' if '?' in path else '?'}format=json"))
    )
    for run in found if isinstance(found, list) else [found]:
        experiment = run.get("experiment", {})
        experiment["sources"] = [name for name, *_ in experiment.get("sources", [])]
        for each in experiment.get("repositories", []):
            del each["patch"]
        if run.get("status") == "QUEUED":  # what stores have of sources before a start differs
            del run["files"], run["queue_time"], run["summaries"]
            run["meta"].pop("queue_time", None)
    return found


def renamed(board: "RunningBoard", text: str) -> str:
    """Return a text with another name of the location."""
    (location,) = board.board.locations
    for name in (shlex.quote(location.name), location.name):
        text = text.replace(name, "LOCATION")
    return text


def wait_for_runs(board: "RunningBoard") -> None:
    """Wait until the board has loaded all runs; until then a page has no counts."""
    for _ in range(100):
        if "data-loading" not in fetch(board, "/"):
            return
        time.sleep(0.05)
    raise AssertionError("the board does not load its runs")


@pytest.fixture(scope="module")
def file_board(stores: "Stores") -> Any:
    """A board over the store of files."""
    from .running_board import RunningBoard

    board = RunningBoard(str(stores.get("file").location), slugs=("store",))
    wait_for_runs(board)
    yield board
    board.stop()


@pytest.fixture(scope="module")
def documents(file_board: "RunningBoard") -> dict[str, Any]:
    """The HTML of each address of the store of files, and the JSON."""
    pages = {path: fetch_page(file_board, path) for path in (*DOCUMENTS, *TAB_PAGES)}
    return pages | {f"JSON of {path}": fetch_json(file_board, path) for path in DOCUMENTS}


@pytest.mark.parametrize("kind", KINDS)
def test_documents_are_the_same(
    board_of: Any, stores: "Stores", documents: dict[str, Any], kind: str
) -> None:
    """The HTML and the JSON of each address is that of the same runs in files."""
    board = start_board(board_of, stores.get(kind).location)
    for path, expected in documents.items():
        address = path.removeprefix("JSON of ")
        fetched = fetch_page(board, path) if address == path else fetch_json(board, address)
        assert fetched == expected, path


@pytest.fixture(scope="module")
def texts(chromium: "Browser", file_board: "RunningBoard") -> list[str]:
    """What the browser shows of each page of the store of files."""
    found = shown_texts(chromium, file_board)
    chromium.reset()
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_pages_look_the_same(
    browser: "Browser", board_of: Any, stores: "Stores", texts: list[str], kind: str
) -> None:
    """In the browser, each page has the text of the page of files."""
    assert shown_texts(browser, start_board(board_of, stores.get(kind).location)) == texts


def shown_texts(browser: "Browser", board: "RunningBoard") -> list[str]:
    """Return what the browser shows of each page."""
    found = []
    for path in PAGES:
        browser.get(board.url(path))
        browser.wait_until_idle()
        text = renamed(board, browser.texts("main")[0])
        # Some runs are running, for days.
        found.append(re.sub(r"(\d+ days?, )?\d+:\d\d:\d\d", "TIME", text))
    return found


class Board:
    """A board of a store that the tests may edit, in the browser."""

    def __init__(self, browser: "Browser", board: "RunningBoard", place: Any) -> None:
        self.browser = browser
        self.url = board.url
        self.store = place.open()
        self.new_observer = place.observer

    def open(self, path: str) -> None:
        self.browser.get(self.url(path))
        self.browser.wait_until_idle()

    def rows(self) -> list[str]:
        """Return the ids of the runs of the list."""
        return self.browser.texts("tr[data-row] td.main")

    def wait_for_rows(self, *ids: str) -> None:
        self.browser.wait(lambda: self.rows() == [*ids], f"the rows are not {ids}")


@pytest.fixture(params=["file", *KINDS])
def work(request: pytest.FixtureRequest, browser: "Browser", board_of: Any, stores: Any) -> Board:
    """A board of each kind of store."""
    place = stores.get(request.param, "changes")
    return Board(browser, start_board(board_of, place.location, edit=True), place)


def test_runs_are_filtered_sorted_and_compared(work: Board) -> None:
    """A query, the head of a column and two boxes lead to what differs between two runs."""
    browser = work.browser
    work.open("/")
    browser.find("input[data-filter]").send_keys("config.optimizer.lr = 0.1\ue007")
    work.wait_for_rows("3", "2")
    (head,) = [each for each in browser.find_all("thead th a") if each.text == "val_loss"]
    head.click()
    browser.wait(lambda: browser.find_all("thead th[aria-sort]"))
    losses = {each: work.store.get(int(each)).metrics["val_loss"].last for each in ("2", "3")}
    work.wait_for_rows(*sorted(losses, key=lambda each: losses[each]))
    view = browser.texts("main")
    browser.get(browser.current_url)
    browser.wait_until_idle()
    assert browser.texts("main") == view  # the address has the whole view
    for box in browser.find_all("tr[data-row] input"):
        box.click()
    browser.switch_to.active_element.send_keys("c")
    browser.wait(lambda: "/compare?" in browser.current_url)
    assert "1 → 0 (command line)" in browser.find("main").text


def test_a_zoom_is_in_the_address(work: Board) -> None:
    """A drag over a curve shows a part of it, also after the page is loaded again."""
    from selenium.webdriver import ActionChains

    browser = work.browser
    work.open("/curves?run=store/1&run=store/2&metric=loss")
    browser.find(".chart canvas")
    over = browser.find(".chart .u-over")
    width = over.size["width"]
    chain = ActionChains(browser, duration=20)
    chain.move_to_element_with_offset(over, round(-0.25 * width), 0).click_and_hold()
    chain.move_by_offset(round(0.5 * width), 0).release().perform()
    browser.wait(lambda: "from=" in browser.current_url)
    query = parse_qs(urlsplit(browser.current_url).query)
    first, last = float(query["from"][0]), float(query["to"][0])
    assert 35 < first < 65 and 135 < last < 165
    browser.wait_until_idle()
    drawn = browser.execute_script(DRAWN)
    browser.get(browser.current_url)
    browser.wait(lambda: browser.execute_script(DRAWN) == drawn)


def test_a_note_is_stored(work: Board) -> None:
    """A note that is written on the page of a run is in its record, and on the page."""
    browser = work.browser
    work.open("/run/store/3")
    browser.find("#notes textarea").send_keys("seen in a browser")
    browser.find("#notes textarea + button").click()
    browser.wait(lambda: "seen in a browser" in browser.find(".run-note").text)
    assert [note["text"] for note in work.store.get(3).notes] == ["seen in a browser"]


def test_a_point_of_a_running_run_appears(work: Board) -> None:
    """The page of a run has a point soon after the run has logged it."""
    driver = EventDriver(work.new_observer())
    run_id = driver.start(config={"live": True}, meta_info={"beat_interval": 1e6})
    driver.log("loss", [0.5])
    driver.beat()
    work.open(f"/run/store/{run_id}")
    assert work.browser.texts(".metrics [data-cell=points]") == ["1"]
    driver.log("loss", [0.25], first_step=1)
    driver.beat()
    points = ".metrics [data-cell=points]"
    work.browser.wait(lambda: work.browser.texts(points) == ["2"], "the point does not appear")
    driver.complete()
