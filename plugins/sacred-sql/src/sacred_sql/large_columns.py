"""Columns of points that are too large for their row: they are stored with the large values."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from sacred_sql.contents import is_large
from sacred_sql.schema import large_values

#: What their names begin with, as ``points 2.1000.metric_values``.
_PREFIX = "points "


def large_columns(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the columns of a row of points that are too large for it, by their names."""
    return [
        (large_name(row["metric"], row["start"], column), row[column])
        for column in ("steps", "metric_values")
        if is_large(row[column])
    ]


def large_name(metric: int, start: int, column: str) -> str:
    """Return the name of a column of a row among the large values of its run."""
    return f"{_PREFIX}{metric}.{start}.{column}"


def parse_large_name(name: str) -> tuple[int, int]:
    """Return the metric and the start of the row from what `large_name` returned."""
    metric, start, _ = name.removeprefix(_PREFIX).split(".")
    return int(metric), int(start)


def large_contents(connection: sa.Connection, run_key: int) -> dict[str, int]:
    """Return the keys of the contents of such columns of a run, by their names."""
    columns = large_values.c
    mine = sa.and_(columns.run_key == run_key, columns.name.startswith(_PREFIX))
    query = sa.select(columns.name, columns.content_id).where(mine)
    return {row.name: int(row.content_id) for row in connection.execute(query)}
