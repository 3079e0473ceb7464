"""Tests of functions of the scripts of pages, called in Chromium."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sacred_core.readable_times import duration_text

if TYPE_CHECKING:
    from .browsing import Browser

Call = Callable[..., Any]
CALL = """
const [module, name, args, done] = arguments;
import(`/static/${module}.js`).then((found) => {
  const result = found[name](...args);
  done([result === undefined ? null : result, args]);
}, (error) => done([String(error), []]));
"""
CURVE = {"run": "runs/1", "total": 3, "is_exact": True, "x": [0, 1, 2], "y": [1.0, 2.0, 3.0]}
VIEW = {"axis": "step", "window": None, "smoothing": 0, "start": 100.0}


@pytest.fixture
def call(browser: "Browser", board_of: Callable[..., Any], tmp_path_factory: Any) -> Call:
    """Calls a function of a module; returns the result and the arguments after the call."""
    folder: Path = tmp_path_factory.getbasetemp() / "functions"
    folder.mkdir(exist_ok=True)
    browser.get(board_of(str(folder)).url("/"))

    def call_function(module: str, name: str, *arguments: Any) -> Any:
        return browser.execute_async_script(CALL, module, name, arguments)

    return call_function


def added(start: int | None, steps: list[Any], values: list[Any]) -> dict[str, Any]:
    """Return new points as the board sends them."""
    times = [100.0 + 10 * (start or 0) + 10 * index for index in range(len(steps))]
    return {"start": start, "count": 9, "steps": steps, "values": values, "times": times}


def test_durations_of_running_runs_are_those_of_the_server(call: Call) -> None:
    """The page writes them again each second, also those of days."""
    for seconds in (0, 5, 59, 60, 65, 3_599, 86_399, 86_400, 100_000, 280_801):
        text = duration_text(timedelta(seconds=seconds))
        assert call("durations", "clockText", seconds)[0] == text, seconds


def test_ticks_and_texts(call: Call) -> None:
    """Ticks of logarithmic axes are round between any two values; texts have few digits."""
    assert call("curve_axes", "logTicks", 0.02, 1.3)[0][:4] == [0.02, 0.03, 0.04, 0.05]
    assert call("curve_axes", "logTicks", 3, 9)[0] == [3, 4, 5, 6, 7, 8, 9]
    assert call("curve_axes", "logTicks", 110, 190)[0] == [120, 140, 160, 180]
    assert call("curve_axes", "logTicks", 5, 5)[0] == [5]
    many = call("curve_axes", "logTicks", 1e-30, 1e30)[0]
    assert 4 <= len(many) <= 9 and min(many) == 1e-30
    texts = {
        0: "0", 1234567: "1,234,567", 0.123456: "0.12346", 1e-9: "1e-9", -2.5e12: "-2.5e12",
        1e7: "1e7", 0.5: "0.5",
    }  # fmt: skip
    for number, text in texts.items():
        assert call("curve_text", "numberText", number)[0] == text
    durations = {
        0.5: "0.5 s",
        119: "119 s",
        150: "2 min 30 s",
        7300: "2 h 2 min",
        200000: "2 d 8 h",
    }
    for seconds, text in durations.items():
        assert call("curve_text", "durationText", seconds)[0] == text
    assert call("curve_text", "durationTicks", [0, 1800, 3600])[0] == ["0 min", "30 min", "60 min"]


def test_ranges_and_nearest_points(call: Call) -> None:
    """Ranges have the extremes of rows; the nearest point is found on both sides."""
    row = {
        "x": [5, 9],
        "y": [1, 2],
        "x_low": [2, 6],
        "low": [-4, 1],
        "x_high": [3, 7],
        "high": [8, 2],
    }
    assert call("curve_data", "xRange", [row])[0] == [2, 9]
    assert call("curve_data", "xRange", [{"x": [], "y": []}])[0] is None
    assert call("curve_data", "yRange", [row], 0, 10, False)[0] == [-4, 8]
    assert call("curve_data", "yRange", [row], 0, 10, True)[0] == [1, 8]
    assert call("curve_data", "yRange", [row], 4, 10, False)[0] == [1, 2]
    assert call("curve_data", "yRange", [row], 20, 30, False)[0] is None
    assert call("curve_data", "rawLine", row)[0][:3] == [[2, -4], [3, 8], [5, 1]]
    for x, index in [(-1, 0), (1.4, 0), (1.6, 1), (2.9, 1), (4, 2), (9, 2)]:
        assert call("curve_data", "nearestIndex", [1, 2, 4], x)[0] == index
    assert call("curve_data", "nearestIndex", [], 1)[0] == -1


def test_new_points_are_appended(call: Call) -> None:
    """Points after those of a curve are added; what is not a number is counted or a gap."""
    points = added(2, [2, 3, 4, 5, 6], [3.0, 4.0, "NaN", None, 7.0])
    is_complete, (curve, *_) = call("curve_live", "appendPoints", CURVE, points, VIEW)
    assert is_complete and curve["x"] == [0, 1, 2, 3, 4, 6]
    assert curve["y"] == [1, 2, 3, 4, None, 7]
    assert (curve["total"], curve["omitted"]) == (7, 1)
    _, (timed, *_) = call("curve_live", "appendPoints", CURVE, points, {**VIEW, "axis": "relative"})
    assert timed["x"] == [0, 1, 2, 30, 40, 60]
    reduced = {
        **CURVE,
        "x_low": [0, 0, 0],
        "low": [1, 1, 1],
        "x_high": [0, 0, 0],
        "high": [3, 3, 3],
    }
    _, (rows, *_) = call("curve_live", "appendPoints", reduced, points, VIEW)
    assert rows["low"][3:] == rows["high"][3:] == [4, None, 7] and rows["x_low"][3:] == [3, 4, 6]


def test_curves_that_cannot_be_continued_are_requested_again(call: Call) -> None:
    """Points that are missing or not in order, and means over another start, cannot be added."""
    for points in (added(None, [], []), added(4, [4], [5.0]), added(3, [1], [5.0])):
        assert call("curve_live", "appendPoints", CURVE, points, VIEW)[0] is False
    relative = {**VIEW, "axis": "relative", "start": None}
    assert call("curve_live", "appendPoints", CURVE, added(3, [3], [5.0]), relative)[0] is False


def test_points_beyond_a_range_are_counted_only(call: Call) -> None:
    """Of the points after the range of a chart only the next one is stored."""
    points = added(3, [3, 4, 5], [4.0, 5.0, 6.0])
    _, (curve, *_) = call("curve_live", "appendPoints", CURVE, points, {**VIEW, "window": [0, 2.5]})
    assert curve["x"] == [0, 1, 2, 3] and curve["total"] == 6


def test_smoothing_is_continued(call: Call) -> None:
    """The smoothed values of added points are those of the server."""
    from sacred_board.data.smoothing import Smoothing

    values = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0]
    expected = Smoothing(0.8, 6).apply(values)
    curve = {**CURVE, "y": values[:3], "smooth": expected[:3]}
    points = added(3, [3, 4, 5], values[3:])
    _, (found, *_) = call("curve_live", "appendPoints", curve, points, {**VIEW, "smoothing": 0.8})
    assert found["smooth"] == pytest.approx(expected)
