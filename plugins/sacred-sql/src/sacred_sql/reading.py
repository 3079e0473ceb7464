"""From rows to runs."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from sacred_core.serialization import from_json
from sacred_core.stores import Annotation, StoredRun
from sacred_core.stores.run_ids import normalize_id
from sacred_sql.experiments import read_experiment
from sacred_sql.schema import annotations, artifacts, hosts, resources
from sacred_sql.values import VALUES, read_large


class Reader:
    """Reads runs; what many of them share it reads once."""

    def __init__(self) -> None:
        self._experiments: dict[int, dict[str, Any]] = {}
        self._hosts: dict[int, dict[str, Any]] = {}

    def runs(self, connection: sa.Connection, rows: Sequence[Any]) -> list[StoredRun]:
        """Return the runs of rows of `sacred_sql.schema.runs`."""
        if not rows:
            return []
        keys = [row.run_key for row in rows]
        large = read_large(connection, keys)
        found = {row.run_key: self._run(connection, row, large) for row in rows}
        for table, attribute, column in (
            (artifacts, "artifacts", "name"),
            (resources, "resources", "filename"),
        ):
            query = sa.select(table.c.run_key, table.c[column]).where(table.c.run_key.in_(keys))
            for key, name in connection.execute(query.order_by(table.primary_key.columns[0])):
                getattr(found[key], attribute).append(name)
        said = sa.select(annotations).where(annotations.c.run_key.in_(keys))
        for row in connection.execute(said.order_by(annotations.c.annotation_id)):
            found[row.run_key].annotate(_annotation(row))
        return list(found.values())

    def _run(
        self, connection: sa.Connection, row: Any, large: dict[tuple[int, str], Any]
    ) -> StoredRun:
        values = {name: _value(row, name, large) for name in VALUES}
        return StoredRun(
            id=normalize_id(row.run_id),
            run_id=row.id_elsewhere,
            status=row.status,
            command=row.command or "",
            experiment=self._experiment(connection, row.experiment_id),
            host=self._host(connection, row.host_id),
            config=values["config"] or {},
            meta=values["meta"] or {},
            info=values["info"] or {},
            result=values["result"],
            fail_trace=values["fail_trace"] or [],
            queue_time=row.queue_time,
            start_time=row.start_time,
            stop_time=row.stop_time,
            heartbeat=row.heartbeat,
        )

    def _experiment(self, connection: sa.Connection, key: int) -> dict[str, Any]:
        if key not in self._experiments:
            self._experiments[key] = read_experiment(connection, key)
        return {name: _copied(value) for name, value in self._experiments[key].items()}

    def _host(self, connection: sa.Connection, key: int) -> dict[str, Any]:
        if key not in self._hosts:
            query = sa.select(hosts.c.info).where(hosts.c.host_id == key)
            self._hosts[key] = connection.execute(query).scalar_one()
        return {name: _copied(value) for name, value in self._hosts[key].items()}


def _value(row: Any, name: str, large: dict[tuple[int, str], Any]) -> Any:
    text = getattr(row, name)
    return large.get((row.run_key, name)) if text is None else from_json(text)


def _annotation(row: Any) -> Annotation:
    return Annotation(
        time=row.said_at,
        user=row.said_by,
        note=row.note,
        added=row.tags_added,
        removed=row.tags_removed,
    )


def _copied(value: Any) -> Any:
    """Return plain data that shares nothing mutable with ``value``."""
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value
