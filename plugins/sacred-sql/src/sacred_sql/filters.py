"""Conditions of queries that the database evaluates."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from sacred_core.stores import DAMAGED, RunQuery
from sacred_core.stores.query import Condition, pushdown
from sacred_core.stores.run_ids import INT64
from sacred_sql.schema import LONGEST_COMMENT, experiments, runs

Clause = sa.ColumnElement[bool]

_TEXTS = {"command": runs.c.command, "name": experiments.c.name, "comment": runs.c.comment}
_TIMES = ("start_time", "stop_time", "queue_time", "heartbeat")
#: Databases take some thousands in a statement.
_MOST_VALUES = 500


def clauses(query: RunQuery) -> list[Clause]:
    """Return what rows of runs, joined with their experiments, must fulfil."""
    if query.where is None:
        return []
    found = pushdown(
        query.where, _condition, lambda parts: sa.and_(*parts), lambda parts: sa.or_(*parts)
    )
    return [] if found is None else [found]


def _condition(condition: Condition) -> Clause | None:
    name, operator, values = condition.field.name, condition.operator, list(condition.values)
    if condition.field.path or len(values) > _MOST_VALUES:
        return None
    if name in _TIMES:
        return _of_time(runs.c[name], operator, values)
    if operator not in ("=", "in") or not values:
        return None
    if name == "id":
        return _of_id(values)
    # A missing value is read as an empty string.
    if not all(isinstance(value, str) and value for value in values):
        return None
    if name == "status":
        return None if DAMAGED in values else _of_status(values)
    if name == "comment" and any(len(str(value)) > LONGEST_COMMENT for value in values):
        return None
    return _TEXTS[name].in_(values) if name in _TEXTS else None


def _of_status(statuses: list[Any]) -> Clause:
    """Which of the running ones are dead depends on their own intervals."""
    return runs.c.status.in_(["RUNNING" if each == "DEAD" else each for each in statuses])


def _of_id(values: list[Any]) -> Clause | None:
    for value in values:
        is_number = isinstance(value, int) and not isinstance(value, bool) and int(value) in INT64
        is_row = isinstance(value, str) and value.startswith("row ")  # damaged: it has no such id
        if is_row or not (is_number or isinstance(value, str)):
            return None
    return runs.c.run_id.in_([str(value) for value in values])


def _of_time(column: sa.ColumnElement[Any], operator: str, values: list[Any]) -> Clause | None:
    if operator == "exists":  # what cannot be read is missing, too
        return column.is_not(None)
    if not values or not all(isinstance(value, datetime) for value in values):
        return None
    first = values[0]
    if operator == "between":
        return column.between(*values)
    if operator in ("=", "in"):
        return column.in_(values)
    compared = {"<": column < first, "<=": column <= first, ">": column > first}
    compared[">="] = column >= first
    return compared.get(operator)
