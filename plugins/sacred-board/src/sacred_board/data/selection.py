"""Runs in memory that a query selects, in an order."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sacred_core.stores.finding import MetricSummaries
from sacred_core.stores.model import StoredRun
from sacred_core.stores.query import Order, Query, matches, sort_key, with_absolute_times


def select_runs(
    runs: Sequence[StoredRun],
    metrics: MetricSummaries,
    where: Query | None = None,
    sort: Order | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> tuple[list[StoredRun], int]:
    """Return a part of the runs that a query selects, and their number.

    Args:
        runs: The runs, the oldest first.
        metrics: Of these runs.
        where: The condition.
        sort: The order, by default the newest first.
        limit: Maximum number of runs; None for all.
        offset: Number of runs to skip first.
    """
    now = datetime.now(UTC)
    found = [*runs]
    if where is not None:
        query = with_absolute_times(where, now)
        found = [run for run in runs if matches(query, run, metrics.of(run), now)]
    if sort:
        found.sort(key=lambda run: sort_key(sort, run, metrics.of(run), now))
    else:
        found.reverse()
    return found[offset : None if limit is None else offset + limit], len(found)
