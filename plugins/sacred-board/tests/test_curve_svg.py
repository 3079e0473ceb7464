"""Tests of the charts that are drawn without JavaScript."""

import re
from typing import Any

import pytest
from sacred_board.curve_svg import Axis, draw_svg
from sacred_board.data.charts import ChartGroup, ChartRun, Charts, entries_text
from sacred_board.data.curves import CurveView
from sacred_board.data.locations import Location

from sacred_core.stores import StoredRun
from sacred_core.stores.groups import config_values
from sacred_core.testing.memory import MemoryStore


def draw(
    curve: dict[str, Any], slot: int = 0, is_log_y: bool = False, **view: Any
) -> tuple[str, list[str]]:
    """Return the drawing of one curve, and the data of its paths."""
    location = Location("runs", "runs", MemoryStore)
    run = StoredRun(id=1, status="COMPLETED")
    runs = [ChartRun(location=location, run=run, slot=slot, title="1", label="")]
    charts = Charts(CurveView(**view), runs, None, ["loss"])
    charts.charts["loss"] = [{"run": "runs/1", "total": len(curve["x"]), **curve}]
    drawn = str(draw_svg(charts, "loss", is_log_y, ()))
    return drawn, re.findall(r' d="([^"]*)"', drawn)


def test_a_line_goes_through_all_points() -> None:
    """The first point is at the left, the last at the right, and y grows upwards."""
    drawn, (path,) = draw({"x": [0, 5, 10], "y": [0.0, 1.0, 1.0]})
    assert path == "M0.0 963.0L500.0 37.0L1000.0 37.0"
    assert '<path class="curve-line series-1 is-dashed-0"' in drawn
    assert drawn.count('x1="0" x2="100%"') == 6 and drawn.count('y1="0" y2="100%"') == 6
    texts = re.findall(r">([0-9.]+)</text>", drawn)
    assert texts[:6] == ["0", "2", "4", "6", "8", "10"]
    assert [*map(float, texts[6:])] == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1])


def test_gaps_interrupt_a_line() -> None:
    """A value that is missing, or not positive on a logarithmic axis, ends a part of the line."""
    curve = {"x": [0, 1, 2, 3, 4, 5], "y": [1.0, 2.0, None, 4.0, -1.0, 100.0]}
    assert [part.count("L") for part in draw(curve)[1][0].split("M")[1:]] == [1, 2]
    assert [part.count("L") for part in draw(curve, is_log_y=True)[1][0].split("M")[1:]] == [
        1,
        0,
        0,
    ]
    zero = {"x": [0, 1, 2], "y": [1.0, 0.0, 10.0]}
    assert draw(zero, is_log_y=True)[1][0].count("M") == 2


def test_a_point_without_neighbours_is_a_dot() -> None:
    """It is a line of no length, which has round ends."""
    _, (path,) = draw({"x": [0, 1, 2, 3, 4], "y": [1.0, None, 1.0, 1.0, None]})
    assert path == "M0.0 500.0h0M666.7 500.0L1000.0 500.0"


def test_rows_are_drawn_through_their_extremes() -> None:
    """The line of a row has its least and its greatest value, in the order of their places."""
    curve = {
        "x": [4, 9], "y": [1.0, 1.0], "is_exact": False,
        "x_low": [3, 6], "low": [0.0, 0.5], "x_high": [1, 7], "high": [10.0, 1.0],
    }  # fmt: skip
    _, (path,) = draw(curve)
    xs = [float(x) for x in re.findall(r"[ML]([0-9.]+) ", path)]
    assert len(xs) == 6 and xs == sorted(xs)
    assert path.startswith("M0.0 37.0L250.0 963.0")


@pytest.mark.parametrize(("count", "is_dashed"), [(299, True), (300, False)])
def test_lines_of_many_points_have_no_dashes(count: int, is_dashed: bool) -> None:
    """A dash may hide an outlier: only the smoothed line of many points has dashes."""
    curve: dict[str, Any] = {"x": [*range(count)], "y": [float(n % 7) for n in range(count)]}
    drawn, _ = draw(curve, slot=9)
    assert ('class="curve-line series-2 is-dashed-1"' in drawn) == is_dashed
    drawn, paths = draw({**curve, "smooth": curve["y"]}, slot=9)
    assert 'series-2 is-raw"' in drawn and 'series-2 is-dashed-1"' in drawn and len(paths) == 2


@pytest.mark.parametrize("is_log", [False, True])
def test_an_interval_is_an_area(is_log: bool) -> None:
    """The area goes along the upper ends and back along the lower ones; one run has none."""
    charts = Charts(CurveView(), [], [ChartGroup((), slot=2, label="")], ["loss"])
    charts.charts["loss"] = [{
        "group": 0, "total": 9, "x": [0, 1, 2, 3], "y": [2.0, 2.0, 2.0, 1.0],
        "low": [1.0, None, -1.0, -2.0], "high": [3.0, None, 4.0, -1.0], "count": [3, 1, 2, 2],
    }]  # fmt: skip
    drawn = str(draw_svg(charts, "loss", is_log, ()))
    (area,) = re.findall(r'class="curve-band series-3" d="M([^"]*)Z"', drawn)
    xs = [float(place.split()[0]) for place in area.split("L")]
    ys = [float(place.split()[1]) for place in area.split("L")]
    if is_log:  # an end below the axis is at its bottom, and an interval below it is omitted
        assert xs == pytest.approx([0, 666.7, 666.7, 0]) and ys[2] == 1000
    else:
        assert xs == pytest.approx([0, 666.7, 1000, 1000, 666.7, 0])
        assert ys[0] < ys[-1] and ys[1] < ys[0]
    assert 'class="curve-line series-3 is-dashed-0"' in drawn


def test_nothing_is_drawn_without_a_value() -> None:
    """A chart whose values are all missing or in no place of the axes is empty."""
    assert draw({"x": [0, 1], "y": [None, None]}) == ("", [])
    assert draw({"x": [0, 1], "y": [-1.0, 0.0]}, is_log_y=True) == ("", [])
    assert draw({"x": [], "y": []}) == ("", [])
    assert draw({"x": [0, 1], "y": [1.0, 2.0]}, window=(5, 6)) == ("", [])


@pytest.mark.parametrize(
    ("axis", "xs", "texts"),
    [
        ("step", [0, 1_000_000], "0 200000 400000 600000 800000 1000000"),
        ("step", [0, 0.01], "0 0.002 0.004 0.006 0.008 0.01"),
        ("relative", [0, 0.5], "0 s,0.1 s,0.2 s,0.3 s,0.4 s,0.5 s"),
        ("relative", [0, 100], "0 s,30 s,60 s,90 s"),
        ("relative", [0, 3000], "0 min,10 min,20 min,30 min,40 min,50 min"),
        ("relative", [0, 36_000], "0 h,2 h,4 h,6 h,8 h,10 h"),
        ("time", [0, 86_400], "00:00 06:00 12:00 18:00 00:00"),
        ("time", [30, 400], "00:02:00 00:04:00 00:06:00"),
        ("time", [0, 864_000], "1970-01-01 1970-01-03 1970-01-05 1970-01-07 1970-01-09 1970-01-11"),
    ],
)  # fmt: skip
def test_places_have_their_unit(axis: str, xs: list[float], texts: str) -> None:
    """Times are in a unit that suits their range, wall times in UTC."""
    drawn, _ = draw({"x": xs, "y": [1.0, 2.0]}, axis=axis)
    separator = "," if "," in texts else " "
    assert re.findall(r'middle">([^<]+)</text>', drawn) == texts.split(separator)


def test_equal_values_are_in_the_middle() -> None:
    """A constant metric, or a single point, is drawn in the middle of the chart."""
    assert draw({"x": [3], "y": [5.0]})[1] == ["M500.0 500.0h0"]
    assert draw({"x": [3, 4], "y": [0.0, 0.0]})[1] == ["M0.0 500.0L1000.0 500.0"]
    assert draw({"x": [3], "y": [5.0]}, is_log_y=True, is_log=True)[1] == ["M500.0 500.0h0"]


def test_an_axis_has_round_ticks() -> None:
    """Ticks are about six round numbers, or powers of ten on a long logarithmic axis."""
    assert Axis(0, 1).ticks() == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1])
    assert Axis(-3, 17).ticks() == [0, 5, 10, 15]
    assert Axis(3, 50_000, True).ticks() == [10, 100, 1000, 10_000]
    assert len(Axis(1e-9, 1e9, True).ticks()) in (5, 6, 7)
    assert Axis(10, 1000, True).share(100) == pytest.approx(0.5)
    assert Axis(2, 4).share(3) == 0.5


def test_entries_are_listed_shortly() -> None:
    """The label of a run has at most four entries, with short numbers."""
    config = {"lr": 0.123456, "name": "adam", "a": 1, "b": None, "c": 2, "d": 3}
    values = config_values(StoredRun(id=1, status="COMPLETED", config=config))
    fields = [*values]
    assert entries_text(values, fields[:2]) == "lr=0.1235, name=adam"
    assert entries_text(values, fields[:4]) == "lr=0.1235, name=adam, a=1, b=None"
    assert entries_text(values, fields) == "lr=0.1235, name=adam, a=1, b=None, and 2 more"
