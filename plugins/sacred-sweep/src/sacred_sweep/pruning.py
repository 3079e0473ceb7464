"""Whether a run of a sampled sweep should end early, as the sampler of the sweep decides."""

from collections.abc import Mapping
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

from sacred_core.exceptions import DamagedRecordError, OptionError
from sacred_core.resume.stored_runs import direct_observers, has_store, open_store_of
from sacred_core.stores.curves import points
from sacred_core.stores.finding import MetricSummaries
from sacred_core.stores.model import StoredRun
from sacred_core.stores.run_store import RunStore
from sacred_sweep.sampled_sweeps import (
    SampledPoint,
    numbers_by_step,
    optimized_field,
    read_sweep,
)
from sacred_sweep.sampling import Sampler, create_sampler

#: A `sacred_core.run.Run`.
Run: TypeAlias = Any


def should_stop(run: Run) -> bool:
    """Return whether a run should end; False unless the sampler of its sweep has a pruner.

    Raises:
        OptionError: the sweep optimizes something else than a metric, or its sampler cannot be
            used.
        StoreError: the store of the sweep cannot be read.
    """
    if run not in _pruners:
        _pruners[run] = _new_pruner(run)
    pruner = _pruners[run]
    return pruner is not None and pruner.decide()


def _new_pruner(run: Run) -> "_Pruner | None":
    point = SampledPoint.of(run.meta_info)
    if point is None:
        return None
    sampler = create_sampler(point.sampler_name, point.plan)
    return _Pruner(run, point, sampler) if sampler.prunes else None


class _Pruner:
    """Reads the points of all trials; those of ended runs once."""

    def __init__(self, run: Run, point: SampledPoint, sampler: Sampler) -> None:
        field = optimized_field(point.optimize)
        if field.name != "metrics":
            raise OptionError(
                f"a pruner compares the points of a metric, but this sweep optimizes "
                f"{point.optimize!r}: use --optimize metrics.NAME.min, or a sampler without pruner"
            )
        self._run, self._point, self._sampler = run, point, sampler
        self._metric = field.path[0]
        self._store = _find_store(run, point.uid)
        self._known: dict[tuple[Any, Any], Mapping[int, float]] = {}

    def decide(self) -> bool:
        if self._store is None:
            return False
        sweep = read_sweep(self._store, self._point.uid)
        if sweep is None:
            return False
        trials = sweep.trials(MetricSummaries(self._store), self._points_of)
        return self._sampler.should_stop(self._point.trial, trials)

    def _points_of(self, stored: StoredRun) -> Mapping[int, float]:
        key = (stored.id, stored.stop_time)
        if key in self._known:
            return self._known[key]
        found = self._read(stored)
        point = SampledPoint.of(stored.meta)
        own = (self._point.trial, self._point.replica)
        if point is not None and (point.trial, point.replica) == own:
            found = found | numbers_by_step(self._run.metrics.waiting(self._metric))
        elif stored.stop_time is not None:
            self._known[key] = found
        return found

    def _read(self, stored: StoredRun) -> dict[int, float]:
        assert self._store is not None
        if stored.metrics is not None and self._metric not in stored.metrics:
            return {}
        try:
            found = points(self._store, stored.id, {self._metric: (0, None)}).get(self._metric)
        except DamagedRecordError:
            found = None
        if found is None:
            return {}
        return numbers_by_step(zip(found["steps"], found["values"], strict=True))


#: The pruner of each run that asked; None of a run without one.
_pruners: "WeakKeyDictionary[Run, _Pruner | None]" = WeakKeyDictionary()


def _find_store(run: Run, uid: str) -> RunStore | None:
    """Return the store with the runs of a sweep, of several that with most; None without any."""
    counts: list[tuple[int, RunStore]] = []
    for observer in filter(has_store, direct_observers(run.observers)):
        store = open_store_of(observer)
        sweep = read_sweep(store, uid)
        counts.append((0 if sweep is None else len(sweep.runs), store))
    return max(counts, key=lambda pair: pair[0])[1] if counts else None
