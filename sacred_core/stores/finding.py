"""Finds runs in a store by the query language, whatever the backend can do itself."""

import functools
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from sacred_core.exceptions import DamagedRecordError
from sacred_core.serialization import leaves
from sacred_core.stores.model import StoredRun
from sacred_core.stores.query import (
    And,
    Condition,
    MetricOf,
    Order,
    Query,
    matches,
    parse,
    parse_sort,
    settled,
    sort_key,
)
from sacred_core.stores.run_store import RunQuery, RunStore


def find_runs(
    store: RunStore,
    where: str | Query | None = None,
    sort: str | Order | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> list[StoredRun]:
    """Return the runs that ``where`` asks for; ``docs/queries.md`` teaches its language.

    A damaged run is found like any other, by its status and by what can be read of it; the rest is
    missing.

    Args:
        store: From `open_store`.
        where: A query, by default all runs.
        sort: Fields, set off by commas, with ``-`` for descending: ``"-config.lr,start_time"``.
            By default from the oldest to the newest.
        limit: At most so many: the first when sorted, else the newest.
        offset: How many to leave out before that.

    Raises:
        QueryError: a text cannot be read; it tells where.
        StoreError: the store cannot be read.
    """
    query = parse(where) if isinstance(where, str) else where
    order = parse_sort(sort) if isinstance(sort, str) else sort
    if query is None and not order:
        wanted = None if limit is None else limit + offset
        return _newest(list(store.list(RunQuery(limit=wanted))), limit, offset)
    now = datetime.now(UTC)
    runs = store.list(pushed_down(query, now))
    if query is not None:
        runs = (run for run in runs if matches(query, run, metrics_of(store, run), now))
    if not order:
        return _newest(list(runs), limit, offset)
    keyed = sorted(runs, key=lambda run: sort_key(order, run, metrics_of(store, run), now))
    return keyed[offset : None if limit is None else offset + limit]


def _newest(found: list[StoredRun], limit: int | None, offset: int) -> list[StoredRun]:
    end = max(0, len(found) - offset)
    return found[0 if limit is None else max(0, end - limit) : end]


def metrics_of(store: RunStore, run: StoredRun) -> MetricOf:
    """Return what gives a metric of ``run`` by name, or None; the store is asked once.

    Metrics that cannot be read are none.
    """

    @functools.cache
    def all_metrics() -> Mapping[str, Any]:
        try:
            return store.metrics(run.id)
        except DamagedRecordError:
            return {}

    return lambda name: all_metrics().get(name)


def pushed_down(query: Query | None, now: datetime) -> RunQuery:
    """Return what a store can sort out itself: conditions that hold for all that is asked for."""
    if query is None:
        return RunQuery()
    fixed: dict[str, Any] = {}
    for part in query.parts if isinstance(query, And) else [query]:
        if not isinstance(part, Condition) or part.operator != "=" or part.field.path:
            continue
        if part.field.name in ("status", "name") and isinstance(part.values[0], str):
            fixed.setdefault(part.field.name, part.values[0])
    return RunQuery(**fixed, where=settled(query, now))


def to_frame(runs: Iterable[StoredRun]) -> Any:
    """Return runs as a pandas DataFrame: one row each, a column for each entry of the config.

    Raises:
        ImportError: pandas is not installed.
    """
    import pandas as pd

    return pd.DataFrame([dict(_cells(run)) for run in runs])


def _cells(run: StoredRun) -> Iterator[tuple[str, Any]]:
    yield "id", run.id
    yield "status", run.status
    for name in ("name", "command", "start_time", "stop_time", "duration", "result", "damage"):
        yield name, getattr(run, name)
    for path, value in leaves(run.config):
        yield f"config.{path}", value
