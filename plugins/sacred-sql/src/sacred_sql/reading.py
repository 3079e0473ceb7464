"""Reads runs from tables: ours here, those of Sacred in `sacred_sql.sacred_runs`.

Our rows are selected by a query: all that fulfil it, perhaps others too. Values inside of
configurations and the like are strings to the database: the core evaluates those.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar

import sqlalchemy as sa

from sacred_core.exceptions import DamagedRecordError
from sacred_core.serialization import from_json
from sacred_core.stores import Annotation, Read, RunQuery, once
from sacred_core.stores.curves import Ranges
from sacred_core.stores.facts import FACTS, facts_fields, segments_of
from sacred_core.stores.run_ids import normalize_id
from sacred_core.stores.summaries import MetricSummary
from sacred_sql import appended, point_reader
from sacred_sql.captured import add_captured
from sacred_sql.contents import VALUES, digest_of_name, read_large_texts, stream
from sacred_sql.database import Database
from sacred_sql.experiments import read_experiment
from sacred_sql.filters import clauses
from sacred_sql.row_ids import IS_RUN, is_part_id, row_number
from sacred_sql.schema import (
    annotations,
    artifacts,
    contents,
    experiment_sources,
    experiments,
    facts,
    has_table,
    hosts,
    large_values,
    resources,
    runs,
    sources,
)

if TYPE_CHECKING:  # few runs have several
    from sacred_core.stores.segments import Segment

#: What reads the fields of a run: arguments of `StoredRun`, ``id`` and ``annotations``.
Fields = dict[str, Read]
_TIMES = ("start_time", "stop_time", "queue_time", "heartbeat")


class RunTables(ABC):
    """Tables with runs. An object reads once what many runs share.

    Attributes:
        key: The column with the key of a run.
        columns: By field the columns, in the same table, that its value is made of.
        shared: By field what reads its value by a key, for fields that many runs share.
        lists: By field a query for the keys of runs and items of their lists, in order.
        tables: What is read of each run.
        is_own: Whether they are ours, and not Sacred's, which are only read.
    """

    key: "sa.ColumnElement[int]"
    columns: ClassVar[Mapping[str, Sequence[str]]]
    shared: ClassVar[Mapping[str, Callable[[sa.Connection, Any], Any]]]
    lists: Mapping[str, "sa.Select[Any]"]
    tables: Sequence[sa.FromClause]
    is_own: ClassVar[bool]

    def __init__(self) -> None:
        self._found: dict[tuple[Any, Any], Read] = {}

    @property
    def fields(self) -> frozenset[str]:
        """The names of what can be read of a run."""
        return frozenset((*self.columns, *self.lists))

    @abstractmethod
    def find_key(self, connection: sa.Connection, run_id: int | str) -> int | None:
        """Return the key of a run, or None."""

    @abstractmethod
    def read_output(self, connection: sa.Connection, key: int) -> str:
        """Return what a run printed."""

    @abstractmethod
    def read_points(
        self, connection: sa.Connection, key: int, ranges: Ranges | None = None
    ) -> dict[str, dict[str, Any]]:
        """Return the columns of each metric, or ranges of them."""

    @abstractmethod
    def read_summaries(
        self, connection: sa.Connection, key: int, names: Iterable[str] | None
    ) -> dict[str, list[MetricSummary]]:
        """Return the summaries of the blocks of metrics, by default of all."""

    def read_segments(self, connection: sa.Connection, key: int) -> "Sequence[Segment]":
        """Return the segments of a run that was resumed, of another one nothing."""
        del connection, key
        return ()

    def has_writers(self, connection: sa.Connection, key: int) -> bool:
        """Return whether the record of a run names writers."""
        del connection, key
        return False

    def count(self, connection: sa.Connection) -> int:
        """Return the number of runs."""
        query = sa.select(sa.func.count()).select_from(self.key.table)
        return int(connection.execute(query).scalar_one())

    @abstractmethod
    def open_file(self, database: Database, key: int, kind: str, name: str) -> BinaryIO | None:
        """Open a file of a run, or return None."""

    def select_keys(self, query: RunQuery) -> "sa.Select[Any]":
        """Return what selects keys of runs: all that fulfil ``query``, and perhaps others."""
        del query
        return sa.select(self.key)

    def read_runs(
        self, connection: sa.Connection, keys: Sequence[int], names: Set[str]
    ) -> dict[int, Fields]:
        """Return fields of the runs with these keys that exist, in this order.

        The values are read from the database now, and decoded later.

        Raises:
            Exception: the driver cannot read something in one of the rows.
        """
        columns = {column for name in self.columns.keys() & names for column in self.columns[name]}
        query = sa.select(self.key, *(self.key.table.c[column] for column in sorted(columns)))
        rows = {row[0]: row for row in connection.execute(query.where(self.key.in_(keys)))}
        found: dict[int, Fields] = {key: {} for key in keys if key in rows}
        for name in self.columns.keys() & names:
            for key, fields in found.items():
                fields[name] = partial(_value, rows[key], self.columns[name])
        for name in self.shared.keys() & names:
            for fields in found.values():
                fields[name] = self._read_shared(connection, self.shared[name], fields[name]())
        for name in self.lists.keys() & names:
            items = self._read_lists(connection, name, keys)
            for key, fields in found.items():
                fields[name] = partial(items.get, key, [])
        return found

    def _read_lists(
        self, connection: sa.Connection, name: str, keys: Sequence[int]
    ) -> dict[int, list[Any]]:
        query = self.lists[name]
        items: dict[int, list[Any]] = {}
        for key, *item in connection.execute(query.where(query.selected_columns[0].in_(keys))):
            items.setdefault(key, []).append(item[0] if len(item) == 1 else item)
        return items

    def _read_shared(
        self, connection: sa.Connection, read: Callable[[sa.Connection, Any], Any], key: Any
    ) -> Read:
        """Read data that runs share once; an error applies to each of these runs."""
        if (read, key) not in self._found:
            found = once(partial(read, connection, key))
            try:
                found()
            except sa.exc.SQLAlchemyError:
                raise
            except Exception:  # noqa: BLE001 - `found` raises it again
                pass
            self._found[read, key] = found
        return partial(_copied, self._found[read, key])


def _read_host(connection: sa.Connection, key: int) -> dict[str, Any]:
    query = sa.select(hosts.c.info).where(hosts.c.host_id == key)
    row = connection.execute(query).first()
    if row is None:
        raise DamagedRecordError(f"there is no host {key}")
    info: dict[str, Any] = row.info
    return info


class OwnTables(RunTables):
    """Our tables."""

    key = runs.c.run_key
    columns = {
        **{name: (name,) for name in ("status", "command", *_TIMES, *VALUES)},
        "id": ("run_id",),
        "run_id": ("id_elsewhere",),
        "experiment": ("experiment_id",),
        "host": ("host_id",),
    }
    shared = {"experiment": read_experiment, "host": _read_host}
    lists = {
        "artifacts": sa.select(artifacts.c.run_key, artifacts.c.name).order_by(
            artifacts.c.artifact_id
        ),
        "resources": sa.select(resources.c.run_key, resources.c.filename).order_by(
            resources.c.resource_id
        ),
        "annotations": sa.select(annotations).order_by(annotations.c.annotation_id),
    }
    tables = (runs, experiments, hosts, large_values, artifacts, resources, annotations)
    is_own = True
    _has_facts: bool | None = None

    def find_key(self, connection: sa.Connection, run_id: int | str) -> int | None:
        """Return the key of a run, also of a damaged one that is listed as ``row KEY``."""
        key = None if is_part_id(run_id) else find_key(connection, run_id)
        number = row_number(run_id)
        if key is not None or number is None:
            return key
        damaged = sa.select(runs.c.run_key).where(runs.c.run_key == number, IS_RUN)
        return connection.execute(damaged).scalar()

    def count(self, connection: sa.Connection) -> int:
        """Return the number of runs, without their parts."""
        query = sa.select(sa.func.count()).select_from(runs).where(IS_RUN)
        return int(connection.execute(query).scalar_one())

    def select_keys(self, query: RunQuery) -> "sa.Select[Any]":
        """Select keys by what the database can compare."""
        return super().select_keys(query).outerjoin(experiments).where(IS_RUN, *clauses(query))

    def read_runs(
        self, connection: sa.Connection, keys: Sequence[int], names: Set[str]
    ) -> dict[int, Fields]:
        """Return fields; large values are read from their table."""
        found = super().read_runs(connection, keys, names)
        if FACTS & names and found:
            facts_by_key = self._read_facts(connection, keys)
            for key, fields in found.items():
                stored = partial(_decode, partial(facts_by_key.get, key), None)
                fields |= {n: read for n, read in facts_fields(stored).items() if n in names}
        if "experiment" in names:
            add_captured(connection, found)
        values = [name for name in VALUES if name in names]
        large = read_large_texts(connection, keys, values) if values else {}
        for key, fields in found.items():
            fields |= {n: partial(_decode, fields[n], large.get((key, n))) for n in values}
        return found

    @property
    def fields(self) -> frozenset[str]:
        """The names of what can be read of a run."""
        return super().fields | FACTS

    def _read_facts(self, connection: sa.Connection, keys: Sequence[int]) -> dict[int, Any]:
        if not self._has_table_of_facts(connection):
            return {}
        query = sa.select(facts).where(facts.c.run_key.in_(keys))
        found = {row.run_key: row.value for row in connection.execute(query)}
        large = [key for key, value in found.items() if value is None]
        texts = read_large_texts(connection, large, [facts.name]) if large else {}
        return found | {key: text for (key, _), text in texts.items()}

    def _has_table_of_facts(self, connection: sa.Connection) -> bool:
        """Return False for a database of an earlier release."""
        if self._has_facts is None:
            self._has_facts = has_table(connection, facts)
        return self._has_facts

    def read_output(self, connection: sa.Connection, key: int) -> str:
        """Return the pieces, one after the other."""
        return appended.read_output(connection, key)

    def read_points(
        self, connection: sa.Connection, key: int, ranges: Ranges | None = None
    ) -> dict[str, dict[str, Any]]:
        """Return points from their rows."""
        return point_reader.read_points(connection, key, ranges)

    def read_summaries(
        self, connection: sa.Connection, key: int, names: Iterable[str] | None
    ) -> dict[str, list[MetricSummary]]:
        """Return the summaries that are stored with the points."""
        return point_reader.read_summaries(connection, key, names)

    def read_segments(self, connection: sa.Connection, key: int) -> "Sequence[Segment]":
        """Return the segments from the facts, of which the database returns no others."""
        return segments_of(self._facts_with(connection, key, "segments")) or ()

    def has_writers(self, connection: sa.Connection, key: int) -> bool:
        """Return whether the facts name writers; the database returns no others."""
        found = self._facts_with(connection, key, "writers")
        return isinstance(found, dict) and bool(found.get("writers"))

    def _facts_with(self, connection: sa.Connection, key: int, name: str) -> Any:
        """Return the facts of a run that contain a name, None if they do not."""
        if not self._has_table_of_facts(connection):
            return None
        has_name = sa.or_(facts.c.value.is_(None), facts.c.value.contains(f'"{name}"'))
        query = sa.select(facts.c.value).where(facts.c.run_key == key, has_name)
        row = connection.execute(query).first()
        if row is None:
            return None
        texts = read_large_texts(connection, [key], [facts.name]) if row.value is None else {}
        return _decode(lambda: row.value, texts.get((key, facts.name)))

    def open_file(self, database: Database, key: int, kind: str, name: str) -> BinaryIO | None:
        """Open a file, which is read part by part."""
        query = _file_query(key, kind, name)
        rows = [] if query is None else database.read(lambda c: c.execute(query).all())
        found = next((row for row in rows if row.name == name), None)
        return None if found is None else stream(database, found.content_id, found.size)

    def _read_lists(
        self, connection: sa.Connection, name: str, keys: Sequence[int]
    ) -> dict[int, list[Any]]:
        if name != "annotations":
            return super()._read_lists(connection, name, keys)
        by_key: dict[int, list[Annotation]] = {}
        for row in connection.execute(self.lists[name].where(annotations.c.run_key.in_(keys))):
            annotation = Annotation(
                time=row.said_at, user=row.said_by, note=row.note,
                added=row.tags_added, removed=row.tags_removed,
            )  # fmt: skip
            by_key.setdefault(row.run_key, []).append(annotation)
        return by_key


def find_key(connection: sa.Connection, run_id: Any) -> int | None:
    """Return the key of the run with exactly this id, or None."""
    name = str(normalize_id(run_id))
    query = sa.select(runs.c.run_key, runs.c.run_id).where(runs.c.run_id == name)
    rows = connection.execute(query).all()
    return next((int(row.run_key) for row in rows if row.run_id == name), None)  # exactly


def _value(row: Any, columns: Sequence[str]) -> Any:
    """Return the value of one column, or a tuple with those of several."""
    values = tuple(getattr(row, column) for column in columns)
    return values[0] if len(values) == 1 else values


def _decode(read: Read, large: bytes | None) -> Any:
    text = read()
    text = large if text is None else text
    return None if text is None else from_json(text)


def _copied(read: Read) -> Any:
    return _copy(read())


def _copy(value: Any) -> Any:
    """Return plain data that shares nothing mutable with ``value``."""
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value


def _file_query(run_key: int, kind: str, name: str) -> "sa.Select[Any] | None":
    """Return what selects name, content and size of files that may be it; None for a wrong kind."""
    sized = (contents.c.content_id, contents.c.size)
    if kind == "artifact":
        query = sa.select(artifacts.c.name, *sized).join(contents)
        mine = artifacts.c.name_digest == digest_of_name(name)
        return query.where(artifacts.c.run_key == run_key, mine)
    if kind == "resource":
        query = sa.select(resources.c.filename.label("name"), *sized).join(contents)
        mine = resources.c.filename_digest == digest_of_name(name)
        return query.where(resources.c.run_key == run_key, mine)
    if kind == "source":
        query = sa.select(sources.c.name, *sized).select_from(sources).join(contents)
        query = query.join(
            experiment_sources, experiment_sources.c.source_id == sources.c.source_id
        )
        query = query.join(runs, runs.c.experiment_id == experiment_sources.c.experiment_id)
        return query.where(runs.c.run_key == run_key, sources.c.name == name)
    return None


def read_scalars(connection: sa.Connection, query: "sa.Select[Any]") -> list[Any]:
    """Return the first column of the rows that a query selects."""
    return list(connection.execute(query).scalars())
