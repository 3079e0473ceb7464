"""Curves of metrics: a number of blocks that fit a width, or the points since the last look.

A store that has summaries, a `CurveStore`, reads few points or none; of others all points are read.

Of a run that was resumed, points that a later segment repeats are hidden, see
`sacred_core.stores.segment_views`. Indexes and numbers of points are those of what is shown, or
with ``raw`` of all points.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import Any, Protocol, TypeAlias, TypeVar, runtime_checkable

from sacred_core.stores.summaries import (
    BLOCK_POINTS,
    COLUMNS,
    MetricSummary,
    merge_summaries,
    summarize,
    summarize_blocks,
)

T = TypeVar("T")
Points: TypeAlias = dict[str, Any]
#: For each metric the index of the first point, and that after the last one, None for the end.
Ranges: TypeAlias = Mapping[str, tuple[int, int | None]]
_ReadPart: TypeAlias = Callable[[int, int], Points]
#: A curve consists of whole blocks where a part of it would have more points than this.
_MOST_POINTS = BLOCK_POINTS // 2


class PointsReader(Protocol):
    """The part of `sacred_core.stores.RunStore` that curves need."""

    def metrics(self, run_id: int | str) -> dict[str, dict[str, Any]]:
        """See `sacred_core.stores.RunStore.metrics`."""


@runtime_checkable
class CurveStore(Protocol):
    """A store that reads summaries and ranges of points without reading all of them."""

    def summaries(
        self, run_id: int | str, names: Iterable[str] | None = None, raw: bool = False
    ) -> dict[str, list[MetricSummary]]:
        """Return the summary of each block by metric; see the function `summaries`."""

    def points(self, run_id: int | str, ranges: Ranges, raw: bool = False) -> dict[str, Points]:
        """Return some points of metrics; see the function `points`."""


def summaries(
    store: PointsReader, run_id: int | str, names: Iterable[str] | None = None, raw: bool = False
) -> dict[str, list[MetricSummary]]:
    """Return for each metric of a run the summaries of its blocks of 1,000 points, in order.

    Blocks of a run that was resumed may have fewer points.

    Args:
        store: From `open_store`.
        run_id: The run.
        names: Of the metrics, by default all; others than those of the run are omitted.
        raw: Also of points that a later segment repeats.

    Raises:
        StoreError: the run does not exist.
        DamagedRecordError: the points cannot be read.
    """
    if isinstance(store, CurveStore):
        return _read(store.summaries, raw, run_id, names)
    return summaries_of(all_points(store, run_id, raw), names)


def points(
    store: PointsReader, run_id: int | str, ranges: Ranges, raw: bool = False
) -> dict[str, Points]:
    """Return some points of metrics, as `RunStore.metrics` does all.

    Args:
        store: From `open_store`.
        run_id: The run.
        ranges: For each metric the index of the first point, and that after the last one, or None
            for all that follow. Metrics that the run does not have are omitted.
        raw: Also points that a later segment repeats; the indexes count them.

    Raises:
        StoreError: the run does not exist.
        DamagedRecordError: the points cannot be read.
    """
    if isinstance(store, CurveStore):
        return _read(store.points, raw, run_id, ranges)
    return ranges_of(all_points(store, run_id, raw), ranges)


def all_points(store: PointsReader, run_id: int | str, raw: bool = True) -> dict[str, Points]:
    """Return the points of all metrics, also from a store of a plugin that does not have ``raw``.

    Args:
        store: From `open_store`.
        run_id: The run.
        raw: Also points that a later segment repeats.

    Raises:
        StoreError: the run does not exist.
        DamagedRecordError: the points cannot be read.
    """
    return _read(store.metrics, raw, run_id)


def _read(method: Callable[..., T], raw: bool, *arguments: Any) -> T:
    """Call a method of a store; one without ``raw``, of an earlier release, returns all points."""
    if raw and "raw" in inspect.signature(method).parameters:
        return method(*arguments, raw=True)
    return method(*arguments)


def summaries_of(
    metrics: Mapping[str, Points], names: Iterable[str] | None = None
) -> dict[str, list[MetricSummary]]:
    """Return the summaries of blocks from all points; see `summaries`."""
    wanted = None if names is None else set(names)
    return {
        name: [*summarize_blocks(metric["steps"], metric["values"])]
        for name, metric in metrics.items()
        if wanted is None or name in wanted
    }


def ranges_of(metrics: Mapping[str, Points], ranges: Ranges) -> dict[str, Points]:
    """Return some points from all; see `points`."""
    return {
        name: {column: metrics[name][column][start:stop] for column in COLUMNS}
        for name, (start, stop) in ranges.items()
        if name in metrics
    }


def tail(
    store: PointsReader,
    run_id: int | str,
    counts: Mapping[str, int] | None = None,
    raw: bool = False,
) -> dict[str, Points]:
    """Return the points that were added to each metric since there were ``counts`` of them.

    Args:
        store: From `open_store`.
        run_id: The run.
        counts: Number of points by metric that the caller has; 0 where a metric is missing. Fewer
            points are shown when a new segment of the run repeats some.
        raw: Also points that a later segment repeats.

    Returns:
        As `RunStore.metrics`, without metrics that have no new point.
    """
    counts = counts or {}
    blocks = summaries(store, run_id, raw=raw)
    stops = {name: own[-1].stop for name, own in blocks.items() if own}
    new = {name: counts.get(name, 0) for name, stop in stops.items() if stop > counts.get(name, 0)}
    if not new:
        return {}
    ranges = {name: (start, stops[name]) for name, start in new.items()}
    return points(store, run_id, ranges, raw)


def curve(
    store: PointsReader,
    run_id: int | str,
    metric: str,
    start: int = 0,
    stop: int | None = None,
    width: int = 400,
    raw: bool = False,
) -> list[MetricSummary]:
    """Return a metric as at most ``width`` summaries of neighbouring points.

    Each has the least and the greatest value of its points, so that no outlier is lost. Their
    sizes are equal except the first and the last one. Where a summary would have more than 500
    points it consists of whole blocks, and no point is read but those of the first and last block.
    Of a resumed run, also those of few other blocks are read; blocks may have fewer points, so that
    the sizes of such summaries differ.

    Args:
        store: From `open_store`.
        run_id: The run.
        metric: The name of the metric.
        start: Index of the first point.
        stop: Index after the last point, by default that of all points.
        width: Maximum number of summaries.
        raw: Also points that a later segment repeats.

    Returns:
        Empty if there is no point in this range.

    Raises:
        ValueError: ``width`` is not positive, or ``start`` or ``stop`` is negative.
        StoreError: the run does not exist.
        DamagedRecordError: the points cannot be read.
    """
    if width < 1 or start < 0 or (stop is not None and stop < 0):
        raise ValueError(
            f"expected a positive width and no negative index: width={width}, start={start}, "
            f"stop={stop}"
        )
    blocks = summaries(store, run_id, [metric], raw).get(metric, [])
    total = blocks[-1].stop if blocks else 0
    stop = total if stop is None else min(stop, total)
    if start >= stop:
        return []
    edges = curve_edges(start, stop, width)

    def read(start: int, stop: int) -> Points:
        return points(store, run_id, {metric: (start, stop)}, raw)[metric]

    if _size(start, stop, width) <= _MOST_POINTS:
        return _from_points(read, edges)
    return _from_blocks(read, edges, blocks)


def curve_edges(start: int, stop: int, width: int) -> list[int]:
    """Return the indexes at which the summaries of `curve` begin, and the end of the last one."""
    size = _size(start, stop, width)
    if size <= _MOST_POINTS:
        return [*range(start, stop, size), stop]
    if width == 1:
        return [start, stop]
    # The first summary may be smaller: all others begin at a block.
    step = -(-size // BLOCK_POINTS) * BLOCK_POINTS
    while True:
        edges = [start, *range(start // step * step + step, stop, step), stop]
        if len(edges) - 1 <= width:
            return edges
        step += BLOCK_POINTS


def _size(start: int, stop: int, width: int) -> int:
    return -(-(stop - start) // width)


def _from_points(read: _ReadPart, edges: list[int]) -> list[MetricSummary]:
    first = edges[0]
    found = read(first, edges[-1])
    steps, values = found["steps"], found["values"]
    return [
        summarize(steps[begin - first : end - first], values[begin - first : end - first], begin)
        for begin, end in pairwise(edges)
    ]


def _from_blocks(
    read: _ReadPart, edges: list[int], blocks: list[MetricSummary]
) -> list[MetricSummary]:
    start, stop = edges[0], edges[-1]
    found: list[MetricSummary] = []
    inside = [
        block if start <= block.start and block.stop <= stop
        else _part(read, max(start, block.start), min(stop, block.stop))
        for block in blocks
        if block.start < stop and block.stop > start
    ]  # fmt: skip
    own = iter(inside)
    block = next(own, None)
    for end in edges[1:]:
        parts = []
        while block is not None and block.start < end:
            parts.append(block)
            block = next(own, None)
        if parts:  # the last block of a resumed run may begin before the last edge
            found.append(merge_summaries(parts))
    return found


def _part(read: _ReadPart, start: int, stop: int) -> MetricSummary:
    found = read(start, stop)
    return summarize(found["steps"], found["values"], start)
