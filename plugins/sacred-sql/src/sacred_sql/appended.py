"""The growing data of a run: its output in pieces, and points of metrics in blocks.

Each piece replaces the output from its start on. New points are added as blocks, and full blocks
contain a thousand. A block has the index of its first point, so that a point in two blocks is read
once.
"""

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import attrs
import sqlalchemy as sa

from sacred_core.serialization import column_json, strict_json
from sacred_core.stores.summaries import COLUMNS, encode_summary, summarize_blocks
from sacred_sql.contents import store_outside
from sacred_sql.large_columns import large_columns, large_contents, parse_large_name
from sacred_sql.point_reader import EPOCH
from sacred_sql.schema import metrics, output, point_summaries, points

#: Characters of a piece of output, of which each may need 6 bytes; see `sacred_sql.contents`.
_LONGEST = 150_000
_FULL = 1_000
_NEVER = 2**63
_MICROSECOND = timedelta(microseconds=1)
_SECOND = timedelta(seconds=1)
Columns = dict[str, list[Any]]


@attrs.frozen
class Metric:
    """The stored state of a metric.

    Attributes:
        number: Its key among those of the run.
        start: Where the blocks that are not full begin.
        tail: The points in those.
        blocks: How many they are.
    """

    number: int
    start: int = 0
    tail: Columns = attrs.field(factory=lambda: {name: [] for name in COLUMNS})
    blocks: int = 0

    @property
    def end(self) -> int:
        """The number of points."""
        return self.start + len(self.tail["values"])


Metrics = Mapping[str, Metric]


@attrs.define
class _Changes:
    """Rows of blocks to remove and to insert."""

    run_key: int
    removed: list[dict[str, int]] = attrs.field(factory=list)
    added: list[dict[str, Any]] = attrs.field(factory=list)
    summaries: list[dict[str, Any]] = attrs.field(factory=list)

    def remove(self, metric: int, start: int) -> None:
        self.removed.append({"of_run": self.run_key, "of_metric": metric, "since": start})

    def add(self, metric: int, start: int, columns: Columns) -> None:
        key = {"run_key": self.run_key, "metric": metric, "start": start}
        steps, values = columns["steps"], columns["values"]
        times = [*_microseconds(columns["timestamps"])]
        texts = {"steps": column_json(steps), "metric_values": column_json(values)}
        row = {**key, "length": len(values), **texts, "timestamps": json.dumps(times)}
        self.added.append(row)
        blocks = [encode_summary(each) for each in summarize_blocks(steps, values, start)]
        self.summaries.append({**key, "blocks": strict_json(blocks)})

    def write(self, connection: sa.Connection) -> None:
        if self.removed:
            for table in (points, point_summaries):
                mine = sa.and_(
                    table.c.run_key == sa.bindparam("of_run"),
                    table.c.metric == sa.bindparam("of_metric"),
                    table.c.start >= sa.bindparam("since"),
                )
                connection.execute(table.delete().where(mine), self.removed)
            self._remove_large(connection)
        if self.added:
            large = {name: text for row in self.added for name, text in large_columns(row)}
            rows = [
                {**row, **{n.rpartition(".")[2]: "" for n, _ in large_columns(row)}}
                for row in self.added
            ]
            connection.execute(points.insert(), rows)
            connection.execute(point_summaries.insert(), self.summaries)
            if large:
                store_outside(connection, self.run_key, large)

    def _remove_large(self, connection: sa.Connection) -> None:
        """Remove what was too large for rows that are removed."""
        since = {change["of_metric"]: change["since"] for change in self.removed}
        names = []
        for name in large_contents(connection, self.run_key):
            metric, start = parse_large_name(name)
            if start >= since.get(metric, _NEVER):
                names.append(name)
        if names:
            store_outside(connection, self.run_key, dict.fromkeys(names))


def write_output(
    connection: sa.Connection, run_key: int, text: str, offset: int, is_at_end: bool
) -> None:
    """Replace the output from the character ``offset`` on by ``text``.

    Args:
        connection: In a transaction.
        run_key: Of the run.
        text: What it printed.
        offset: Where that begins.
        is_at_end: Nothing is there or behind.
    """
    if not is_at_end:
        behind = sa.and_(output.c.run_key == run_key, output.c.start >= offset)
        connection.execute(output.delete().where(behind))
    starts = range(0, len(text), _LONGEST) if text or is_at_end else [0]
    rows = [
        {"run_key": run_key, "start": offset + start, "text": text[start : start + _LONGEST]}
        for start in starts
    ]
    if rows:
        connection.execute(output.insert(), rows)


def read_output(connection: sa.Connection, run_key: int) -> str:
    """Return the whole output."""
    query = sa.select(output.c.start, output.c.text).where(output.c.run_key == run_key)
    rows = connection.execute(query.order_by(output.c.start)).all()
    pieces = [row.text[: after.start - row.start] for row, after in itertools.pairwise(rows)]
    return "".join([*pieces, *(row.text for row in rows[-1:])])


def write_points(
    connection: sa.Connection,
    run_key: int,
    known: Metrics,
    new: Mapping[str, Mapping[str, Any]],
    starts: Mapping[str, int],
    is_unsure: bool,
    knows_all: bool = False,
) -> dict[str, Metric]:
    """Add points; those that are stored already are skipped.

    Args:
        connection: In a transaction.
        run_key: Of the run.
        known: What is stored.
        new: By name the new ``steps``, ``values`` and ``timestamps``.
        starts: By name the index of the first; without, they follow the last.
        is_unsure: More may be stored, as the answer to an earlier attempt was lost.
        knows_all: The run has no other metrics than those in ``known``.

    Returns:
        What is stored then of the metrics in ``new``.
    """
    numbers = _numbers(connection, run_key, known, new, knows_all)
    changes = _Changes(run_key)
    after = {}
    for name, columns in new.items():
        metric = known.get(name) or Metric(numbers[name])
        start = starts.get(name, metric.end)
        fresh = {key: list(columns[key])[max(0, metric.end - start) :] for key in COLUMNS}
        if fresh["values"]:
            # Of a run that is continued, points of any metric may be stored.
            may_be_stored = is_unsure or not (knows_all or name in known)
            after[name] = _extend(changes, metric, max(start, metric.end), fresh, may_be_stored)
    changes.write(connection)
    return after


def join_points(connection: sa.Connection, run_key: int, known: Metrics) -> None:
    """Put the points at the end of each metric into one block."""
    changes = _Changes(run_key)
    for metric in known.values():
        if metric.blocks > 1:
            changes.remove(metric.number, metric.start)
            changes.add(metric.number, metric.start, metric.tail)
    changes.write(connection)


def _microseconds(times: Iterable[datetime]) -> Iterator[int]:
    """Yield the microseconds since 1970; most times are in the same second as the one before."""
    second = until = EPOCH
    start = 0
    for time in times:
        if not second <= time < until:
            second = time.replace(microsecond=0)
            until = second + _SECOND
            start = (second - EPOCH) // _MICROSECOND
        yield start + time.microsecond


def _extend(
    changes: _Changes, metric: Metric, start: int, fresh: Columns, is_unsure: bool
) -> Metric:
    if start > metric.end:  # what lay between was lost
        metric = Metric(metric.number, start)
    tail = {key: metric.tail[key] + fresh[key] for key in COLUMNS}
    count = len(tail["values"])
    if count < _FULL:
        if is_unsure:
            changes.remove(metric.number, start)
        changes.add(metric.number, start, fresh)
        return attrs.evolve(metric, tail=tail, blocks=metric.blocks + 1)
    if metric.blocks or is_unsure:
        changes.remove(metric.number, metric.start)
    for position in range(0, count, _FULL):
        changes.add(metric.number, metric.start + position, _part(tail, position))
    full = count - count % _FULL
    rest = _part(tail, full)
    return Metric(metric.number, metric.start + full, rest, int(count > full))


def _part(columns: Columns, position: int) -> Columns:
    return {key: values[position : position + _FULL] for key, values in columns.items()}


def _numbers(
    connection: sa.Connection, run_key: int, known: Metrics, names: Iterable[str], knows_all: bool
) -> dict[str, int]:
    """Return the numbers of metrics, of which those that are not there yet are inserted."""
    missing = [name for name in names if name not in known]
    if not missing:
        return {}
    if knows_all:
        numbers = {name: metric.number for name, metric in known.items()}
    else:
        query = sa.select(metrics.c.name, metrics.c.metric).where(metrics.c.run_key == run_key)
        numbers = {row.name: int(row.metric) for row in connection.execute(query)}
    missing = [name for name in missing if name not in numbers]
    following = max(numbers.values(), default=-1) + 1
    rows = [
        {"run_key": run_key, "metric": metric, "name": name}
        for metric, name in enumerate(missing, following)
    ]
    if rows:
        connection.execute(metrics.insert(), rows)
    return numbers | {name: following + n for n, name in enumerate(missing)}
