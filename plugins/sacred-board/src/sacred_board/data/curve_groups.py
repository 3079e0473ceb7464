"""The mean of a metric over runs, with a confidence interval, at common places of the x axis."""

import heapq
import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise

import attrs

from sacred_board.data.buckets import bucket_edges
from sacred_board.data.numeric_points import Numbers, NumericPoints, is_finite
from sacred_core.stores.groups import compute_statistics

#: Places for each pixel up to which all places at which a run has a point are used.
_PLACES_PER_PIXEL = 1


@attrs.frozen
class GroupRow:
    """The runs of a group at a place.

    Attributes:
        x: The place.
        mean: Over the runs that have a value there.
        low, high: The 95 % confidence interval of the mean with Student's t-distribution, see
            `compute_statistics`; None of one run.
        count: Number of runs that have a value.
    """

    x: float
    mean: float
    low: float | None
    high: float | None
    count: int


def group_rows(
    runs: Sequence[NumericPoints],
    width: int,
    window: tuple[float, float] | None = None,
    is_log: bool = False,
) -> list[GroupRow]:
    """Return the mean of a metric over runs.

    The places are those at which any run has a point, or if they are more than ``width``, the last
    of them in each of ``width`` parts of the axis. The value of a run at a place is the mean of its
    points after the place before it, up to this place. A run without a point there has the value on
    the line between its neighbouring points, and none before its first point and after its last
    one: nothing is extrapolated. Values that are not finite are skipped.

    Args:
        runs: The points of each run, smoothed if the chart is.
        width: Maximum number of places in the window.
        window: The least and the greatest x; None for all.
        is_log: The axis is logarithmic.
    """
    finite = [own for own in map(_without_gaps, runs) if len(own.xs)]
    places = _places(finite, width, window, is_log)
    columns = [_resample(own, places) for own in finite]
    rows = []
    for x, *values in zip(places, *columns, strict=True):
        numbers = [value for value in values if value is not None]
        if numbers:
            found = compute_statistics(numbers)
            rows.append(GroupRow(x, found.mean, found.low, found.high, found.count))
    return rows


def _without_gaps(points: NumericPoints) -> NumericPoints:
    if all(map(is_finite, points.ys)):
        return points
    chosen = [index for index, value in enumerate(points.ys) if is_finite(value)]
    return NumericPoints([points.xs[i] for i in chosen], [points.ys[i] for i in chosen])


def _places(
    runs: Iterable[NumericPoints], width: int, window: tuple[float, float] | None, is_log: bool
) -> list[float]:
    axes = [own.xs for own in runs]
    if window is not None:
        low, high = window
        axes = [xs[max(bisect_left(xs, low) - 1, 0) : bisect_right(xs, high) + 1] for xs in axes]
    axes = [xs for xs in axes if len(xs)]
    if not axes:
        return []
    places: list[float] = []
    for x, _ in groupby(heapq.merge(*axes)):
        places.append(x)
        if len(places) > _PLACES_PER_PIXEL * width:
            break
    else:
        return places
    ends = min(xs[0] for xs in axes), max(xs[-1] for xs in axes)
    return _last_places(axes, bucket_edges(*ends, width, is_log))


def _last_places(axes: Sequence[Numbers], edges: Sequence[float]) -> list[float]:
    """Return the last place in each part between edges that has one, and the first of all."""
    places = [edges[0]]
    for low, high in pairwise(edges):
        last = max((xs[stop - 1] for xs in axes if (stop := bisect_right(xs, high))), default=low)
        if last > low:
            places.append(last)
    return places


def _resample(points: NumericPoints, places: Sequence[float]) -> list[float | None]:
    """Return the value of a run at each place."""
    xs, ys = points.xs, points.ys
    values: list[float | None] = []
    start = bisect_left(xs, places[0]) if places else 0
    for place in places:
        stop = bisect_right(xs, place, start)
        if stop > start:
            values.append(_mean(ys[start:stop]))
        elif 0 < start < len(xs):
            share = (place - xs[start - 1]) / (xs[start] - xs[start - 1])
            values.append(ys[start - 1] * (1 - share) + ys[start] * share)
        else:
            values.append(None)
        start = stop
    return values


def _mean(values: Sequence[float]) -> float:
    try:
        return math.fsum(values) / len(values)
    except OverflowError:
        return math.fsum(value / len(values) for value in values)
