"""Queries about runs at hand, drawn so that many hold for some of the runs and not for others."""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

from sacred_core.stores import query
from sacred_core.stores.model import StoredRun
from sacred_core.stores.query.fields import TREES, operator_problem

_PLAIN = "status name command comment id run_id tags artifacts resources duration".split()
_TIMES = "start_time stop_time queue_time heartbeat".split()
_PATTERNS = ["*", "a*", "?", "[!a]*", "*.*", "RUN*"]
#: What no field needs to hold, and what backends confuse with each other.
_ODD: list[Any] = [
    None, True, False, 0, 1, -1, 1.5, 2**60, 2**70, 1e300, float("nan"), float("inf"), "", "a",
    "1", "true", "$a", "a.b", "NaN", "ü", "\0", "\ud800", "%", "_", "'",
]  # fmt: skip


def random_queries(runs: Sequence[StoredRun], number: int, seed: int) -> Iterator[query.Query]:
    """Yield ``number`` queries whose fields and values are mostly those of ``runs``."""
    draw = random.Random(seed)
    fields = [*map(query.Field, (*_PLAIN, *_TIMES, "result")), *_fields_below(runs)]
    for _ in range(number):
        yield _query(draw, runs, fields, depth=2)


def _fields_below(runs: Sequence[StoredRun]) -> list[query.Field]:
    found: dict[query.Field, None] = {}
    for run in runs:
        for name in (*TREES, "result"):
            for path in _paths(getattr(run, name), ()):
                for odd in ((), ("a",), ("0",), ("-1",), ("a.b",)):
                    if path or odd:
                        found[query.Field(name, (*path, *odd))] = None
    return list(found)


def _paths(tree: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from _paths(value, (*path, str(key)))
    elif isinstance(tree, list):
        for position, value in enumerate(tree):
            yield from _paths(value, (*path, str(position)))


def _query(
    draw: random.Random, runs: Sequence[StoredRun], fields: list[query.Field], depth: int
) -> query.Query:
    if depth and draw.random() < 0.4:
        kind = draw.choice(["and", "or", "not"])
        if kind == "not":
            return query.Not(_query(draw, runs, fields, depth - 1))
        parts = tuple(_query(draw, runs, fields, depth - 1) for _ in range(draw.choice([2, 3])))
        return query.And(parts) if kind == "and" else query.Or(parts)
    while True:
        field, operator = draw.choice(fields), draw.choice(get_args(query.Operator))
        if not operator_problem(field, operator):
            return query.Condition(field, operator, _values(draw, runs, field, operator))


def _values(
    draw: random.Random, runs: Sequence[StoredRun], field: query.Field, operator: query.Operator
) -> tuple[Any, ...]:
    if operator in ("exists", "missing"):
        return ()
    if operator in ("~", "!~"):
        return (draw.choice(_PATTERNS),)
    number = {"between": 2, "in": 3, "not in": 2}.get(operator, 1)
    return tuple(_value(draw, runs, field) for _ in range(number))


def _value(draw: random.Random, runs: Sequence[StoredRun], field: query.Field) -> Any:
    """Draw a value near one that a run has."""
    near = query.read(field, draw.choice(runs), lambda name: None, datetime.now(UTC))
    if isinstance(near, list) and near:
        near = draw.choice(near)
    if isinstance(near, datetime):
        return near + timedelta(microseconds=draw.choice([0, 1, -1, 500, -500, 10**6]))
    if field.name in _TIMES:
        return timedelta(seconds=-draw.randrange(10**6))
    if query.is_number(near) and draw.random() < 0.5:
        return draw.choice([near + 1, near - 0.5, float(near), near // 1])
    if near is query.MISSING or isinstance(near, (dict, list)) or draw.random() < 0.2:
        near = draw.choice(_ODD)
    if field.name in ("status", "name", "command", "comment", "tags", "artifacts", "resources"):
        return near if isinstance(near, str) else "a"
    if field.name == "duration":
        return near if query.is_number(near) else 1
    return near
