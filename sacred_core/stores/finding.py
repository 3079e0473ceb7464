"""Finds runs in a store by the query language, whatever the backend can filter by itself."""

import contextlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sacred_core.exceptions import DamagedRecordError, StoreError
from sacred_core.stores.changes import list_runs
from sacred_core.stores.curves import PointsReader, points, summaries
from sacred_core.stores.model import StoredRun
from sacred_core.stores.query import (
    Condition,
    Field,
    Metric,
    MetricOf,
    Order,
    Query,
    all_of,
    any_of,
    fields_of,
    matches,
    needs_metrics,
    parse,
    parse_sort,
    pushdown,
    sort_key,
)
from sacred_core.stores.run_list import GivenRuns, RunList, RunSource, points_reader, store_of
from sacred_core.stores.run_store import IdStore, RunQuery, RunStore
from sacred_core.stores.summaries import MetricSummary, merge_summaries


class MetricSummaries:
    """Reads the summaries of the metrics of each run when they are needed, and only once.

    Points are not retained. Metrics that cannot be read are missing. Of a run that was resumed,
    they are those of the points that are shown.
    """

    def __init__(self, store: PointsReader) -> None:
        self._store = store
        self._found: dict[int | str, Mapping[str, Metric]] = {}
        self._parts: dict[int | str, tuple[dict[str, StoredRun], MetricSummaries | None]] = {}

    def of(self, run: StoredRun) -> MetricOf:
        """Return the function that returns a metric of a run by its name.

        The name of a metric of a writer is like ``"loss@rank3"``.
        """
        return lambda name: self.all_of(run).get(name) or self._of_writer(run, name)

    def all_of(self, run: StoredRun) -> Mapping[str, Metric]:
        """Return all metrics of a run by name."""
        if run.id not in self._found:
            self._found[run.id] = {
                name: Metric(summary, partial(self._points, run.id, name))
                for name, summary in self._summaries(run).items()
            }
        return self._found[run.id]

    def _summaries(self, run: StoredRun) -> Mapping[str, MetricSummary]:
        known = run.metrics
        # The stored summary of a metric that a later segment continued is that of all points.
        names = [n for each in run.recorded_segments for n in each.points if n in (known or {})]
        if known is not None and not names:
            return known
        try:
            blocks = summaries(self._store, run.id, None if known is None else names)
        except DamagedRecordError:
            return known or {}
        read = {name: merge_summaries(own) for name, own in blocks.items() if own}
        return read if known is None else {**known, **read}

    def _of_writer(self, run: StoredRun, name: str) -> Metric | None:
        if "@" not in name:
            return None
        from sacred_core.stores.writer_views import split_metric
        from sacred_core.stores.writers import PartStore, writer_of  # few runs have writers

        if run.id not in self._parts:
            parts = None
            if isinstance(self._store, PartStore):
                with contextlib.suppress(StoreError):  # it was deleted meanwhile
                    parts = self._store.writer_store(run.id)
            own = {} if parts is None else {writer_of(part): part for part in parts.list()}
            self._parts[run.id] = own, None if parts is None else MetricSummaries(parts)
        own, metrics = self._parts[run.id]
        pair = split_metric(name, own)
        if pair is None or metrics is None:
            return None
        return metrics.all_of(own[pair[1]]).get(pair[0])

    def _points(self, run_id: int | str, name: str) -> Mapping[str, Any]:
        try:
            return points(self._store, run_id, {name: (0, None)})[name]
        except (DamagedRecordError, KeyError):
            return {"steps": [], "values": []}


def find_runs(
    runs: RunSource,
    where: str | Query | None = None,
    sort: str | Order | None = None,
    limit: int | None = None,
    offset: int = 0,
    *,
    fields: Iterable[Field] | None = None,
    metrics: MetricSummaries | None = None,
    since: str | None = None,
) -> RunList:
    """Return the runs that ``where`` selects; ``docs/queries.md`` describes its language.

    Parts of a damaged run that cannot be read are missing.

    Example::

        for run in find_runs("my_runs", where="config.lr > 0.1 and status = COMPLETED"):
            print(run.id, run.config["lr"], run.result)

    Args:
        runs: A location, see `open_store`; a store; or runs, such as an earlier result.
        where: A query, by default all runs.
        sort: Fields, separated by commas, with ``-`` for descending: ``"-config.lr,start_time"``.
            By default from the oldest to the newest; given runs remain in their order.
        limit: Maximum number of runs: the first when sorted, else the newest.
        offset: Number of runs to skip first.
        fields: The fields that the caller uses, see `RunQuery.fields`; by default all.
        metrics: The `MetricSummaries` of the store, if the caller uses them too.
        since: A token of `sacred_core.stores.changes.change_token` for this store: only runs that
            changed after it was taken.

    Raises:
        QueryError: a string cannot be parsed; the message shows where.
        ChangeTokenError: the token is damaged, or belongs to another store.
        StoreError: the store cannot be opened or read.
    """
    query = parse(where) if isinstance(where, str) else where
    order = (parse_sort(sort) if isinstance(sort, str) else sort) or ()
    store = store_of(runs)
    metrics = metrics_of(store) if metrics is None else metrics
    now = datetime.now(UTC)
    on_metrics = query is not None and needs_metrics(query)
    if fields is not None:
        conditions = () if query is None else fields_of(query)
        fields = (*fields, *conditions, *(field for field, _ in order))
    may_limit = limit is not None and not order and not on_metrics
    listed = RunQuery(
        where=_without_metrics(query) if query is not None and on_metrics else query,
        limit=limit + offset if limit is not None and may_limit else None,
        now=now,
        fields=fields,
        since=since,
    )
    found = list_runs(store, listed)
    if query is not None and (on_metrics or since is not None):
        found = (run for run in found if matches(query, run, metrics.of(run), now))
    if order:
        keyed = sorted(found, key=lambda run: sort_key(order, run, metrics.of(run), now))
        selected = keyed[offset : None if limit is None else offset + limit]
    else:
        selected = _newest([*found], limit, offset)
    return RunList(selected, store.store if isinstance(store, GivenRuns) else store)


def metrics_of(runs: RunSource) -> MetricSummaries:
    """Return the metrics of runs, which are read when they are needed.

    Raises:
        StoreError: the store cannot be opened.
    """
    return MetricSummaries(points_reader(store_of(runs)))


def count_runs(store: RunStore, where: Query | None = None) -> int | None:
    """Return how many runs a store has, damaged ones too; None if that is not known quickly.

    Args:
        store: From `open_store`.
        where: A query; then the number is not known quickly.
    """
    return store.count() if where is None and isinstance(store, IdStore) else None


def _without_metrics(query: Query) -> Query | None:
    """Return a condition that all runs which ``query`` selects fulfil, without metrics."""

    def unless_on_metrics(condition: Condition) -> Query | None:
        return None if condition.field.name == "metrics" else condition

    # mypy infers no union for a type variable.
    return pushdown(query, unless_on_metrics, all_of, any_of)  # type: ignore[misc]


def _newest(found: list[StoredRun], limit: int | None, offset: int) -> list[StoredRun]:
    end = max(0, len(found) - offset)
    return found[0 if limit is None else max(0, end - limit) : end]
