"""Sweeps as their runs in a store describe them: counts, time left, and the best point."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from statistics import fmean
from typing import Any

import attrs

from sacred_core.exceptions import StoreError
from sacred_core.masking import mask_text
from sacred_core.stores.canonical import canonical_json
from sacred_core.stores.finding import MetricSummaries, find_runs
from sacred_core.stores.model import StoredRun
from sacred_core.stores.query import Condition, Field, read
from sacred_core.stores.run_store import RunStore
from sacred_core.stores.summaries import is_number
from sacred_core.stores.worker_claims import is_held
from sacred_sweep.stored_points import UID, sweep_of

#: The status of a queued run that was cancelled; no worker executes it.
CANCELLED = "CANCELLED"
#: Statuses in the order of their columns, the first ones also where they have no run.
_STATUSES = ("QUEUED", "RUNNING", "COMPLETED", "FAILED", "INTERRUPTED", "DEAD", CANCELLED)
#: Sweeps that a message lists.
_MOST_NAMES = 10


@attrs.frozen(kw_only=True)
class BestPoint:
    """The best point of a sweep so far.

    Attributes:
        field: What is optimized, as it is written in a query.
        direction: ``"min"`` or ``"max"``.
        value: Of the point: the mean of its completed runs, which differ in their seeds.
        values: The values of the swept entries, without the seed.
        run_ids: The ids of the runs of the point.
    """

    field: str
    direction: str
    value: float
    values: Mapping[str, Any]
    run_ids: Sequence[int | str]


@attrs.frozen(kw_only=True)
class StoredSweep:
    """A sweep in a store.

    Attributes:
        uid: Its uid.
        runs: Its runs, from the oldest to the newest.
    """

    uid: str
    runs: Sequence[StoredRun]

    @property
    def name(self) -> str:
        """Its name; empty if it has none."""
        return next((str(n) for run in self.runs if (n := sweep_of(run).get("name"))), "")

    @property
    def experiment(self) -> str:
        """The name of the experiment."""
        return str(self.runs[0].experiment.get("name", ""))

    @property
    def command(self) -> str:
        """The name of the command."""
        return str(self.runs[0].command)

    @property
    def paths(self) -> list[str]:
        """The dotted paths of the swept entries."""
        return list(dict.fromkeys(path for run in self.runs for path in _values(run)))

    @property
    def counts(self) -> dict[str, int]:
        """The number of runs by status; the usual ones first."""
        found = Counter(run.status for run in self.runs)
        order = [*_STATUSES[:4], *sorted(found, key=_position)]
        return {status: found[status] for status in dict.fromkeys(order)}

    @property
    def workers(self) -> dict[str, list[int | str]]:
        """The ids of the runs that each worker executes, by the name of the worker."""
        found: dict[str, list[int | str]] = {}
        for run in self.runs:
            if run.claim is not None and is_held(run) and run.status != "DEAD":
                found.setdefault(run.claim.worker, []).append(run.id)
        return found

    @property
    def optimized(self) -> tuple[str, str]:
        """What is optimized and the direction, as its newest run has it; or empty strings."""
        for run in reversed(self.runs):
            own = sweep_of(run)
            if isinstance(own.get("optimize"), str):
                return own["optimize"], str(own.get("direction", "min"))
        return "", ""

    @property
    def planned(self) -> int:
        """The number of runs, with those that a sampler has still to choose."""
        newest = sweep_of(self.runs[-1])
        plan = newest.get("plan")
        trials = plan.get("trials") if isinstance(plan, Mapping) else None
        seeds = newest.get("seeds", 1)
        if not isinstance(trials, int) or not isinstance(seeds, int):
            return len(self.runs)
        return max(len(self.runs), trials * seeds)

    def time_left(self, now: datetime) -> timedelta | None:
        """Return an estimate of the time until the last run has ended.

        It is the mean duration of completed runs, for each run that has not ended, divided by the
        number of running ones. None if no run has completed, or none is running.
        """
        completed = [run.duration for run in self.runs if run.status == "COMPLETED"]
        durations = [each.total_seconds() for each in completed if each is not None]
        running = [run for run in self.runs if run.status == "RUNNING"]
        waiting = sum(run.status == "QUEUED" for run in self.runs)
        waiting += self.planned - len(self.runs)
        if not waiting and not running:
            return timedelta(0)
        if not durations or not running:
            return None
        mean = fmean(durations)
        begun = [now - run.start_time for run in running if run.start_time is not None]
        seconds = waiting * mean + sum(max(0.0, mean - each.total_seconds()) for each in begun)
        return timedelta(seconds=seconds / len(running))

    def best(self, store: RunStore, field: Field, direction: str) -> BestPoint | None:
        """Return the best point, whose completed runs have a number there; None without any.

        Args:
            store: With the metrics.
            field: Such as that of ``metrics.loss.min``.
            direction: ``"min"`` or ``"max"``.
        """
        metrics, now = MetricSummaries(store), datetime.now(UTC)
        found: dict[str, list[tuple[StoredRun, float]]] = {}
        for run in self.runs:
            if run.status == "COMPLETED":
                value = read(field, run, metrics.of(run), now)
                if is_number(value) and not math.isnan(value):
                    key = canonical_json(_without_seed(_values(run)))
                    found.setdefault(key, []).append((run, float(value)))
        if not found:
            return None
        means = {key: fmean(value for _, value in own) for key, own in found.items()}
        choose = min if direction == "min" else max
        key = choose(means, key=lambda each: means[each])
        first = found[key][0][0]
        return BestPoint(
            field=str(field),
            direction=direction,
            value=means[key],
            values=_without_seed(_values(first)),
            run_ids=[run.id for run, _ in found[key]],
        )


def read_sweeps(store: RunStore) -> list[StoredSweep]:
    """Return all sweeps in a store, the one with the newest run last.

    Raises:
        StoreError: the store cannot be read.
    """
    found: dict[str, list[StoredRun]] = {}
    for run in find_runs(store, Condition(UID, "exists")):
        uid = str(sweep_of(run).get("uid"))
        runs = found.pop(uid, [])  # it becomes the last one
        runs.append(run)
        found[uid] = runs
    return [StoredSweep(uid=uid, runs=runs) for uid, runs in found.items()]


def find_sweep(store: RunStore, location: str, name: str) -> StoredSweep:
    """Return a sweep.

    Args:
        store: The store.
        location: Of the store, for messages.
        name: The uid, its beginning, or the name of the sweep.

    Raises:
        StoreError: there is none, or there are several.
    """
    runs = find_runs(store, Condition(UID, "=", (name,)))
    if runs:
        return StoredSweep(uid=name, runs=list(runs))
    sweeps = read_sweeps(store)
    found = [each for each in sweeps if each.uid.startswith(name) or each.name == name]
    if len(found) == 1:
        return found[0]
    shown = mask_text(location)
    if not sweeps:
        raise StoreError(f"there are no sweeps at {shown!r}")
    if found:
        raise StoreError(f"several sweeps at {shown!r} match {name!r}: {_names(found)}")
    raise StoreError(f"there is no sweep {name!r} at {shown!r}: there are {_names(sweeps)}")


def _names(sweeps: Iterable[StoredSweep]) -> str:
    names = [f"{each.uid} ({each.name})" if each.name else each.uid for each in sweeps]
    more = ", …" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[-_MOST_NAMES:]) + more


def _values(run: StoredRun) -> Mapping[str, Any]:
    values = sweep_of(run).get("values")
    return values if isinstance(values, Mapping) else {}


def _without_seed(values: Mapping[str, Any]) -> dict[str, Any]:
    return {path: value for path, value in values.items() if path != "seed"}


def _position(status: str) -> tuple[int, str]:
    known = status in _STATUSES
    return (_STATUSES.index(status) if known else len(_STATUSES)), status
