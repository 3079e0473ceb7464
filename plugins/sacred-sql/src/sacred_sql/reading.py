"""Reads runs from rows, and selects rows: all that fulfil a query, perhaps others too.

Values inside of configurations and the like are texts to the database: the core looks at those.
"""

import functools
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from datetime import datetime
from typing import Any, TypeAlias

import sqlalchemy as sa

from sacred_core.exceptions import DamagedRecordError
from sacred_core.serialization import from_json
from sacred_core.stores import DAMAGED, Annotation, Read, RunQuery, StoredRun
from sacred_core.stores.query import Condition, pushdown
from sacred_core.stores.run_ids import INT64, normalize_id
from sacred_sql.contents import VALUES, read_large_texts
from sacred_sql.experiments import read_experiment
from sacred_sql.schema import (
    LONGEST_COMMENT,
    annotations,
    artifacts,
    contents,
    experiment_sources,
    experiments,
    hosts,
    large_values,
    resources,
    runs,
    sources,
)

#: Columns of `sacred_sql.schema.runs` whose value is a field of the same name.
_SAME = ("status", "command", "queue_time", "start_time", "stop_time", "heartbeat")
#: Columns whose value is a field of another name or refers to it.
_COLUMNS = {"run_id": "id_elsewhere", "experiment": "experiment_id", "host": "host_id"}
_LISTS = {"artifacts": (artifacts, "name"), "resources": (resources, "filename")}
#: What is read of each run.
TABLES = (runs, experiments, hosts, large_values, artifacts, resources, annotations)
Column: TypeAlias = Callable[[str], Any]
Clause = sa.ColumnElement[bool]

_TEXTS = {"command": runs.c.command, "name": experiments.c.name, "comment": runs.c.comment}
_TIMES = ("start_time", "stop_time", "queue_time", "heartbeat")
#: Databases take some thousands in a statement.
_MOST_VALUES = 500


class Reader:
    """Reads runs; what many of them share it reads once.

    Args:
        make: Makes a run from its fields: `sacred_core.stores.GuardedStore`.
        attributes: Those of a run that `make` reads; None for all.
    """

    def __init__(
        self,
        make: Callable[[Any, Mapping[str, Read]], StoredRun],
        attributes: Set[str] | None = None,
    ) -> None:
        self._make = make
        self._attributes = attributes
        self._experiments: dict[int, dict[str, Any]] = {}
        self._hosts: dict[int, dict[str, Any]] = {}

    def runs(self, connection: sa.Connection, keys: Sequence[int]) -> list[StoredRun]:
        """Return the runs with keys that exist, in this order.

        Raises:
            Exception: something in one of the rows cannot be decoded.
        """
        if not keys:
            return []
        values = self._wanted(VALUES)
        columns = ["run_key", "run_id", "status", *self._wanted(_SAME), *values]
        columns += [_COLUMNS[name] for name in self._wanted(_COLUMNS)]
        query = sa.select(*(runs.c[name] for name in dict.fromkeys(columns)))
        rows = {
            row.run_key: row for row in connection.execute(query.where(runs.c.run_key.in_(keys)))
        }
        large = read_large_texts(connection, keys) if values else {}
        lists = {name: _names(connection, name, keys) for name in self._wanted(_LISTS)}
        stored_annotations = _annotations(connection, keys) if self._wanted(("tags",)) else {}
        made = []
        for key, row in ((key, rows[key]) for key in keys if key in rows):
            fields: dict[str, Read] = {
                **self._fields(functools.partial(getattr, row), lambda work: work(connection)),
                **{name: functools.partial(_value, row, name, large) for name in VALUES},
                **{name: functools.partial(found.get, key, []) for name, found in lists.items()},
                "annotations": functools.partial(stored_annotations.get, key, []),
            }
            made.append(self._make(row_id(key, row.run_id), fields))
        return made

    def run(self, key: int, read: Callable[[Callable[[sa.Connection], Any]], Any]) -> StoredRun:
        """Return one run of which something cannot be decoded: each part is read alone.

        Args:
            key: Of the run.
            read: Does something with a connection, and raises a `DamagedRecordError` if it fails.
        """

        def column(name: str) -> Any:
            query = sa.select(runs.c[name]).where(runs.c.run_key == key)
            return read(lambda connection: connection.execute(query).scalar())

        def value(name: str) -> Any:
            text = column(name)
            if text is None:
                large = read(lambda connection: read_large_texts(connection, [key], name))
                text = large.get((key, name))
            return None if text is None else from_json(text)

        fields: dict[str, Read] = {
            **self._fields(column, read),
            **{name: functools.partial(value, name) for name in VALUES},
            **{
                name: functools.partial(read, functools.partial(_names_of, name=name, key=key))
                for name in _LISTS
            },
            "annotations": lambda: read(lambda c: _annotations(c, [key]).get(key)),
        }
        try:
            run_id = column("run_id")
        except DamagedRecordError:
            run_id = None
        return self._make(row_id(key, run_id), fields)

    def _wanted(self, names: Iterable[str]) -> list[str]:
        return [name for name in names if self._attributes is None or name in self._attributes]

    def _fields(self, column: Column, read: Callable[[Any], Any]) -> dict[str, Read]:
        return {
            **{name: functools.partial(column, name) for name in _SAME},
            "run_id": lambda: column("id_elsewhere"),
            "experiment": lambda: read(lambda c: self._experiment(c, column("experiment_id"))),
            "host": lambda: read(lambda c: self._host(c, column("host_id"))),
        }

    def _experiment(self, connection: sa.Connection, key: int) -> dict[str, Any]:
        if key not in self._experiments:
            self._experiments[key] = read_experiment(connection, key)
        return {name: _copy(value) for name, value in self._experiments[key].items()}

    def _host(self, connection: sa.Connection, key: int) -> dict[str, Any]:
        if key not in self._hosts:
            query = sa.select(hosts.c.info).where(hosts.c.host_id == key)
            row = connection.execute(query).first()
            if row is None:
                raise DamagedRecordError(f"there is no host {key}")
            self._hosts[key] = row.info
        return {name: _copy(value) for name, value in self._hosts[key].items()}


def row_id(key: int, run_id: Any) -> int | str:
    """Return the id of a run, also where its row has none that can be one."""
    if not isinstance(run_id, str) or not run_id or "\0" in run_id:  # NUL is stored as %00
        return f"row {key}"
    return normalize_id(run_id)


def _names(connection: sa.Connection, name: str, keys: Sequence[int]) -> dict[int, list[str]]:
    table, column = _LISTS[name]
    query = sa.select(table.c.run_key, table.c[column]).where(table.c.run_key.in_(keys))
    found: dict[int, list[str]] = {}
    for key, text in connection.execute(query.order_by(table.primary_key.columns[0])):
        found.setdefault(key, []).append(text)
    return found


def _names_of(connection: sa.Connection, name: str, key: int) -> list[str]:
    return _names(connection, name, [key]).get(key, [])


def _annotations(connection: sa.Connection, keys: Sequence[int]) -> dict[int, list[Annotation]]:
    query = sa.select(annotations).where(annotations.c.run_key.in_(keys))
    found: dict[int, list[Annotation]] = {}
    for row in connection.execute(query.order_by(annotations.c.annotation_id)):
        found.setdefault(row.run_key, []).append(_annotation(row))
    return found


def _value(row: Any, name: str, large: Mapping[tuple[int, str], bytes]) -> Any:
    text = getattr(row, name)
    text = large.get((row.run_key, name)) if text is None else text
    return None if text is None else from_json(text)


def _annotation(row: Any) -> Annotation:
    return Annotation(
        time=row.said_at,
        user=row.said_by,
        note=row.note,
        added=row.tags_added,
        removed=row.tags_removed,
    )


def _copy(value: Any) -> Any:
    """Return plain data that shares nothing mutable with ``value``."""
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value


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


def file_query(run_key: int, kind: str, name: str) -> "sa.Select[Any] | None":
    """Return what selects name, content and size of files that may be it; None for a wrong kind."""
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    sized = (contents.c.content_id, contents.c.size)
    if kind == "artifact":
        query = sa.select(artifacts.c.name, *sized).join(contents)
        return query.where(artifacts.c.run_key == run_key, artifacts.c.name_digest == digest)
    if kind == "resource":
        query = sa.select(resources.c.filename.label("name"), *sized).join(contents)
        return query.where(resources.c.run_key == run_key, resources.c.filename_digest == digest)
    if kind == "source":
        query = sa.select(sources.c.name, *sized).select_from(sources).join(contents)
        query = query.join(
            experiment_sources, experiment_sources.c.source_id == sources.c.source_id
        )
        query = query.join(runs, runs.c.experiment_id == experiment_sources.c.experiment_id)
        return query.where(runs.c.run_key == run_key, sources.c.name == name)
    return None
