"""Queue further points of sampled sweeps when a worker is idle."""

from weakref import WeakKeyDictionary

import attrs

from sacred_core.exceptions import UsageError
from sacred_core.stores.finding import MetricSummaries, find_runs
from sacred_core.stores.model import StoredRun
from sacred_core.stores.query import Query, matches, parse
from sacred_core.stores.run_store import IdStore, RunStore
from sacred_sweep.point_copies import insert_point, new_point_run
from sacred_sweep.sampled_sweeps import SampledPoint, SampledSweep, sampled_sweeps
from sacred_sweep.sampling import create_sampler

#: How often a worker asks for a point that another one queues at the same moment.
_ATTEMPTS = 20
#: The ids that a store had when no point was missing. An idle worker reads the runs again only when
#: there are others.
_complete: WeakKeyDictionary[RunStore, frozenset[int | str]] = WeakKeyDictionary()


def fill_queue(store: RunStore, where: Query | None = None) -> int:
    """Queue the next point of a sampled sweep, with all its replicas.

    It reads the runs of sampled sweeps, asks the sampler of the first sweep that is not complete,
    and queues a copy of one of its runs with other values. Several workers may call it at the same
    time: each queues another point.

    Args:
        store: The queue.
        where: The condition that the new runs fulfil; None: there is none.

    Returns:
        The number of runs that this call queued.

    Raises:
        OptionError: the sampler is not installed, or cannot use the points of the sweep.
        StoreError: the store cannot be read or written.
    """
    ids = frozenset(store.ids()) if isinstance(store, IdStore) else None
    if ids is not None and _complete.get(store) == ids:
        return 0
    for _ in range(_ATTEMPTS):
        runs = find_runs(store, parse("meta.sweep.plan exists"))
        sweeps = [sweep for sweep in sampled_sweeps(runs) if not sweep.is_cancelled]
        sweeps = [sweep for sweep in sweeps if sweep.missing()]
        if not sweeps:
            if ids is not None:
                _complete[store] = ids
            return 0
        count, is_late = _fill_first(store, sweeps, where)
        if count or not is_late:
            return count
    return 0


def _fill_first(
    store: RunStore, sweeps: list[SampledSweep], where: Query | None
) -> tuple[int, bool]:
    """Queue a point of the first sweep that has one; return also whether another worker did.

    A sweep whose sampler cannot be used is reported if no other sweep has a point.
    """
    is_late, problem = False, None
    for sweep in sweeps:
        try:
            count, attempts = _fill_sweep(store, sweep, where)
        except UsageError as error:
            problem = problem or error
            continue
        if count:
            return count, False
        is_late = is_late or attempts > 0
    if problem is not None and not is_late:
        raise problem
    return 0, is_late


def queue_next(store: RunStore, sweep: SampledSweep) -> int:
    """Queue the next point of a sweep, unless all are queued; return the number of new runs."""
    return _fill_sweep(store, sweep, None)[0] if sweep.missing() else 0


def _fill_sweep(store: RunStore, sweep: SampledSweep, where: Query | None) -> tuple[int, int]:
    """Queue the missing replicas of the first point; return how many, and how many were tried."""
    number = sweep.missing()[0][0]
    values = sweep.values_of(number)
    if values is None:
        sampler = create_sampler(sweep.point.sampler_name, sweep.point.plan)
        values = sampler.ask(number, sweep.trials(MetricSummaries(store)))
    count = attempts = 0
    for trial, replica in sweep.missing():
        if trial != number:
            break
        point = attrs.evolve(sweep.point, trial=trial, replica=replica, values=values)
        run = new_point_run(_template(sweep, replica), point)
        if where is not None and not matches(where, run, lambda name: None):
            return count, attempts
        stored = insert_point(store, run)
        attempts += 1
        count += _is_same(stored, run)
        # Another worker may have queued the first replica with other values: they count.
        winner = SampledPoint.of(stored.meta)
        values = values if winner is None else winner.values
    return count, attempts


def _template(sweep: SampledSweep, replica: int) -> StoredRun:
    """Return the first run of the sweep, of those of a replica if there are any."""
    return sweep.runs[min(sweep.runs, key=lambda key: (key[1] != replica, *key))]


def _is_same(stored: StoredRun, run: StoredRun) -> bool:
    """Return whether this process has stored a run: times of stores have milliseconds."""
    if stored.queue_time is None or run.queue_time is None:
        return False
    return abs((stored.queue_time - run.queue_time).total_seconds()) < 0.001
