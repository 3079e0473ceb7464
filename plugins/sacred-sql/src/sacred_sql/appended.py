"""What grows during a run: its output in pieces, and the points of its metrics in blocks.

Each piece replaces the output from its start on. New points are added as blocks, and full blocks
hold a thousand. A block has the index of its first point, so that a point in two blocks is read
once.
"""

import itertools
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import sqlalchemy as sa

from sacred_core.serialization import column_json, column_values
from sacred_sql.contents import is_large, store_large
from sacred_sql.contents import read as read_content
from sacred_sql.schema import large_values, metrics, output, points

#: Characters of a piece of output, of which each may need 6 bytes; see `sacred_sql.contents`.
_LONGEST = 150_000
_FULL = 1_000
_NEVER = 2**63
_COLUMNS = ("steps", "values", "timestamps")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
#: Of the names of columns that are too large for their row, as ``points 2.1000.metric_values``.
_LARGE = "points "
Columns = dict[str, list[Any]]


@attrs.frozen
class Metric:
    """What is stored of a metric.

    Attributes:
        number: Its key among those of the run.
        start: Where the blocks that are not full begin.
        tail: The points in those.
        blocks: How many they are.
    """

    number: int
    start: int = 0
    tail: Columns = attrs.field(factory=lambda: {name: [] for name in _COLUMNS})
    blocks: int = 0

    @property
    def end(self) -> int:
        """How many points there are."""
        return self.start + len(self.tail["values"])


Metrics = Mapping[str, Metric]


@attrs.define
class _Changes:
    """Rows of blocks to remove and to insert."""

    run_key: int
    removed: list[dict[str, int]] = attrs.field(factory=list)
    added: list[dict[str, Any]] = attrs.field(factory=list)

    def remove(self, metric: int, start: int) -> None:
        self.removed.append({"of_run": self.run_key, "of_metric": metric, "since": start})

    def add(self, metric: int, start: int, columns: Columns) -> None:
        row = {"run_key": self.run_key, "metric": metric, "start": start}
        row["length"] = len(columns["values"])
        texts = {
            "steps": column_json(columns["steps"]),
            "metric_values": column_json(columns["values"]),
        }
        times = [(time - _EPOCH) // _MICROSECOND for time in columns["timestamps"]]
        self.added.append({**row, **texts, "timestamps": json.dumps(times)})

    def write(self, connection: sa.Connection) -> None:
        if self.removed:
            mine = sa.and_(
                points.c.run_key == sa.bindparam("of_run"),
                points.c.metric == sa.bindparam("of_metric"),
                points.c.start >= sa.bindparam("since"),
            )
            connection.execute(points.delete().where(mine), self.removed)
            self._remove_large(connection)
        if self.added:
            large = {name: text for row in self.added for name, text in _large_columns(row)}
            rows = [
                {**row, **{n.rpartition(".")[2]: "" for n, _ in _large_columns(row)}}
                for row in self.added
            ]
            connection.execute(points.insert(), rows)
            if large:
                store_large(connection, self.run_key, large)

    def _remove_large(self, connection: sa.Connection) -> None:
        """Remove what was too large for rows that are removed."""
        since = {change["of_metric"]: change["since"] for change in self.removed}
        names = []
        for name in _large_contents(connection, self.run_key):
            metric, start, _ = name.removeprefix(_LARGE).split(".")
            if int(start) >= since.get(int(metric), _NEVER):
                names.append(name)
        if names:
            store_large(connection, self.run_key, dict.fromkeys(names))


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
) -> dict[str, Metric]:
    """Add points; those that are stored already are skipped.

    Args:
        connection: In a transaction.
        run_key: Of the run.
        known: What is stored.
        new: By name the new ``steps``, ``values`` and ``timestamps``.
        starts: By name the index of the first; without, they follow the last.
        is_unsure: More may be stored, as the answer to an earlier attempt was lost.

    Returns:
        What is stored then of the metrics in ``new``.
    """
    numbers = _numbers(connection, run_key, known, new)
    changes = _Changes(run_key)
    after = {}
    for name, columns in new.items():
        metric = known.get(name) or Metric(numbers[name])
        start = starts.get(name, metric.end)
        fresh = {key: list(columns[key])[max(0, metric.end - start) :] for key in _COLUMNS}
        if fresh["values"]:
            after[name] = _extend(changes, metric, max(start, metric.end), fresh, is_unsure)
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


def read_points(connection: sa.Connection, run_key: int) -> dict[str, Columns]:
    """Return the columns of each metric."""
    named = sa.select(metrics.c.metric, metrics.c.name).where(metrics.c.run_key == run_key)
    found: dict[int, Columns] = {}
    names: dict[str, Columns] = {}
    for row in connection.execute(named.order_by(metrics.c.metric)):
        names[row.name] = found[row.metric] = {name: [] for name in _COLUMNS}
    query = sa.select(points).where(points.c.run_key == run_key)
    rows = connection.execute(query.order_by(points.c.metric, points.c.start)).all()
    is_apart = any(not text for row in rows for text in (row.steps, row.metric_values))
    large = _large_contents(connection, run_key) if is_apart else {}

    def column(row: Any, name: str) -> list[Any]:
        text = getattr(row, name)
        if not text:
            text = read_content(connection, large[_large_name(row.metric, row.start, name)])
        loaded: list[Any] = json.loads(text)
        return loaded

    for row in rows:
        columns = found[row.metric]
        skipped = max(0, len(columns["values"]) - row.start)
        columns["steps"] += column_values(column(row, "steps")[skipped:])
        columns["values"] += column_values(column(row, "metric_values")[skipped:])
        times = json.loads(row.timestamps)[skipped:]
        columns["timestamps"] += [_EPOCH + time * _MICROSECOND for time in times]
    return {name: columns for name, columns in names.items() if columns["values"]}


def _large_columns(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the columns of a row that are too large for it, by the names under which they are."""
    return [
        (_large_name(row["metric"], row["start"], name), row[name])
        for name in ("steps", "metric_values")
        if is_large(row[name])
    ]


def _large_name(metric: int, start: int, column: str) -> str:
    return f"{_LARGE}{metric}.{start}.{column}"


def _large_contents(connection: sa.Connection, run_key: int) -> dict[str, int]:
    """Return the contents of columns that are too large for their rows, by name."""
    columns = large_values.c
    mine = sa.and_(columns.run_key == run_key, columns.name.startswith(_LARGE))
    query = sa.select(columns.name, columns.content_id).where(mine)
    return {row.name: int(row.content_id) for row in connection.execute(query)}


def _extend(
    changes: _Changes, metric: Metric, start: int, fresh: Columns, is_unsure: bool
) -> Metric:
    if start > metric.end:  # what lay between was lost
        metric = Metric(metric.number, start)
    tail = {key: metric.tail[key] + fresh[key] for key in _COLUMNS}
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
    connection: sa.Connection, run_key: int, known: Metrics, names: Iterable[str]
) -> dict[str, int]:
    """Return the numbers of metrics, of which those that are not there yet are inserted."""
    missing = [name for name in names if name not in known]
    if not missing:
        return {}
    query = sa.select(metrics.c.name, metrics.c.metric).where(metrics.c.run_key == run_key)
    numbers: dict[str, int] = {row.name: int(row.metric) for row in connection.execute(query)}
    missing = [name for name in missing if name not in numbers]
    following = max(numbers.values(), default=-1) + 1
    rows = [
        {"run_key": run_key, "metric": metric, "name": name}
        for metric, name in enumerate(missing, following)
    ]
    if rows:
        connection.execute(metrics.insert(), rows)
    return numbers | {name: following + n for n, name in enumerate(missing)}
