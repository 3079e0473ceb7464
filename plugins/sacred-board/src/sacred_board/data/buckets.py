"""Points of a curve reduced to a number of rows, with the least and the greatest value of each."""

import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import attrs

from sacred_board.data.numeric_points import NumericPoints, have_gaps, is_finite
from sacred_core.dotted_path import MISSING
from sacred_core.stores.summaries import MetricSummary


@attrs.frozen
class Row:
    """Neighbouring points.

    Attributes:
        x: That of the last of them.
        y: The last finite value; NaN where there is none.
        x_low, low: The one with the least finite value.
        x_high, high: The one with the greatest finite value.
        smooth: The smoothed value at the last of them; NaN without smoothing.
    """

    x: float
    y: float
    x_low: float
    low: float
    x_high: float
    high: float
    smooth: float = math.nan


def point_row(x: float, y: float, smooth: float = math.nan) -> Row:
    """Return the row of a single point."""
    return Row(x, y, x, y, x, y, smooth)


def summary_row(block: MetricSummary) -> Row | None:
    """Return the row of a stored summary by step; None if it does not have all parts of one."""
    row = Row(block.last_step, block.last, block.argmin, block.min, block.argmax, block.max)
    parts = attrs.astuple(row)[:-1]
    return row if all(part is not MISSING and is_finite(part) for part in parts) else None


def bucket_edges(low: float, high: float, count: int, is_log: bool) -> list[float]:
    """Return ``count + 1`` positions at equal distances, on a logarithmic axis of equal ratios."""
    if is_log:
        first, last = math.log(low), math.log(high)
        inner = [math.exp(first + (last - first) * n / count) for n in range(1, count)]
    else:
        inner = [low + (high - low) * (n / count) for n in range(1, count)]
    return [low, *inner, high]


def point_rows(points: NumericPoints, smooth: Sequence[float] | None = None) -> list[Row]:
    """Return a row for each point."""
    smoothed = [math.nan] * len(points.xs) if smooth is None else smooth
    return [*map(point_row, points.xs, points.ys, smoothed)]


def bucket_rows(
    points: NumericPoints, edges: Sequence[float], smooth: Sequence[float] | None = None
) -> Iterator[Row]:
    """Yield a row for each bucket that has points; the last one includes its end.

    Args:
        points: All between the first and the last edge.
        edges: In ascending order.
        smooth: The smoothed value at each point.
    """
    xs, ys = points.xs, points.ys
    has_gaps = have_gaps(ys)
    starts = [0, *(bisect_left(xs, edge) for edge in edges[1:-1]), len(xs)]
    for start, stop in pairwise(starts):
        if start == stop:
            continue
        own = ys[start:stop]
        finite = [each for each in own if is_finite(each)] if has_gaps else own
        x, last = xs[stop - 1], math.nan if smooth is None else smooth[stop - 1]
        if not finite:
            yield point_row(x, math.nan, last)
            continue
        low, high = min(finite), max(finite)
        x_low, x_high = xs[start + own.index(low)], xs[start + own.index(high)]
        yield Row(x, finite[-1], x_low, low, x_high, high, last)


def merge_rows(rows: Iterable[Row], edges: Sequence[float]) -> list[Row]:
    """Return at most one row for each bucket; rows are in the bucket of their ``x``.

    Rows outside of the edges are returned as they are.
    """
    merged: list[Row] = []
    bucket = -1
    for row in sorted(rows, key=lambda row: row.x):
        own = bisect_left(edges, row.x)
        is_inside = 0 < own < len(edges)
        if is_inside and own == bucket:
            merged[-1] = _merge_two(merged[-1], row)
        else:
            merged.append(row)
        bucket = own
    return merged


def _merge_two(one: Row, other: Row) -> Row:
    y = one.y if other.y != other.y else other.y
    low = min((one, other), key=lambda row: math.inf if row.low != row.low else row.low)
    high = max((one, other), key=lambda row: -math.inf if row.high != row.high else row.high)
    return Row(other.x, y, low.x_low, low.low, high.x_high, high.high, other.smooth)
