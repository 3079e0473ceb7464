"""Reads points and their summaries: only the rows that are needed for them.

A point that is in two rows is read once. Points that were lost leave no hole: the index of a point
is its place among those that are stored.
"""

import json
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import sqlalchemy as sa

from sacred_core.serialization import column_values
from sacred_core.stores.curves import Ranges
from sacred_core.stores.summaries import (
    MetricSummary,
    decode_summary,
    merge_blocks,
    summarize_blocks,
)
from sacred_core.stores.times import TimeColumn
from sacred_sql.contents import batches, read
from sacred_sql.large_columns import large_contents, large_name
from sacred_sql.schema import has_table, metrics, point_summaries, points

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Metrics that are in a condition; of more, the rows of all are read.
_MOST_METRICS = 200


@attrs.frozen
class _Block:
    """A row of points.

    Attributes:
        metric, start: Its key.
        position: Index of its first point that no earlier row has.
        skipped: Number of points before that.
        count: Number of its other points.
        summaries: As they are stored; None if they are missing, or if they have other indexes.
    """

    metric: int
    start: int
    position: int
    skipped: int
    count: int
    summaries: list[MetricSummary] | None

    @property
    def key(self) -> tuple[int, int]:
        """By which `_read_rows` returns it."""
        return self.metric, self.start

    @property
    def stop(self) -> int:
        """Index after its last point."""
        return self.position + self.count


def read_points(
    connection: sa.Connection, run_key: int, ranges: Ranges | None = None
) -> dict[str, dict[str, Any]]:
    """Return columns of points by metric; metrics that the run does not have are omitted.

    Args:
        connection: In a transaction.
        run_key: Of the run.
        ranges: See `sacred_core.stores.curves.points`; None for all points of all metrics.
    """
    blocks = _read_blocks(connection, run_key, ranges, has_summaries=False)
    chosen = {}
    for name, own in blocks.items():
        start, stop = (0, None) if ranges is None else ranges[name]
        chosen[name] = [
            each for each in own if each.stop > start and (stop is None or each.position < stop)
        ]
    keys = [each.key for own in chosen.values() for each in own]
    rows = _read_rows(connection, run_key, None if ranges is None else keys)
    found = {}
    for name, own in chosen.items():
        start, stop = (0, None) if ranges is None else ranges[name]
        first = own[0].position if own else 0
        inside = slice(max(start - first, 0), None if stop is None else max(stop - first, 0))
        found[name] = _columns([(each, rows[each.key]) for each in own], inside)
    return found


def read_summaries(
    connection: sa.Connection, run_key: int, names: Iterable[str] | None
) -> dict[str, list[MetricSummary]]:
    """Return the summaries of the blocks of metrics.

    Points are read only where no summary is stored: those of earlier releases, and those after
    points that were lost.

    Args:
        connection: In a transaction.
        run_key: Of the run.
        names: Of the metrics, None for all.
    """
    wanted = None if names is None else frozenset(names)
    blocks = _read_blocks(connection, run_key, wanted, has_summaries=True)
    missing = [each for own in blocks.values() for each in own if each.summaries is None]
    rows = _read_rows(connection, run_key, [each.key for each in missing])
    return {
        name: merge_blocks(
            summary
            for each in own
            for summary in each.summaries or _summarize(each, rows[each.key])
        )
        for name, own in blocks.items()
    }


def _read_blocks(
    connection: sa.Connection, run_key: int, names: Collection[str] | None, has_summaries: bool
) -> dict[str, list[_Block]]:
    """Return the rows of points by metric, without their columns; metrics without are omitted."""
    named = sa.select(metrics.c.metric, metrics.c.name).where(metrics.c.run_key == run_key)
    found: dict[int, list[_Block]] = {}
    by_name = {}
    for number, name in connection.execute(named.order_by(metrics.c.metric)):
        if names is None or name in names:
            by_name[name] = found[number] = []
    if not found:
        return {}
    keys = (points.c.metric, points.c.start)
    mine = points.c.run_key == run_key
    if len(found) <= _MOST_METRICS:
        mine &= points.c.metric.in_(list(found))
    query: sa.Select[Any] = sa.select(*keys, points.c.length).where(mine).order_by(*keys)
    if has_summaries and has_table(connection, point_summaries):
        joined = (points.c[key] == point_summaries.c[key] for key in ("run_key", "metric", "start"))
        query = query.add_columns(point_summaries.c.blocks)
        query = query.outerjoin(point_summaries, sa.and_(*joined))
    for row in connection.execute(query).all():
        number, start, length = row[0], row[1], row[2]
        own = found.get(number)
        if own is not None:
            position = own[-1].stop if own else 0
            skipped = max(0, position - start)
            text = row[3] if len(row) > 3 and position == start else None
            stored = _decode(text, start, length)
            count = max(0, length - skipped)
            own.append(_Block(number, start, position, skipped, count, stored))
    return {name: own for name, own in by_name.items() if own and own[-1].stop}


def _decode(text: str | None, start: int, length: int) -> list[MetricSummary] | None:
    """Return stored summaries, None if they are missing or of other points."""
    if text is None:
        return None
    found = [decode_summary(each) for each in json.loads(text)]
    is_same = bool(found) and found[0].start == start and found[-1].stop == start + length
    return found if is_same else None


def _read_rows(
    connection: sa.Connection, run_key: int, keys: list[tuple[int, int]] | None
) -> dict[tuple[int, int], tuple[str, str, str]]:
    """Return the JSON texts of steps, values and times, by metric and start; None: all rows."""
    query = sa.select(points).where(points.c.run_key == run_key)
    large: dict[str, int] | None = None
    found: dict[tuple[int, int], tuple[str, str, str]] = {}
    for clause in _clauses(keys):
        for row in connection.execute(query.where(clause)).all():
            texts: list[str] = []
            for column in ("steps", "metric_values"):
                text = getattr(row, column)
                if not text:
                    large = large_contents(connection, run_key) if large is None else large
                    name = large_name(row.metric, row.start, column)
                    text = read(connection, large[name]).decode()
                texts.append(text)
            found[row.metric, row.start] = (texts[0], texts[1], row.timestamps)
    return found


def _clauses(keys: list[tuple[int, int]] | None) -> Iterator[Any]:
    """Yield conditions for rows: one for each run of neighbouring keys, some in a statement."""
    if keys is None:
        yield sa.true()
        return
    spans: dict[int, list[int]] = {}
    for metric, start in keys:
        spans.setdefault(metric, []).append(start)
    for some in batches([*spans.items()]):
        yield sa.or_(
            *(
                sa.and_(points.c.metric == metric, points.c.start.between(min(own), max(own)))
                for metric, own in some
            )
        )


def _columns(rows: list[tuple[_Block, tuple[str, str, str]]], inside: slice) -> dict[str, Any]:
    steps: list[Any] = []
    values: list[Any] = []
    times: list[Any] = []
    for block, texts in rows:
        steps += column_values(json.loads(texts[0])[block.skipped :])
        values += column_values(json.loads(texts[1])[block.skipped :])
        times += json.loads(texts[2])[block.skipped :]
    times = times[inside]
    column = TimeColumn(len(times), lambda: times, _time, unit="us")
    return {"steps": steps[inside], "values": values[inside], "timestamps": column}


def _time(microseconds: Any) -> datetime | None:
    """Return a time, None for values that are not numbers, or beyond the times that Python has."""
    try:
        return EPOCH + timedelta(microseconds=microseconds)
    except (TypeError, OverflowError):
        return None


def _summarize(block: _Block, texts: tuple[str, str, str]) -> list[MetricSummary]:
    steps, values = (column_values(json.loads(text)[block.skipped :]) for text in texts[:2])
    return [*summarize_blocks(steps, values, block.position)]
