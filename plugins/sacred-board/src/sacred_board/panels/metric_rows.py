"""Metrics as rows of a table: a summary and a small curve of each."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import attrs

from sacred_core.dotted_path import MISSING
from sacred_core.stores import RunStore
from sacred_core.stores.curves import curve_edges, points, summaries
from sacred_core.stores.summaries import MetricSummary, merge_summaries, summarize

#: Parts of a small curve, and its size as in the template.
_PARTS = 60
WIDTH, HEIGHT = 120, 24
#: Points of all metrics that are read for small curves.
_MOST_POINTS = 60_000


@attrs.frozen
class MetricRow:
    """A metric in a table.

    Attributes:
        name: Its name.
        summary: Of all points.
        line: Coordinates for the attribute ``points`` of an SVG polyline; empty if there are less
            than two.
        middles: The values of the polyline, None where a part has no number.
        size: Points per part.
    """

    name: str
    summary: MetricSummary
    line: str
    middles: Sequence[float | None] = ()
    size: int = 1


def metric_rows(store: RunStore, run_id: int | str, limit: int | None = None) -> list[MetricRow]:
    """Return the metrics of a run that have points.

    The summaries of all metrics are read at once, and the points of all short metrics, so that
    the number of reads does not grow with the number of metrics.

    Args:
        store: The store.
        run_id: The run.
        limit: Maximum number of metrics.

    Raises:
        DamagedRecordError: the metrics cannot be read.
    """
    blocks = {name: own for name, own in summaries(store, run_id).items() if own}
    chosen = dict([*blocks.items()][:limit])
    short = _short_metrics(chosen)
    found = points(store, run_id, {name: (0, stop) for name, stop in short.items()})
    rows = []
    for name, own in chosen.items():
        parts = _parts_of_points(found[name]) if name in found else _merged(own)
        middles = [_middle(part) for part in parts]
        size = parts[0].points if parts else 1
        rows.append(MetricRow(name, merge_summaries(own), polyline(middles), middles, size))
    return rows


def polyline(middles: Sequence[float | None]) -> str:
    """Return the middle of each part as coordinates of an SVG polyline."""
    finite = [each for each in middles if each is not None]
    if len(finite) < 2:
        return ""
    low, high = min(finite), max(finite)
    scale = (HEIGHT - 4) / (high - low) if high > low else 0
    base = HEIGHT - 2 if high > low else HEIGHT / 2
    step = WIDTH / max(len(middles) - 1, 1)
    return " ".join(
        f"{number * step:.1f},{base - (each - low) * scale:.1f}"
        for number, each in enumerate(middles)
        if each is not None
    )


def _short_metrics(blocks: dict[str, list[MetricSummary]]) -> dict[str, int]:
    """Return the number of points of metrics whose blocks are too few for a curve."""
    found: dict[str, int] = {}
    room = _MOST_POINTS
    for name, own in blocks.items():
        stop = own[-1].stop
        if len(own) < _PARTS and stop <= room:
            found[name] = stop
            room -= stop
    return found


def _parts_of_points(metric: dict[str, Any]) -> list[MetricSummary]:
    steps, values = metric["steps"], metric["values"]
    if not steps:
        return []
    edges = curve_edges(0, len(steps), _PARTS)
    return [
        summarize(steps[start:stop], values[start:stop], start) for start, stop in pairwise(edges)
    ]


def _merged(blocks: Sequence[MetricSummary]) -> list[MetricSummary]:
    size = -(-len(blocks) // _PARTS)
    return [merge_summaries(_slice(blocks, start, size)) for start in range(0, len(blocks), size)]


def _slice(blocks: Sequence[MetricSummary], start: int, size: int) -> Iterable[MetricSummary]:
    return blocks[start : start + size]


def _middle(part: MetricSummary) -> float | None:
    if part.min is MISSING:
        return None
    middle = part.min / 2 + part.max / 2
    return float(middle) if abs(middle) < float("inf") else None
