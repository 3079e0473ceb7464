"""Writes the points of a run as ``metrics.json``, a part of them at a time."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO

from sacred_core.stores import MetricSummary, RunStore, curves
from sacred_core.stores.curves import CurveStore, Ranges, ranges_of, summaries_of
from sacred_core.stores.folder_format import metric_lines, write_merged
from sacred_core.stores.summaries import merge_summaries

#: Points that are read at a time: each part of a metric is a multiple of a block.
_POINTS = 50_000


def write_points(
    store: RunStore, run_id: int | str, lines: BinaryIO, out: BinaryIO
) -> tuple[dict[str, MetricSummary], dict[str, Any]]:
    """Write all points of a run.

    Args:
        store: Where the run is.
        run_id: The run.
        lines: An empty file, for intermediate data.
        out: Gets the content of ``metrics.json``.

    Returns:
        The summary of each metric that has points, and the content of ``metrics.index.json``.

    Raises:
        StoreError: the points cannot be read.
    """
    reader = (
        store
        if isinstance(store, CurveStore)
        else _PointsInMemory(curves.all_points(store, run_id))
    )
    blocks = curves.summaries(reader, run_id, raw=True)  # type: ignore[arg-type]
    counts = {name: blocks[name][-1].stop if blocks[name] else 0 for name in sorted(blocks)}
    for ranges in _parts(counts):
        points = curves.points(reader, run_id, ranges, raw=True)  # type: ignore[arg-type]
        lines.write(metric_lines(points, {name: start for name, (start, _) in ranges.items()}))
    summaries = {name: merge_summaries(own) for name, own in blocks.items() if own}
    return summaries, write_merged(lines, out)


def _parts(counts: Mapping[str, int]) -> Iterator[Ranges]:
    """Yield ranges that cover all points, a limited number at a time."""
    ranges: dict[str, tuple[int, int | None]] = {}
    left = _POINTS
    for name, count in counts.items():
        for start in range(0, count or 1, _POINTS):
            stop = min(start + _POINTS, count)
            if ranges and (name in ranges or stop - start > left):
                yield ranges
                ranges, left = {}, _POINTS
            ranges[name] = (start, stop)
            left -= stop - start
    if ranges:
        yield ranges


class _PointsInMemory:
    """The points of a run of a store that cannot read a part of them."""

    def __init__(self, metrics: Mapping[str, Any]) -> None:
        self._metrics = metrics

    def summaries(
        self, run_id: int | str, names: Iterable[str] | None = None
    ) -> dict[str, list[MetricSummary]]:
        del run_id
        return summaries_of(self._metrics, names)

    def points(self, run_id: int | str, ranges: Ranges) -> dict[str, dict[str, Any]]:
        del run_id
        return ranges_of(self._metrics, ranges)
