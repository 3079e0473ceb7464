"""Tests of the rows of curves against what their points say."""

import json
import math
import random
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sacred_board.data.charts import curve_data
from sacred_board.data.curve_groups import group_rows
from sacred_board.data.curves import Curve, CurveView, read_all_points, read_curves
from sacred_board.data.numeric_points import AXES, numeric_points
from sacred_board.data.smoothing import Smoothing

from sacred_core.stores.curves import points as read_points
from sacred_core.stores.summaries import MetricSummary, summarize_blocks
from sacred_core.testing.effort import examples

NAN, INF = math.nan, math.inf
START = datetime(2026, 3, 1, tzinfo=UTC)
VALUES = st.one_of(
    st.floats(), st.integers(-(10**20), 10**20),
    st.sampled_from([NAN, INF, -INF, 0, -0.0, True, "text", None, 10**400]),
)  # fmt: skip
STEPS = st.one_of(st.integers(-5, 50), st.floats(), st.sampled_from([NAN, None, "x", 10**400]))
TIMES = st.none() | st.datetimes(timezones=st.none() | st.just(UTC))
SERIES = st.lists(st.tuples(STEPS, VALUES, TIMES), max_size=150)


class PlainStore:
    """Has the points of one metric, and no summaries."""

    def __init__(self, steps: list[Any], values: list[Any], times: list[Any] | None = None) -> None:
        seconds = [START + timedelta(seconds=10 * index) for index in range(len(values))]
        self.columns = {
            "steps": steps,
            "values": values,
            "timestamps": seconds if times is None else times,
        }

    def metrics(self, run_id: int | str) -> dict[str, dict[str, Any]]:
        """Return all points."""
        del run_id
        return {"loss": self.columns}


class SummaryStore(PlainStore):
    """Has summaries too, and counts the points that are read."""

    read = 0

    def summaries(
        self, run_id: int | str, names: Iterable[str] | None = None
    ) -> dict[str, list[MetricSummary]]:
        """Return the summaries of blocks."""
        del run_id, names
        return {"loss": [*summarize_blocks(self.columns["steps"], self.columns["values"])]}

    def points(
        self, run_id: int | str, ranges: Mapping[str, tuple[int, int | None]]
    ) -> dict[str, dict[str, Any]]:
        """Return a range of points."""
        found = read_points(PlainStore(**self._arguments), run_id, ranges)
        self.read += sum(len(own["steps"]) for own in found.values())
        return found

    @property
    def _arguments(self) -> dict[str, Any]:
        columns = self.columns
        return {
            "steps": columns["steps"], "values": columns["values"], "times": columns["timestamps"]
        }  # fmt: skip


def curve_of(store: PlainStore, origin: float | None = None, **view: Any) -> Curve:
    """Return the curve of the metric of a store."""
    return read_curves(store, 1, ["loss"], CurveView(**view), origin)["loss"]


def places(curve: Curve) -> set[tuple[float, float]]:
    """Return all points that the rows of a curve have."""
    found = set()
    for row in curve.rows:
        found |= {(row.x, row.y), (row.x_low, row.low), (row.x_high, row.high)}
    return found


def noise(count: int, outliers: Iterable[int]) -> tuple[list[int], list[float]]:
    """Return points between 0 and 1, and outliers of 10."""
    draw = random.Random(0)
    values = [draw.random() for _ in range(count)]
    for index in outliers:
        values[index] = 10.0
    return [*range(count)], values


@pytest.mark.parametrize("width", [50, 400, 1600])
@pytest.mark.parametrize("axis", ["step", "relative"])
@pytest.mark.parametrize("is_log", [False, True])
@pytest.mark.parametrize("smoothing", [0.0, 0.9])
def test_no_outlier_is_lost(width: int, axis: str, is_log: bool, smoothing: float) -> None:
    """Within two pixels of each outlier is one in the rows; rows are about as many as pixels."""
    outliers = range(700, 40_000, 1000)
    store = SummaryStore(*noise(40_000, outliers))
    view = {"width": width, "axis": axis, "is_log": is_log, "smoothing": smoothing}
    curve = curve_of(store, START.timestamp(), **view)
    unit = 1 if axis == "step" else 10
    found = [row.x_high for row in curve.rows if row.high == 10]
    assert set(found) <= {index * unit for index in outliers}

    def pixel(x: float) -> float:
        return width * (math.log(x / unit) / math.log(40_000) if is_log else x / unit / 40_000)

    for index in outliers:
        assert min(abs(pixel(index * unit) - pixel(x)) for x in found) <= 2
    assert len(curve.rows) <= 3 * width and not curve.is_exact
    assert [row.x for row in curve.rows] == sorted(row.x for row in curve.rows)


def test_narrow_blocks_need_no_point() -> None:
    """The whole of a long metric is drawn from its summaries, a part of it from its points."""
    store = SummaryStore(*noise(200_000, [123_456]))
    curve = curve_of(store, width=400)
    assert store.read == 0 and (123_456, 10.0) in places(curve)
    part = curve_of(store, width=400, window=(123_000, 123_900))
    assert 1000 <= store.read <= 4000
    assert part.is_exact and (123_456, 10.0) in places(part)


def test_more_blocks_than_pixels_are_merged() -> None:
    """A narrow chart has a row for each pixel, with the extremes of all blocks in it."""
    outliers = [500, 99_999, 150_000, 199_999]
    steps, values = noise(200_000, outliers)
    store = SummaryStore(steps, values)
    curve = curve_of(store, width=50)
    assert store.read == 0 and not curve.is_exact
    assert 45 <= len(curve.rows) <= 51
    assert [row.x_high for row in curve.rows if row.high == 10] == outliers
    assert min(row.low for row in curve.rows) == min(values)
    assert curve.rows[-1].x == 199_999 and curve.rows[-1].y == values[-1]


@pytest.mark.parametrize("kind", [PlainStore, SummaryStore])
def test_up_to_three_points_per_pixel_are_exact(kind: type[PlainStore]) -> None:
    """All points are returned as long as there are three for each pixel, else a row per pixel."""
    exact = curve_of(kind(*noise(300, [])), width=100)
    assert exact.is_exact and len(exact.rows) == 300
    reduced = curve_of(kind(*noise(301, [])), width=100)
    assert not reduced.is_exact and len(reduced.rows) == 100


@pytest.mark.parametrize("kind", [PlainStore, SummaryStore])
@pytest.mark.parametrize(
    ("window", "expected"),
    [((4000, 6000), [1999, 10_000]), ((-9, -3), [0]), ((20_000, 30_000), [11_999])],
)
def test_a_window_without_points_has_its_neighbours(
    kind: type[PlainStore], window: tuple[float, float], expected: list[int]
) -> None:
    """Between two blocks, and beside all of them, the next points are known."""
    steps = [*range(2000), *range(10_000, 12_000)]
    curve = curve_of(kind(steps, [float(step) for step in steps]), window=window, width=300)
    assert [(row.x, row.y) for row in curve.rows] == [(x, x) for x in expected]


def test_blocks_without_numbers_are_omitted_without_reading() -> None:
    """Text and missing values in a block leave no row, and are counted."""
    steps, values = noise(100_000, [])
    values[3000:4000] = [None] * 1000  # type: ignore[list-item]
    store = SummaryStore(steps, values)
    curve = curve_of(store, width=100)
    assert store.read == 0 and curve.omitted == 1000 and len(curve.rows) == 99


@pytest.mark.parametrize("kind", [PlainStore, SummaryStore])
@pytest.mark.parametrize("window", [(10, 20), (1990, 2010), (2999.5, 9000), (-5, 0), (50.2, 50.7)])
def test_a_window_has_its_points_and_their_neighbours(
    kind: type[PlainStore], window: tuple[float, float]
) -> None:
    """A short range returns each point in it, and one on each side so that lines continue."""
    steps, values = noise(3000, [])
    curve = curve_of(kind(steps, values), window=window, width=1000)
    inside = [step for step in steps if window[0] <= step <= window[1]]
    before = [step for step in steps if step < window[0]][-1:]
    after = [step for step in steps if step > window[1]][:1]
    assert [row.x for row in curve.rows] == before + inside + after
    assert curve.is_exact and curve.total == 3000
    assert [row.y for row in curve.rows] == [values[step] for step in before + inside + after]


def test_rows_are_those_of_their_buckets() -> None:
    """Each row has the last, the least and the greatest value of the points of its bucket."""
    steps, values = noise(5000, [])
    curve = curve_of(PlainStore(steps, values), window=(1000, 4000), width=100)
    rows = curve.rows[1:-1]
    assert len(rows) == 100 and not curve.is_exact
    for before, row in pairwise(rows):
        own = range(int(before.x) + 1, int(row.x) + 1)
        assert (row.low, row.high) == (
            min(values[step] for step in own), max(values[step] for step in own)
        )  # fmt: skip
        assert (row.low, row.high) == (values[int(row.x_low)], values[int(row.x_high)])
        assert row.y == values[int(row.x)]


def test_what_is_not_a_number_is_a_gap_or_omitted() -> None:
    """NaN and infinities are rows without a value; other values and steps are counted."""
    values = [1.0, NAN, INF, 2, None, "x", True, 10**400, 3.0]
    steps = [0, 1, 2, 3, 4, 5, 6, 7, "last"]
    curve = curve_of(PlainStore(steps, values), width=100)
    assert [row.x for row in curve.rows] == [0, 1, 2, 3, 7]
    assert curve.omitted == 4 and curve.total == 9
    reduced = curve_of(PlainStore([*range(900)], [NAN, INF, 5.0, -INF, 1.0, NAN] * 150), width=50)
    assert {(row.low, row.high) for row in reduced.rows} == {(1.0, 5.0)}
    nothing = curve_of(PlainStore([*range(900)], [NAN] * 900), width=50)
    assert nothing.rows and all(row.y != row.y and row.low != row.low for row in nothing.rows)


def test_infinite_blocks_have_their_finite_extremes() -> None:
    """A summary whose maximum is infinite is replaced by the points of its block."""
    steps, values = noise(100_000, [50_500])
    values[50_600] = INF
    store = SummaryStore(steps, values)
    curve = curve_of(store, width=100)
    assert (50_500, 10.0) in places(curve) and 1000 <= store.read <= 2000
    assert all(math.isfinite(row.high) for row in curve.rows)


@pytest.mark.parametrize("count", [60, 30_000])
def test_steps_that_are_not_ordered_are_sorted(count: int) -> None:
    """A run that continued from a checkpoint repeats steps; rows are in the order of steps."""
    steps = [*range(count // 2), *range(count // 4, count)]
    values = [float(index) for index in range(len(steps))]
    curve = curve_of(SummaryStore(steps, values), width=100)
    xs = [row.x for row in curve.rows]
    assert xs == sorted(xs) and xs[-1] == count - 1
    assert max(row.high for row in curve.rows) == len(steps) - 1
    if count == 60:
        assert xs == sorted(steps)


def test_a_logarithmic_axis_has_positive_places() -> None:
    """Steps that are not positive are omitted, and small steps are as detailed as large ones."""
    steps, values = noise(50_000, [3, 30_000])
    curve = curve_of(SummaryStore(steps, values), width=300, is_log=True)
    assert curve.omitted == 1
    assert {(step, values[step]) for step in range(1, 50)} <= places(curve)
    assert (30_000, 10.0) in places(curve)
    none = curve_of(PlainStore([-3, -2, 0], [1.0, 2.0, 3.0]), is_log=True)
    assert none.rows == [] and none.omitted == 3


def test_times_are_places_on_the_axis() -> None:
    """The wall time is in seconds since 1970, the relative time since the start of the run."""
    store = PlainStore([5, 5, 5], [1.0, 2.0, 3.0])
    wall = curve_of(store, axis="time")
    assert [row.x for row in wall.rows] == [START.timestamp() + 10 * index for index in range(3)]
    relative = curve_of(store, START.timestamp() - 5, axis="relative")
    assert [row.x for row in relative.rows] == [5, 15, 25]
    without_start = curve_of(store, None, axis="relative")
    assert [row.x for row in without_start.rows] == [0, 10, 20]


def test_times_that_are_missing_or_not_ordered() -> None:
    """Points without a time are omitted, the others are in the order of time."""
    times = [START + timedelta(seconds=seconds) for seconds in (30, 10, 20)]
    curve = curve_of(
        PlainStore([1, 2, 3, 4], [1.0, 2.0, 3.0, 4.0], [*times, None]), axis="relative"
    )
    assert [(row.x, row.y) for row in curve.rows] == [(-20, 2.0), (-10, 3.0), (0, 1.0)]
    assert curve.omitted == 1


@pytest.mark.parametrize("is_ordered", [True, False])
def test_many_times_are_places_in_order(is_ordered: bool) -> None:
    """Times of many points are compared without making each, and sorted where it is necessary."""
    count = 25_000
    times = [START + timedelta(seconds=index) for index in range(count)]
    if not is_ordered:
        times[10], times[20] = times[20], times[10]
    columns = {"steps": [0] * count, "values": [*map(float, range(count))], "timestamps": times}
    found = numeric_points(columns, "relative", START.timestamp())
    assert [*found.xs[:30]] == [*range(30)] and len(found.xs) == count
    assert found.ys[10] == (10 if is_ordered else 20)


@settings(max_examples=examples(50, 1000))
@given(
    SERIES, st.sampled_from(AXES), st.booleans(), st.sampled_from([0.0, 0.9]),
    st.none() | st.tuples(st.floats(-10, 10), st.floats(11, 1e12)), st.integers(1, 50),
)  # fmt: skip
def test_any_points_are_drawn(
    series: list[tuple[Any, Any, Any]],
    axis: str,
    is_log: bool,
    smoothing: float,
    window: tuple[float, float] | None,
    width: int,
) -> None:
    """Whatever was logged: places are finite and in order, and the data is strict JSON."""
    if is_log and window is not None:
        window = (max(window[0], 0.5), window[1])
    columns = [[point[column] for point in series] for column in range(3)]
    store = SummaryStore(columns[0], columns[1], columns[2])
    view = CurveView(axis=axis, is_log=is_log, window=window, width=width, smoothing=smoothing)
    for curve in read_curves(store, 1, ["loss"], view, 0.0).values():
        xs = [row.x for row in curve.rows]
        assert xs == sorted(xs) and all(map(math.isfinite, xs))
        assert 0 <= curve.omitted <= curve.total == len(series)
        data = json.loads(json.dumps(curve_data("runs/1", curve), allow_nan=False))
        assert [*column_lengths(data)] == [len(xs)] * len([*column_lengths(data)])
    groups = group_rows([*read_all_points(store, 1, ["loss"], view, 0.0).values()], width)
    assert all(math.isfinite(row.x) for row in groups)


def column_lengths(data: Mapping[str, Any]) -> Iterable[int]:
    """Return the lengths of the columns of a curve."""
    return (len(value) for value in data.values() if isinstance(value, list))


def tensorboard(values: list[float], weight: float) -> list[float]:
    """Return what TensorBoard computes, as its documentation describes it."""
    last, smoothed = 0.0, []
    for number, value in enumerate(values, 1):
        last = last * weight + (1 - weight) * value
        smoothed.append(last / (1 - weight**number))
    return smoothed


@pytest.mark.parametrize("weight", [0.3, 0.9, 0.99])
def test_smoothing_is_that_of_tensorboard(weight: float) -> None:
    """Up to 1,000 points the smoothed values are those of TensorBoard."""
    steps, values = noise(500, [])
    curve = curve_of(PlainStore(steps, values), smoothing=weight)
    assert [row.smooth for row in curve.rows] == pytest.approx(tensorboard(values, weight))
    assert [row.y for row in curve.rows] == values


def test_smoothing_depends_neither_on_the_width_nor_on_the_window() -> None:
    """The smoothed value at a step is the same in each chart that has it."""
    steps, values = noise(30_000, [])
    store = SummaryStore(steps, values)
    exact = Smoothing(0.9, 30_000).apply(values)
    views = [
        {"width": 40}, {"width": 1000}, {"window": (20_000, 20_500)},
        {"window": (20_000, 29_000), "width": 64},
    ]  # fmt: skip
    for view in views:
        rows = curve_of(store, smoothing=0.9, **view).rows
        assert rows
        for row in rows:
            assert row.smooth == pytest.approx(exact[int(row.x)], rel=1e-4)
    store.read = 0
    curve_of(store, smoothing=0.9, window=(20_000, 20_500))
    assert 4000 < store.read < 8000  # what is before has less than a millionth of the weight


def test_long_metrics_are_as_smooth_as_short_ones() -> None:
    """A weight has the same effect on curves of the same shape with more points."""
    ends = []
    for count in (1000, 50_000):
        step = [0.0] * (count // 2) + [1.0] * (count // 10)
        ends.append(Smoothing(0.99, count).apply(step)[-1])
    assert ends[0] == pytest.approx(ends[1], abs=0.01) and 0.5 < ends[0] < 0.9


def test_smoothing_skips_what_is_not_finite() -> None:
    """NaN and infinities change no smoothed value, which is NaN before the first number."""
    found = Smoothing(0.5, 5).apply([NAN, 2.0, INF, NAN, 4.0])
    assert found[0] != found[0] and found[1:4] == [2.0, 2.0, 2.0]
    assert found[4] == pytest.approx((2 * 0.25 + 4 * 0.5) / 0.75)
