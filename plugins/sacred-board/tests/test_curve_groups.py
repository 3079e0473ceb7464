"""Tests of the mean of curves over runs."""

import pytest
from sacred_board.data.curve_groups import GroupRow, group_rows
from sacred_board.data.numeric_points import NumericPoints

from sacred_core.stores.groups import compute_statistics


def points(**values: float) -> NumericPoints:
    """Return points from names like ``x3``."""
    return NumericPoints([int(name[1:]) for name in values], [*values.values()])


def means(rows: list[GroupRow]) -> list[tuple[float, float, int]]:
    return [(row.x, row.mean, row.count) for row in rows]


def test_common_steps_have_the_mean_and_its_interval() -> None:
    """At each step of all runs the statistics are those of their values."""
    runs = [points(x0=1.0, x1=2.0), points(x0=3.0, x1=2.0), points(x0=8.0, x1=5.0)]
    first, second = group_rows(runs, 100)
    expected = compute_statistics([1.0, 3.0, 8.0])
    assert (first.mean, first.low, first.high) == (expected.mean, expected.low, expected.high)
    assert means([second]) == [(1, 3.0, 3)]


def test_steps_that_differ_are_interpolated() -> None:
    """A run without a point at a step has the value between its neighbours, and none outside."""
    runs = [points(x0=0.0, x10=10.0), points(x5=1.0, x15=3.0)]
    assert means(group_rows(runs, 100)) == [(0, 0.0, 1), (5, 3.0, 2), (10, 6.0, 2), (15, 3.0, 1)]


def test_one_run_has_no_interval() -> None:
    """The mean of a single run is its curve, without an interval."""
    assert group_rows([points(x1=2.0)], 100) == [GroupRow(1, 2.0, None, None, 1)]
    assert group_rows([], 100) == [] and group_rows([NumericPoints([], [])], 100) == []


@pytest.mark.parametrize("is_log", [False, True])
def test_many_places_are_as_many_as_pixels(is_log: bool) -> None:
    """The value of a run at a place is the mean of its points since the place before."""
    xs = [*range(1, 10_001)]
    runs = [NumericPoints(xs, [float(x % 2) for x in xs]), NumericPoints(xs, [2.0] * len(xs))]
    rows = group_rows(runs, 50, is_log=is_log)
    assert rows[0].x == 1 and rows[-1].x == 10_000
    assert all(row.count == 2 and row.x in set(xs) for row in rows)
    # The last bucket of each scale has an even number of points, or many.
    assert rows[-1].mean == pytest.approx(1.25, abs=0.01)
    distances = [rows[1].x - rows[0].x, rows[-1].x - rows[-2].x]
    if is_log:  # at first there are more parts than places: each place is used
        assert [row.x for row in rows[:5]] == [1, 2, 3, 4, 5]
        assert distances[1] > 1000 and 35 < len(rows) < 50
    else:
        assert len(rows) == 51 and distances == pytest.approx([200, 200], 1)


def test_a_window_has_its_places_and_their_neighbours() -> None:
    """Only places in the range, and the next ones on both sides, are computed."""
    own = NumericPoints([*range(100)], [float(x) for x in range(100)])
    assert [row.x for row in group_rows([own, own], 80, window=(20, 30))] == [*range(19, 32)]


def test_values_that_are_not_finite_are_skipped() -> None:
    """A gap of a run is interpolated like a missing step."""
    runs = [points(x0=0.0, x1=float("nan"), x2=4.0), points(x0=0.0, x1=0.0, x2=0.0)]
    assert means(group_rows(runs, 100)) == [(0, 0.0, 2), (1, 1.0, 2), (2, 2.0, 2)]
