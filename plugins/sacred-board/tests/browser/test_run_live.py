"""Tests of the page of a run in a browser: output, filters, files, and what a running run adds."""

import json
from pathlib import Path

import pytest

from sacred_core.observers import FileStorageObserver
from sacred_core.stores import open_store
from sacred_core.testing import EventDriver

from ..recorded_runs import record_runs

CASES = json.loads((Path(__file__).parents[1] / "terminal_cases.json").read_text(encoding="utf-8"))
BACKSPACE = "\ue003"
RENDER = """
const done = arguments[arguments.length - 1];
import("/static/terminal.js").then(({renderOutput}) => done(arguments[0].map((text) => {
  const box = document.createElement("pre");
  box.append(renderOutput(text).content);
  return box.innerHTML;
})), (error) => done(String(error)));
"""
#: Renders an output in parts, as a page gets it, and returns the text of the box after each.
APPEND = """
const done = arguments[arguments.length - 1];
import("/static/run_output.js").then(({showOutput}) => {
  const box = document.createElement("pre");
  box.innerHTML = '<span data-tail data-start="0" data-style=""></span>';
  done(arguments[0].map((update) => { showOutput(box, update); return box.innerHTML; }));
}, (error) => done(String(error)));
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with three runs."""
    return record_runs(tmp_path_factory.mktemp("recorded"))


def test_the_script_renders_output_as_the_server_does(browser, board_of, store: Path) -> None:
    """Both have the same examples."""
    browser.get(board_of(str(store)).url("/run/runs/1"))
    found = browser.execute_async_script(RENDER, [case["text"] for case in CASES])
    expected = [case["html"].replace("&quot;", '"') for case in CASES]
    assert found == expected


def test_output_is_appended_and_rewritten(browser, board_of, store: Path) -> None:
    """Lines that are done stay, the last ones may be overwritten, and a rewrite replaces all."""
    browser.get(board_of(str(store)).url("/run/runs/1"))
    updates = [
        {"start": 0, "text": "one\n\x1b[31m10%", "position": "0-0.10-0"},
        {"start": 12, "text": "\r20%\x1b[0m", "position": "4-0.20-0"},
        {"start": 4, "text": "😀 done\nnext", "position": "11-0.15-0"},
        {"start": 15, "text": "!\n", "position": "11-0.17-0"},
        {"start": 4, "text": "😀 done\nnext!\nlast", "position": "11-0.21-0"},
        {"start": 0, "text": "new", "position": "0-0.3-0"},
    ]
    found = browser.execute_async_script(APPEND, updates)
    texts = [browser.execute_script(
        "const box = document.createElement('pre'); box.innerHTML = arguments[0];"
        "return box.textContent", each) for each in found]  # fmt: skip
    assert texts == [
        "one\n10%", "one\n20%", "one\n😀 done\nnext", "one\n😀 done\nnext!\n",
        "one\n😀 done\nnext!\nlast", "new",
    ]  # fmt: skip
    assert 'class="ansi-fg-1">20%' in found[1]


def test_a_deleted_run_is_announced(browser, board_of, tmp_path: Path) -> None:
    """The page stays, with a sentence."""
    for _ in range(2):
        driver = EventDriver(FileStorageObserver(tmp_path / "runs"))
        driver.start()
        driver.complete()
    browser.get(board_of(str(tmp_path / "runs")).url("/run/runs/1"))
    browser.execute_script(
        "import('/static/changes.js').then(({onState}) => onState((state) => {"
        "window.connection = state.connection; }))"
    )
    browser.wait(lambda: browser.execute_script("return window.connection === 'open'"))
    open_store(str(tmp_path / "runs")).delete("1")
    browser.wait(lambda: browser.texts("#banners p") == ["This run was deleted."])
    assert browser.find("[data-run-status]").text == "COMPLETED"


def test_a_running_run_is_followed(browser, board_of, tmp_path: Path) -> None:
    """New output, points, the end and the result are shown without loading the page again."""
    driver = EventDriver(FileStorageObserver(tmp_path / "live"))
    driver.start(meta_info={"beat_interval": 9e7})
    driver.print("first line\nprogress 10%\r")
    driver.log("loss", [2.0])
    driver.beat()
    browser.get(board_of(str(tmp_path / "live")).url("/run/live/1"))
    assert browser.find("[data-run-status]").text == "RUNNING"
    browser.execute_script("window.isSame = true")
    assert "progress 10%" in browser.find("[data-output]").text
    driver.print("progress 50%\n\x1b[32mgreen line\x1b[0m")
    driver.log("loss", [0.125], first_step=1)
    driver.beat()
    browser.wait(lambda: "progress 50%\ngreen line" in browser.find("[data-output]").text)
    assert "10%" not in browser.find("[data-output]").text
    assert browser.texts("[data-output] .ansi-fg-2") == ["green line"]
    browser.wait(lambda: browser.texts(".metrics td.num") == ["0.125", "0.125", "2", "2"])
    driver.log("accuracy", [0.5])
    driver.print("\nwhite line\n")
    driver.artifact("weights.txt", __file__)
    driver.annotate(note="half of it", added=["long"])
    driver.beat()
    browser.wait(lambda: browser.texts(".metrics tbody th") == ["loss", "accuracy"])
    browser.wait(lambda: "Artifacts" in browser.texts(".tabs a"))
    browser.wait(lambda: browser.texts(".run-head .tag") == ["long"])
    assert "half of it" in browser.find(".notes").text
    driver.log("accuracy", [0.75], first_step=1)
    driver.print("blue line\n")
    driver.beat()
    browser.wait(lambda: browser.texts(".metrics [data-cell=points]") == ["2", "2"])
    browser.wait(lambda: "white line\nblue line" in browser.find("[data-output]").text)
    assert browser.find("[data-output]").text.count("green line") == 1
    browser.find(".actions details:last-of-type summary").click()  # what is open stays open
    browser.find("[data-copy]").click()
    browser.find("[data-copied]")
    driver.complete(result=0.75)
    browser.wait(lambda: browser.texts("[data-run-status]") == ["COMPLETED"])
    assert browser.find(".commands").is_displayed()
    browser.find("h1").click()
    browser.wait(lambda: browser.texts("[data-part=result] .result") == ["0.75"])
    assert "took" in browser.find(".run-facts").text
    assert browser.execute_script("return window.isSame")


def test_the_first_metric_appears(browser, board_of, tmp_path: Path) -> None:
    """A metric that is new gets a row, and one more point one more number."""
    driver = EventDriver(FileStorageObserver(tmp_path / "live"))
    driver.start(meta_info={"beat_interval": 9e7})
    driver.beat()
    browser.get(board_of(str(tmp_path / "live")).url("/run/live/1?tab=curves"))
    browser.find(".tabs")
    driver.log("loss", [1.0, 0.5])
    driver.beat()
    browser.wait(lambda: browser.texts(".metrics tbody th") == ["loss"])
    driver.log("loss", [0.25], first_step=2)
    driver.beat()
    browser.wait(lambda: browser.texts(".metrics [data-cell=points]") == ["3"])


def test_the_output_follows_its_end_until_one_scrolls_up(browser, board_of, store: Path) -> None:
    """The box is at its end at first; the rest of a page stays in view."""
    browser.resize(1280, 500)
    browser.get(board_of(str(store)).url("/run/runs/1?tab=output"))
    box = browser.find("[data-output]")
    script = "const b = arguments[0]; return b.scrollHeight - b.scrollTop - b.clientHeight < 2"
    assert browser.execute_script(script, box)


def test_entries_are_filtered(browser, board_of, store: Path) -> None:
    """Words select entries by path, value or origin; groups without entries are hidden."""
    browser.get(board_of(str(store)).url("/run/runs/1?tab=configuration"))
    browser.find("[data-filter-rows]").send_keys("sgd")

    def shown() -> list[str]:
        return browser.texts(".tree tbody tr:not([hidden]) th")

    browser.wait(lambda: shown() == ["optimizer", "name"])
    browser.find("[data-filter-rows]").send_keys(BACKSPACE * 3)
    browser.find("[data-only-marked]").click()
    browser.wait(lambda: sorted(shown()) == ["fail", "lr", "name", "optimizer"])


@pytest.mark.parametrize("tab", ["", "configuration", "output", "curves", "result", "artifacts",
                                 "resources", "sources", "packages", "host", "info"])  # fmt: skip
def test_pages_fit_narrow_screens(browser, board_of, store: Path, tab: str) -> None:
    """At a width of 400 pixels nothing but tables and code scrolls sideways."""
    browser.resize(400, 800)
    browser.get(board_of(str(store)).url(f"/run/runs/1?tab={tab}"))
    browser.find(".tabs")
    assert browser.execute_script("return document.documentElement.scrollWidth") == 400


@pytest.mark.parametrize("name", ["image.png", "evil.svg"])
def test_images_are_shown(browser, board_of, store: Path, name: str) -> None:
    """An image has its pixels on the page; scripts in it are not executed."""
    browser.get(board_of(str(store)).url(f"/run/runs/1?tab=artifacts&file={name}"))
    script = "const i = document.querySelector('.image img'); return i.complete && i.naturalWidth"
    browser.wait(lambda: browser.execute_script(script))
