"""The metrics of runs that stay in memory."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from sacred_core.exceptions import StoreError
from sacred_core.stores.curves import points, summaries
from sacred_core.stores.finding import MetricSummaries
from sacred_core.stores.model import StoredRun
from sacred_core.stores.query import Metric, MetricOf
from sacred_core.stores.summaries import MetricSummary, merge_summaries


class RunMetrics(MetricSummaries):
    """The metrics of runs of any stores, which may change, go away and come back.

    Summaries that are not in the record are read from the store of the run, once for each state of
    the run. While a store cannot be read, its metrics are missing.
    """

    def __init__(self) -> None:
        self._read: dict[int, tuple[StoredRun, Mapping[str, MetricSummary]]] = {}

    def of(self, run: StoredRun) -> MetricOf:
        """Return the function that returns a metric of a run by its name."""
        known = self.read_summaries(run)

        def find(name: str) -> Metric | None:
            summary = known.get(name)
            return None if summary is None else Metric(summary, partial(_points, run, name))

        return find

    def all_of(self, run: StoredRun) -> Mapping[str, Metric]:
        """Return all metrics of a run by name."""
        known = self.read_summaries(run)
        return {name: Metric(known[name], partial(_points, run, name)) for name in known}

    def read_summaries(self, run: StoredRun) -> Mapping[str, MetricSummary]:
        """Return the summaries of all metrics of a run by name."""
        if run.metrics is not None:
            return run.metrics
        if run.store is None:
            return {}
        # The key is the object: a run that changed is another one.
        known = self._read.get(id(run))
        if known is not None and known[0] is run:
            return known[1]
        try:
            blocks = summaries(run.store, run.id)
        except StoreError:
            return {}
        found = {name: merge_summaries(own) for name, own in blocks.items() if own}
        self._read[id(run)] = run, found
        return found

    def forget(self, run: StoredRun) -> None:
        """Forget the metrics of a run that changed."""
        self._read.pop(id(run), None)


def _points(run: StoredRun, name: str) -> Mapping[str, Any]:
    try:
        return points(run.store, run.id, {name: (0, None)})[name]
    except (StoreError, KeyError):
        return {"steps": [], "values": []}
