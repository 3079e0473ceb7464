"""Curves of metrics for a chart of a given width: no outlier is lost, and few points are read."""

import math
from collections.abc import Collection, Iterator, Sequence
from itertools import groupby, pairwise

import attrs

from sacred_board.data.buckets import (
    Row,
    bucket_edges,
    bucket_rows,
    merge_rows,
    point_row,
    point_rows,
    summary_row,
)
from sacred_board.data.numeric_points import NumericPoints, is_finite, numeric_points
from sacred_board.data.smoothing import Smoothing
from sacred_core.dotted_path import MISSING
from sacred_core.stores.curves import PointsReader, points, summaries
from sacred_core.stores.summaries import MetricSummary

#: Points for each pixel up to which all are returned.
_POINTS_PER_PIXEL = 3
#: A block of more pixels than this is read point by point.
_PIXELS_PER_BLOCK = 2


@attrs.frozen(kw_only=True)
class CurveView:
    """What a chart shows.

    Attributes:
        axis: ``"step"``, ``"time"`` (seconds since 1970) or ``"relative"`` (seconds since the start
            of the run).
        is_log: The x axis is logarithmic.
        window: The least and the greatest x, None for all points.
        width: In pixels.
        smoothing: Weight of `Smoothing`, 0 for none.
    """

    axis: str = "step"
    is_log: bool = False
    window: tuple[float, float] | None = None
    width: int = 800
    smoothing: float = 0.0


@attrs.frozen(eq=False)
class Curve:
    """A metric of a run for a chart.

    Attributes:
        total: Number of points of the metric.
        rows: In the order of x, with the neighbours of a window on both sides.
        is_exact: Each row is one point.
        omitted: Number of points that cannot be drawn: their value or their place on the axis is
            not a number, or not positive on a logarithmic axis. Of points that were not read, those
            whose value is not a number.
    """

    total: int
    rows: list[Row]
    is_exact: bool
    omitted: int = 0


def read_curves(
    store: PointsReader,
    run_id: int | str,
    names: Collection[str],
    view: CurveView,
    origin: float | None = None,
) -> dict[str, Curve]:
    """Read metrics of a run for a chart.

    By step and without smoothing, stored summaries are used where a block of 1,000 points is
    narrower than two pixels; points are read elsewhere. By time, and with smoothing, all points
    that count are read.

    Args:
        store: From `open_store`.
        run_id: The run.
        names: Of metrics; others than those of the run are omitted.
        view: Of the chart.
        origin: Start of the run in seconds since 1970, for relative time; None for the time of its
            first point.

    Raises:
        StoreError: the run does not exist.
        DamagedRecordError: the points cannot be read.
    """
    blocks = summaries(store, run_id, names)
    reader = _Reader(store, run_id, view, origin)
    return {name: reader.read(name, own) for name, own in blocks.items() if own}


def read_all_points(
    store: PointsReader,
    run_id: int | str,
    names: Collection[str],
    view: CurveView,
    origin: float | None = None,
) -> dict[str, NumericPoints]:
    """Read all points of metrics, smoothed if the view is; see `read_curves`."""
    found = points(store, run_id, dict.fromkeys(names, (0, None)))
    result = {}
    for name, columns in found.items():
        own = numeric_points(columns, view.axis, _origin(view, origin))
        own = own.without_log_gaps() if view.is_log else own
        if view.smoothing:
            smoothed = Smoothing(view.smoothing, len(columns["values"])).apply(own.ys)
            own = attrs.evolve(own, ys=smoothed)
        result[name] = own
    return result


@attrs.frozen
class _Reader:
    store: PointsReader
    run_id: int | str
    view: CurveView
    origin: float | None

    def read(self, name: str, blocks: list[MetricSummary]) -> Curve:
        by_step = self.view.axis == "step" and all(map(_has_steps, blocks))
        if not by_step:
            return self._from_points(name, blocks, 0, blocks[-1].stop)
        window = self.view.window or _extent(blocks, self.view.is_log)
        if window is None:
            return Curve(blocks[-1].stop, [], True, blocks[-1].stop)
        chosen = _inside(blocks, window)
        if self.view.smoothing:
            weights = Smoothing(self.view.smoothing, blocks[-1].stop)
            is_ordered = all(a.highest_step <= b.lowest_step for a, b in pairwise(blocks))
            start = max(0, chosen[0].start - weights.history) if is_ordered else 0
            return self._from_points(name, blocks, start, chosen[-1].stop)
        return self._by_step(name, blocks, chosen, window)

    def _by_step(
        self,
        name: str,
        blocks: list[MetricSummary],
        chosen: list[MetricSummary],
        window: tuple[float, float],
    ) -> Curve:
        """Return a curve from summaries of narrow blocks, and the points of others."""
        limit = _POINTS_PER_PIXEL * self.view.width
        if sum(block.points for block in chosen) <= limit:
            return self._from_points(name, blocks, chosen[0].start, chosen[-1].stop)
        edges = bucket_edges(*window, self.view.width, self.view.is_log)
        rows: list[Row] = []
        omitted = 0
        is_exact = True
        for is_narrow, own in _spans(chosen, edges, self.view.is_log):
            if is_narrow:
                found = [row for row in (_block_row(block, window) for block in own) if row]
                rows += found
                omitted += sum(block.others for block in own)
                is_exact = is_exact and all(row.x_low == row.x_high for row in found)
            else:
                part = self._from_points(name, blocks, own[0].start, own[-1].stop, window)
                rows += part.rows
                omitted += part.omitted
                is_exact = is_exact and part.is_exact
        if self.view.is_log:
            rows = [row for row in rows if min(row.x, row.x_low, row.x_high) > 0]
        if len(rows) > limit:
            rows, is_exact = merge_rows(rows, edges), False
        rows.sort(key=lambda row: row.x)
        return Curve(blocks[-1].stop, rows, is_exact, omitted)

    def _from_points(
        self,
        name: str,
        blocks: list[MetricSummary],
        start: int,
        stop: int,
        window: tuple[float, float] | None = None,
    ) -> Curve:
        """Return a curve from points in a range of indexes."""
        window = self.view.window if window is None else window
        total = blocks[-1].stop
        found = points(self.store, self.run_id, {name: (start, stop)}).get(name)
        if found is None:
            return Curve(0, [], True)
        own = numeric_points(found, self.view.axis, _origin(self.view, self.origin))
        own = own.without_log_gaps() if self.view.is_log else own
        smooth = (
            Smoothing(self.view.smoothing, total).apply(own.ys) if self.view.smoothing else None
        )
        if not len(own.xs):
            return Curve(total, [], True, own.omitted)
        inside = slice(0, len(own.xs)) if window is None else own.between(*window)
        part = NumericPoints(own.xs[inside], own.ys[inside])
        smooth_part = None if smooth is None else smooth[inside]
        is_exact = len(part.xs) <= _POINTS_PER_PIXEL * self.view.width
        if is_exact:
            rows = point_rows(part, smooth_part)
        else:
            low, high = (part.xs[0], part.xs[-1]) if window is None else window
            edges = bucket_edges(low, high, self.view.width, self.view.is_log)
            rows = [*bucket_rows(part, edges, smooth_part)]
        rows[:0] = _neighbour(own, inside.start - 1, smooth)
        rows += _neighbour(own, inside.stop, smooth)
        return Curve(total, rows, is_exact, own.omitted)


def _neighbour(points: NumericPoints, index: int, smooth: Sequence[float] | None) -> list[Row]:
    if not 0 <= index < len(points.xs):
        return []
    own = math.nan if smooth is None else smooth[index]
    return [point_row(points.xs[index], points.ys[index], own)]


def _block_row(block: MetricSummary, window: tuple[float, float]) -> Row | None:
    """Return the row of a block; of one beside the window only the point that is next to it."""
    if block.highest_step < window[0] and block.count:
        return point_row(block.last_step, block.last)
    if block.lowest_step > window[1] and block.count:
        return point_row(block.lowest_step, block.first)
    return summary_row(block)


def _origin(view: CurveView, origin: float | None) -> float | None:
    return origin if view.axis == "relative" else 0.0


def _has_steps(block: MetricSummary) -> bool:
    return all(
        step is not MISSING and is_finite(step) for step in (block.lowest_step, block.highest_step)
    )


def _extent(blocks: Sequence[MetricSummary], is_log: bool) -> tuple[float, float] | None:
    """Return the least and the greatest step that a chart has; None if it is empty."""
    high = max(block.highest_step for block in blocks)
    low = min(block.lowest_step for block in blocks)
    if is_log and low <= 0:
        positive = [block.lowest_step for block in blocks if block.lowest_step > 0]
        low = min([1, high, *positive])
    return (low, high) if high >= low and not (is_log and low <= 0) else None


def _inside(blocks: list[MetricSummary], window: tuple[float, float]) -> list[MetricSummary]:
    """Return the blocks that a window needs: from the one before it to the one after it."""
    low, high = window
    own = [
        index
        for index, block in enumerate(blocks)
        if block.lowest_step <= high and block.highest_step >= low
    ]
    if not own:  # the window is between two blocks, or beside all of them
        after = sum(block.highest_step < low for block in blocks)
        return blocks[max(after - 1, 0) : after + 1]
    return blocks[max(own[0] - 1, 0) : own[-1] + 2]


def _spans(
    blocks: Sequence[MetricSummary], edges: Sequence[float], is_log: bool
) -> Iterator[tuple[bool, list[MetricSummary]]]:
    """Yield neighbouring blocks that are all narrow or all wide."""
    low, high, count = edges[0], edges[-1], len(edges) - 1

    def position(step: float) -> float:
        step = min(max(step, low), high)
        if is_log:
            return math.log(step / low) / (math.log(high / low) or 1)
        return (step - low) / ((high - low) or 1)

    def is_narrow(block: MetricSummary) -> bool:
        pixels = (position(block.highest_step) - position(block.lowest_step)) * count
        has_row = block.count == 0 or summary_row(block) is not None
        return pixels <= _PIXELS_PER_BLOCK and has_row

    for narrow, own in groupby(blocks, is_narrow):
        yield narrow, [*own]
