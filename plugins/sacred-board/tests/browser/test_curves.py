"""Tests of the charts in Chromium: what is painted, and what the controls do."""

import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from sacred_core import Experiment
from sacred_core.observers import FileStorageObserver
from sacred_core.testing import EventDriver

if TYPE_CHECKING:
    from .browsing import Browser
    from .running_board import RunningBoard

Connect = Callable[..., "RunningBoard"]
POINTS, OUTLIERS = 1_000_000, range(5_000, 1_000_000, 10_000)
SMALL = "/curves?run=runs/1&run=runs/2&run=runs/3&run=runs/4"
#: Returns for each step whether the row of pixels at a share of the height is painted there, and
#: half a distance of the steps after it, in a plot of the range of the steps.
PAINTED = """
const [steps, last, share] = arguments;
const over = document.querySelector(".chart .u-over");
const canvas = document.querySelector(".chart canvas");
const ratio = canvas.width / canvas.clientWidth;
const left = over.offsetLeft * ratio, width = over.offsetWidth * ratio;
const y = Math.round((over.offsetTop + over.offsetHeight * share) * ratio);
const {data} = canvas.getContext("2d").getImageData(0, y, canvas.width, 1);
const isPainted = (x) => {
  const [red, green, blue, alpha] = data.slice(4 * x, 4 * x + 4);
  return alpha > 100 && Math.max(red, green, blue) - Math.min(red, green, blue) > 60;
};
const half = (steps[1] - steps[0]) / 2;
const at = (step) => left + (step / last) * width;
return [
  steps.filter((step) => [-1, 0, 1].some((n) => isPainted(Math.round(at(step)) + n))).length,
  steps.filter((step) => isPainted(Math.round(at(step + half)))).length,
];
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Two learning rates with two seeds each, and a run of a million points with 100 outliers."""
    folder = tmp_path_factory.mktemp("curves") / "runs"

    def record(function: Callable[..., Any], **config: Any) -> None:
        ex = Experiment("train", save_git_info=False)
        ex.main(function)
        ex.add_config(config)
        ex.observers.append(FileStorageObserver(folder))
        ex.run()

    def train(_run: Any, lr: float, seed: int) -> None:
        for step in range(400):
            _run.log_scalar("loss", (1 + seed / 10) * 2.0 ** (-lr * step) + 0.2 * (step % 2), step)
            _run.log_scalar("zero", float(step - 200), step)

    def log_outliers(_run: Any) -> None:
        draw = random.Random(0).random
        outliers = {*OUTLIERS}
        for step in range(POINTS):
            _run.log_scalar("loss", 10.0 if step in outliers else draw(), step)

    for lr in (0.02, 0.01):
        for seed in (1, 2):
            record(train, lr=lr, seed=seed)
    record(log_outliers)
    return str(folder)


@pytest.fixture
def show(browser: "Browser", board_of: Connect, runs: str) -> Callable[[str], None]:
    """Opens a page of these runs, and waits until its charts are painted."""

    def open_page(path: str) -> None:
        browser.get(board_of(runs).url(path))
        browser.find(".chart canvas")
        wait_for_charts(browser)

    return open_page


def wait_for_charts(browser: "Browser") -> None:
    """Wait until no chart waits for an answer, and none is going to ask."""
    settled = (
        "return new Promise((done) => setTimeout(() => done(document.readyState === 'complete'"
        " && !document.querySelector('.chart[aria-busy]')), 250))"
    )
    browser.wait(lambda: browser.execute_script(settled), "the charts are not complete")


def parameters(browser: "Browser") -> dict[str, list[str]]:
    """Return the parameters of the address."""
    return parse_qs(urlsplit(browser.current_url).query)


def drag(browser: "Browser", start: float, stop: float) -> None:
    """Select a part of the first chart, from a share of its width to another."""
    from selenium.webdriver import ActionChains

    over = browser.find(".chart .u-over")
    width = over.size["width"]
    chain = ActionChains(browser, duration=20)
    chain.move_to_element_with_offset(over, round((start - 0.5) * width), 0).click_and_hold()
    chain.move_by_offset(round((stop - start) * width), 0).release().perform()


def ticks(browser: "Browser") -> str:
    """Return what identifies the drawing of the first chart."""
    script = "return document.querySelector('.chart canvas').toDataURL()"
    return str(browser.execute_script(script))


@pytest.mark.parametrize("width", [400, 800, 1600])
def test_each_outlier_is_painted(browser: "Browser", show: Any, width: int) -> None:
    """Of 100 single outliers in a million points 100 are painted, apart from each other."""
    browser.resize(width + 58)
    show("/curves?run=runs/5")
    canvas = browser.execute_script("return document.querySelector('.chart canvas').width")
    assert abs(canvas - width) < 40
    found, between = browser.execute_script(PAINTED, [*OUTLIERS], POINTS - 1, 0.4)
    assert found == len(OUTLIERS) == 100
    assert between == 0


def test_a_drag_shows_detail_and_the_address_has_it(browser: "Browser", show: Any) -> None:
    """A part of the chart is requested from the server, and is the same after a reload."""
    show("/curves?run=runs/5")
    browser.requested_urls()
    drag(browser, 0.3, 0.302 + 0.01)
    wait_for_charts(browser)
    low, high = (float(parameters(browser)[name][0]) for name in ("from", "to"))
    assert 280_000 < low < 310_000 and 5_000 < high - low < 20_000
    (asked,) = [url for url in browser.requested_urls() if "format=json" in url]
    assert parse_qs(urlsplit(asked).query)["from"] == parameters(browser)["from"]
    before = ticks(browser)
    browser.refresh()
    browser.find(".chart canvas")
    wait_for_charts(browser)
    assert ticks(browser) == before


def test_a_double_click_shows_the_whole_range(browser: "Browser", show: Any) -> None:
    """All charts show all points again, and the address has no range."""
    from selenium.webdriver import ActionChains

    show(f"{SMALL}&from=100&to=200")
    before = ticks(browser)
    ActionChains(browser, duration=20).double_click(browser.find(".chart .u-over")).perform()
    browser.wait(lambda: "from" not in parameters(browser))
    wait_for_charts(browser)
    assert ticks(browser) != before
    assert not browser.find("[data-reset]").is_enabled()


def test_logarithmic_axes_omit_what_they_do_not_have(browser: "Browser", show: Any) -> None:
    """Values that are not positive leave a gap, and points at step 0 are counted as not drawn."""
    show(f"{SMALL}&metric=zero")
    linear = ticks(browser)
    browser.find("input[name=logy]").click()
    browser.wait(lambda: ticks(browser) != linear)
    browser.find("input[name=logx]").click()
    browser.wait(lambda: browser.texts(".chart-note") == ["4 not drawn"])
    browser.wait(lambda: {"logx", "logy"} <= set(parameters(browser)))


def test_smoothing_is_drawn_before_the_raw_line(browser: "Browser", show: Any) -> None:
    """The slider changes the chart and the address; the values under the cursor have both."""
    from selenium.webdriver import ActionChains

    show(f"{SMALL}&metric=loss")
    before = ticks(browser)
    set_slider = (
        "const s = document.querySelector('input[name=smooth]'); s.value = '0.9';"
        "s.dispatchEvent(new Event('input', {bubbles: true}))"
    )
    browser.execute_script(set_slider)
    browser.wait(lambda: parameters(browser).get("smooth") == ["0.9"])
    wait_for_charts(browser)
    assert ticks(browser) != before
    ActionChains(browser, duration=20).move_to_element(browser.find(".chart .u-over")).perform()
    browser.wait(lambda: browser.texts(".tip-value"))
    values = browser.texts(".tip-value")
    assert len(values) == 4 and all("(" in value for value in values)
    assert browser.texts(".tip-x")[0] in ("step 199", "step 200")


def test_groups_are_one_curve_each(browser: "Browser", show: Any) -> None:
    """After grouping by all but the seed the legend has two entries, with their runs."""
    show(f"{SMALL}&metric=loss")
    assert len(browser.texts(".curve-legend .legend-item")) == 4
    browser.find("input[name=group]").send_keys("all-but seed\n")
    browser.wait(lambda: len(browser.texts(".curve-legend .legend-item")) == 2)
    assert [" ".join(each.split()) for each in browser.texts(".legend-toggle")] == [
        "lr=0.02 2 runs", "lr=0.01 2 runs"
    ]  # fmt: skip
    browser.find(".chart canvas")
    assert parameters(browser)["group"] == ["all-but seed"]


def test_metrics_are_filtered_while_typing(browser: "Browser", show: Any) -> None:
    """Charts whose name does not have the words disappear, and the address has the words."""
    show(SMALL)
    browser.find("input[name=match]").send_keys("ZER")
    assert [each.is_displayed() for each in browser.find_all(".chart")] == [False, True]
    browser.wait(lambda: parameters(browser).get("match") == ["ZER"])
    browser.find("input[name=match]").send_keys("x")
    assert browser.find("[data-no-match]").is_displayed()
    browser.wait(lambda: parameters(browser).get("match") == ["ZERx"])
    browser.refresh()
    browser.find(".curve-controls")
    assert not any(each.is_displayed() for each in browser.find_all(".chart"))


def test_the_legend_hides_curves(browser: "Browser", show: Any) -> None:
    """A click on a run hides it in all charts; the address and a reload have the same."""
    show(SMALL)
    before = ticks(browser)
    browser.find("[data-key='runs/1'] .legend-toggle").click()
    browser.wait(lambda: ticks(browser) != before)
    browser.wait(lambda: parameters(browser).get("hide") == ["runs/1"])
    assert browser.find("[data-key='runs/1'] button").get_attribute("aria-pressed") == "false"
    browser.refresh()
    browser.find(".chart canvas")
    assert browser.find("[data-key='runs/1'] button").get_attribute("aria-pressed") == "false"
    browser.find("[data-key='runs/1'] .legend-toggle").click()
    browser.wait(lambda: "hide" not in parameters(browser))


def test_the_keyboard_moves_the_cursor_and_zooms(browser: "Browser", show: Any) -> None:
    """Arrow keys show the values of the next points, plus and minus zoom, 0 shows all."""
    from selenium.webdriver import Keys

    show(f"{SMALL}&metric=loss&metric=zero")
    area = browser.find(".chart-area")
    area.send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    browser.wait(lambda: browser.texts(".chart .tip-x")[:1] == ["step 2"])
    # The cursor of the other chart is at the same step.
    assert len(browser.find_all(".chart:nth-child(2) .curve-dot:not([hidden])")) == 4
    area.send_keys("+")
    browser.wait(lambda: "from" in parameters(browser))
    area.send_keys("0")
    browser.wait(lambda: "from" not in parameters(browser))


@pytest.mark.parametrize("view", ["&smooth=0.8", "&x=time&logy=1"])
def test_new_points_are_added(
    browser: "Browser", board_of: Connect, tmp_path: Path, view: str
) -> None:
    """Points of a run in progress appear without another request for the curves."""
    driver = EventDriver(FileStorageObserver(tmp_path / "runs"))
    driver.start()
    driver.log("loss", [float(step) for step in range(1, 40)])
    driver.beat()
    board = board_of(str(tmp_path / "runs"))
    browser.get(board.url(f"/curves?run=runs/1&metric=loss{view}"))
    browser.find(".chart[data-points='39'] canvas")
    wait_for_charts(browser)
    before = ticks(browser)
    browser.requested_urls()
    driver.log("loss", [40.0, math.nan, 42.0], first_step=39)
    driver.log("accuracy", [0.5])
    driver.beat()
    browser.find(".chart[data-points='42'] canvas")
    browser.wait(lambda: ticks(browser) != before)
    assert browser.texts("[data-new-metrics]") == ["Show 1 new metric"]
    appended = ticks(browser)
    assert not [url for url in browser.requested_urls() if "format=json" in url]
    driver.complete()
    browser.wait(lambda: not browser.find(".curve-legend .dot").is_displayed())
    # What was added is drawn as the server draws it.
    browser.refresh()
    browser.find(".chart[data-points='42'] canvas")
    wait_for_charts(browser)
    if not view.startswith("&x"):
        browser.wait(lambda: ticks(browser) == appended, "the drawings differ")


def test_charts_have_the_same_size_without_javascript(browser: "Browser", show: Any) -> None:
    """The drawing of the server is where the script paints later, so that nothing moves."""
    show(f"{SMALL}&metric=loss")
    script = """
        const own = document.querySelector(arguments[0]).getBoundingClientRect();
        const area = document.querySelector(".chart-area").getBoundingClientRect();
        const sides = [own.left - area.left, own.top - area.top, own.width, own.height];
        return [...sides, area.width, area.height].map(Math.round);
    """
    painted = browser.execute_script(script, ".u-over")
    browser.set_javascript(False)
    browser.refresh()
    drawn = browser.execute_script(script, ".curve-plot")
    assert all(abs(one - other) <= 2 for one, other in zip(painted, drawn, strict=True))
