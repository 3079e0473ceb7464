"""What is shown of the metrics of a run that was resumed.

Points of all segments follow each other in the store. A point is hidden if its step is not less
than the lowest step that a later segment logged for this metric: the later segment repeats what was
lost since the last checkpoint. Points whose step is not a number, or NaN, hide nothing, and are
never hidden.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import accumulate, pairwise
from typing import Any, Protocol, TypeAlias

import attrs

from sacred_core.dotted_path import MISSING
from sacred_core.stores.curves import Points, Ranges, ranges_of
from sacred_core.stores.segments import Segment
from sacred_core.stores.summaries import (
    BLOCK_POINTS,
    COLUMNS,
    MetricSummary,
    is_number,
    merge_summaries,
    summarize,
)
from sacred_core.stores.times import join_times

#: The index of a first point, and that after a last one.
Span: TypeAlias = tuple[int, int]
_Read: TypeAlias = Callable[[Ranges], dict[str, Points]]


class PointsSource(Protocol):
    """Reads all points of one run, those that are hidden too."""

    def metrics(self) -> dict[str, Points]:
        """Return all points by metric."""

    def summaries(self, names: Iterable[str] | None) -> dict[str, list[MetricSummary]]:
        """Return the summaries of blocks by metric; see `sacred_core.stores.curves.summaries`."""

    def points(self, ranges: Ranges) -> dict[str, Points]:
        """Return ranges of points by metric; see `sacred_core.stores.curves.points`."""


@attrs.frozen
class ShownMetric:
    """What is shown of a metric.

    Attributes:
        spans: The indexes of these points among all points of the metric, in order.
        blocks: Their summaries, by indexes that count the shown points only. A block has at most
            1,000 points.
    """

    spans: list[Span]
    blocks: list[MetricSummary]

    def spans_of(self, start: int, stop: int | None) -> list[Span]:
        """Return where a range of the shown points is among all points."""
        begins = [0, *accumulate(end - begin for begin, end in self.spans)]
        stop = begins[-1] if stop is None else min(stop, begins[-1])
        first = max(bisect_right(begins, start) - 1, 0)
        found = []
        for (begin, end), shown in zip(self.spans[first:], begins[first:], strict=False):
            if shown >= stop:
                break
            own = begin + max(start - shown, 0), min(end, begin + stop - shown)
            found += [own] if own[0] < own[1] else []
        return found


class SegmentView:
    """Reads what is shown of the metrics of a run with several segments.

    Few points are read for it: those of blocks in which a segment begins, or which have steps on
    both sides of a limit.

    Args:
        source: Reads all points.
        segments: Of the run.
    """

    def __init__(self, source: PointsSource, segments: Sequence[Segment]) -> None:
        self._source = source
        self._segments = segments

    def metrics(self) -> dict[str, Points]:
        """Return the shown points of all metrics."""
        return select_shown(self._source.metrics(), self._segments)

    def summaries(self, names: Iterable[str] | None) -> dict[str, list[MetricSummary]]:
        """Return the summaries of the shown points by metric, by default of all."""
        blocks = self._source.summaries(names)
        shown = self._find(blocks)
        return {n: shown[n].blocks if n in shown else own for n, own in blocks.items()}

    def points(self, ranges: Ranges) -> dict[str, Points]:
        """Return ranges of points by metric; the indexes are those of shown points."""
        continued = [name for name in ranges if is_continued(self._segments, name)]
        blocks = self._source.summaries(continued) if continued else {}
        shown = self._find(blocks)
        others = {n: each for n, each in ranges.items() if n not in shown}
        found = self._source.points(others) if others else {}
        spans = {n: own.spans_of(*ranges[n]) for n, own in shown.items()}
        found |= {n: _join(own) for n, own in _read_spans(spans, self._source.points).items()}
        return {name: found[name] for name in ranges if name in found}

    def _find(self, blocks: Mapping[str, list[MetricSummary]]) -> dict[str, ShownMetric]:
        return find_shown(blocks, self._segments, self._source.points)


def is_continued(segments: Sequence[Segment], name: str) -> bool:
    """Return whether a segment continues a metric that an earlier one logged."""
    return any(segment.points.get(name) for segment in segments)


def continued_metrics(segments: Sequence[Segment]) -> list[str]:
    """Return the names of metrics that were logged before the run was resumed."""
    names = (name for segment in segments for name, start in segment.points.items() if start)
    return [*dict.fromkeys(names)]


def select_shown(metrics: Mapping[str, Points], segments: Sequence[Segment]) -> dict[str, Points]:
    """Return the points that are shown, from all points of a run.

    A store that is not a `sacred_core.stores.documents.DocumentStore` implements ``raw`` with it.

    Args:
        metrics: ``{"steps", "values", "timestamps"}`` by name, as `RunStore.metrics` returns them.
        segments: `StoredRun.segments`.
    """
    return {
        name: _select(metric, segments, name) if is_continued(segments, name) else metric
        for name, metric in metrics.items()
    }


def find_shown(
    blocks: Mapping[str, list[MetricSummary]], segments: Sequence[Segment], read: _Read
) -> dict[str, ShownMetric]:
    """Return what is shown of each metric that a segment continued.

    Args:
        blocks: The summaries of the blocks of all points by metric; others than those that a
            segment continued are ignored.
        segments: `StoredRun.segments`.
        read: Returns ranges of all points, see `sacred_core.stores.curves.points`.
    """
    parts = {
        name: [*_cut(own, first_indexes(segments, name, own[-1].stop))]
        for name, own in blocks.items()
        if own and is_continued(segments, name)
    }
    _read_parts({n: [p for p in own if p.summary is None] for n, own in parts.items()}, read)
    for own in parts.values():
        _set_limits(own, len(segments))
    _read_parts({n: [p for p in own if p.is_undecided()] for n, own in parts.items()}, read)
    return {name: _shown_metric(own) for name, own in parts.items()}


def first_indexes(segments: Sequence[Segment], name: str, count: int) -> list[int]:
    """Return the index of the first point of a metric in each segment.

    Args:
        segments: `StoredRun.segments`.
        name: Of the metric.
        count: Number of its points; that of a segment which logged none is the next one's.
    """
    starts = accumulate((segment.points.get(name, 0) for segment in segments), max)
    return [min(start, count) for start in starts]


@attrs.define
class _Part:
    """A part of a block in one segment.

    Attributes:
        start, stop: Indexes among all points.
        segment: The number of the segment.
        summary: None if the block has parts in several segments, and was not read.
        limit: The lowest step of later segments, None if they have none.
        columns: Steps and values, None if they were not read.
    """

    start: int
    stop: int
    segment: int
    summary: MetricSummary | None = None
    limit: Any = None
    columns: tuple[Sequence[Any], Sequence[Any]] | None = None

    def may_be_hidden(self) -> bool:
        """Return whether points are hidden."""
        highest = None if self.summary is None else self.summary.highest_step
        return self.limit is not None and highest is not MISSING and bool(highest >= self.limit)

    def is_undecided(self) -> bool:
        """Return whether the points have to be read."""
        if self.columns is not None or self.summary is None or not self.may_be_hidden():
            return False
        return self.summary.odd_steps > 0 or bool(self.summary.lowest_step < self.limit)

    def shown(self) -> Iterator[Span]:
        """Yield the indexes of shown points in the columns that were read."""
        begin: int | None = None
        steps = self.columns[0] if self.columns else ()
        for index, step in enumerate(steps):
            if is_number(step) and step >= self.limit:
                if begin is not None:
                    yield begin, index
                begin = None
            elif begin is None:
                begin = index
        if begin is not None:
            yield begin, len(steps)


def _cut(blocks: Iterable[MetricSummary], starts: Sequence[int]) -> Iterator[_Part]:
    """Yield the blocks, cut where a segment begins."""
    for block in blocks:
        inside = {start for start in starts if block.start < start < block.stop}
        for start, stop in pairwise([block.start, *sorted(inside), block.stop]):
            segment = bisect_right(starts, start) - 1
            yield _Part(start, stop, segment, None if inside else block)


def _set_limits(parts: Sequence[_Part], count: int) -> None:
    """Set the limit of each part: the lowest step of the segments after its own."""
    limits: list[Any] = [None] * (count + 1)
    for part in parts:
        lowest = part.summary.lowest_step if part.summary is not None else MISSING
        if lowest is not MISSING and lowest == lowest:
            limits[part.segment] = _least(limits[part.segment], lowest)
    for segment in range(count - 1, -1, -1):
        limits[segment] = _least(limits[segment], limits[segment + 1])
    for part in parts:
        part.limit = limits[part.segment + 1]


def _least(one: Any, other: Any) -> Any:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


def _shown_metric(parts: Iterable[_Part]) -> ShownMetric:
    spans: list[Span] = []
    blocks: list[MetricSummary] = []
    count = 0
    for part in parts:
        if part.summary is None:
            continue
        if not part.may_be_hidden():
            spans.append((part.start, part.stop))
            summary = part.summary
        elif part.columns is None:
            continue
        else:
            own = [*part.shown()]
            spans += [(part.start + begin, part.start + end) for begin, end in own]
            steps, values = ([each for b, e in own for each in c[b:e]] for c in part.columns)
            summary = summarize(steps, values)
        if summary.points:
            blocks.append(attrs.evolve(summary, start=count))
            count += summary.points
    return ShownMetric(_merge_spans(spans, 0), _merge_blocks(blocks))


def _merge_blocks(blocks: Iterable[MetricSummary]) -> list[MetricSummary]:
    """Return neighbouring blocks as one, if it has at most 1,000 points."""
    merged: list[list[MetricSummary]] = []
    count = 0
    for block in blocks:
        count += block.points
        if not merged or count > BLOCK_POINTS:
            merged.append([])
            count = block.points
        merged[-1].append(block)
    return [merge_summaries(own) for own in merged]


def _merge_spans(spans: Iterable[Span], gap: int) -> list[Span]:
    """Return spans in which those with at most ``gap`` other points between them are one."""
    merged: list[Span] = []
    for begin, end in spans:
        if merged and begin - merged[-1][1] <= gap:
            merged[-1] = merged[-1][0], end
        else:
            merged.append((begin, end))
    return merged


def _read_parts(parts: Mapping[str, list[_Part]], read: _Read) -> None:
    """Read the points of parts of metrics."""
    found = _read_spans({n: [(p.start, p.stop) for p in own] for n, own in parts.items()}, read)
    for name, own in parts.items():
        for part, points in zip(own, found[name], strict=True):
            part.columns = points["steps"], points["values"]
            part.summary = part.summary or summarize(*part.columns, part.start)


def _read_spans(spans: Mapping[str, Sequence[Span]], read: _Read) -> dict[str, list[Points]]:
    """Return the points of each span by metric; close ones are read together."""
    covers = {name: _merge_spans(own, BLOCK_POINTS) for name, own in spans.items()}
    found: dict[str, list[Points]] = {name: [] for name in spans}
    for number in range(max(map(len, covers.values()), default=0)):
        ranges = {name: own[number] for name, own in covers.items() if number < len(own)}
        for name, points in read(ranges).items():
            first, stop = ranges[name]
            inside = [(b - first, e - first) for b, e in spans[name] if first <= b and e <= stop]
            found[name] += [{c: points[c][b:e] for c in COLUMNS} for b, e in inside]
    return found


def _join(parts: Sequence[Points]) -> Points:
    """Return parts of a metric as one."""
    if len(parts) == 1:
        return parts[0]
    columns: Points = {
        column: [each for part in parts for each in part[column]] for column in ("steps", "values")
    }
    return columns | {"timestamps": join_times([part["timestamps"] for part in parts])}


def _select(metric: Points, segments: Sequence[Segment], name: str) -> Points:
    """Return the shown points of a metric from all of its points."""
    count = len(metric["steps"])
    whole = [summarize(metric["steps"], metric["values"])] if count else []
    shown = find_shown({name: whole}, segments, partial(ranges_of, {name: metric}))
    spans = shown[name].spans if name in shown else []
    if spans == [(0, count)] or not spans:
        return metric
    return _join([{column: metric[column][b:e] for column in COLUMNS} for b, e in spans])
