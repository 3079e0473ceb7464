"""Sampled sweeps as their runs describe them: the plan, and the points with their results."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from statistics import fmean
from typing import Any, TypeAlias

import attrs

from sacred_core.exceptions import OptionError, StoreError, UnavailableError
from sacred_core.run.stop_checks import STOPPED_EARLY
from sacred_core.shared_methods import ValueMethods
from sacred_core.stores.finding import MetricSummaries, find_runs
from sacred_core.stores.model import StoredRun
from sacred_core.stores.query import Condition, Field, parse_columns, read
from sacred_core.stores.run_store import RunStore
from sacred_core.stores.summaries import is_number
from sacred_sweep.sampling import SamplingPlan, Trial, decode_plan

#: Returns the points of the optimized metric of a run by step.
PointsOf: TypeAlias = Callable[[StoredRun], Mapping[int, float]]
#: A sweep with a run that has this tag gets no further points.
CANCELLED_TAG = "sweep-cancelled"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SampledPoint(ValueMethods):
    """What ``meta.sweep`` of a run has, if a sampler chose its values.

    Attributes:
        uid: Of the sweep.
        trial: The number of the point.
        replica: The number of the run among those of the point, which have different seeds.
        values: By dotted path.
        sampler: Its name and argument.
        plan: For the sampler.
        optimize: The field with the value, as in queries.
        seeds: The number of runs of each point.
    """

    uid: str
    trial: int
    replica: int
    values: Mapping[str, Any]
    sampler: str
    plan: SamplingPlan
    optimize: str
    seeds: int

    @classmethod
    def of(cls, meta: Mapping[str, Any]) -> "SampledPoint | None":
        """Return what the meta information of a run has; None if no sampler chose its values."""
        data = meta.get("sweep")
        if not isinstance(data, Mapping):
            return None
        plan = decode_plan(data.get("plan"))
        kinds = {
            "uid": str, "trial": int, "replica": int, "values": Mapping, "sampler": str,
            "optimize": str, "seeds": int,
        }  # fmt: skip
        if plan is None or any(not isinstance(data.get(name), kinds[name]) for name in kinds):
            return None
        if data["trial"] < 0 or not 0 <= data["replica"] < data["seeds"]:
            return None
        return cls(plan=plan, **{name: data[name] for name in kinds})

    @property
    def sampler_name(self) -> str:
        """The name of the sampler, without its argument."""
        return self.sampler.partition(":")[0]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SampledSweep(ValueMethods):
    """One sampled sweep, with its runs.

    Attributes:
        point: What the newest point says about the sweep: a later start may change its plan.
        runs: The runs by number of the point and of the replica.
    """

    point: SampledPoint
    runs: Mapping[tuple[int, int], StoredRun]

    @property
    def is_cancelled(self) -> bool:
        """Whether it gets no further points."""
        return any(CANCELLED_TAG in run.tags for run in self.runs.values())

    def missing(self) -> list[tuple[int, int]]:
        """Return the numbers of points and replicas that have no run, in their order."""
        numbers, replicas = range(self.point.plan.trials), range(self.point.seeds)
        return [(n, k) for n in numbers for k in replicas if (n, k) not in self.runs]

    def values_of(self, number: int) -> Mapping[str, Any] | None:
        """Return the values of a point; None if it has no run."""
        found = [own for (n, _), own in self.runs.items() if n == number]
        point = SampledPoint.of(found[0].meta) if found else None
        return None if point is None else point.values

    def trials(self, metrics: MetricSummaries, points_of: PointsOf | None = None) -> list[Trial]:
        """Return all points by number, with what their runs recorded.

        Args:
            metrics: Of the store of the runs.
            points_of: For the points of all trials; by default pruned ones have their last point.

        Raises:
            OptionError: what is optimized cannot be read from runs.
        """
        field, now = optimized_field(self.point.optimize), datetime.now(UTC)
        metric = field.path[0] if field.name == "metrics" else None
        by_number: dict[int, list[StoredRun]] = {}
        for number, replica in sorted(self.runs):
            by_number.setdefault(number, []).append(self.runs[number, replica])
        trials = []
        for number, runs in by_number.items():
            values = [_value(field, run, metrics, now) for run in runs]
            status = self._status(runs, values)
            known = [value for value in values if value is not None]
            points: Mapping[int, float] = {}
            if points_of is not None:
                points = mean_points(map(points_of, runs))
            elif status == "pruned" and metric is not None:
                points = mean_points(_last_point(metrics, run, metric) for run in runs)
            trials.append(
                Trial(
                    number=number,
                    values=self.values_of(number) or {},
                    status=status,
                    value=fmean(known) if known and status != "failed" else None,
                    points=points,
                )
            )
        return trials

    def _status(self, runs: Sequence[StoredRun], values: Sequence[float | None]) -> str:
        if any(_has_failed(run) for run in runs):
            return "failed"
        if len(runs) < self.point.seeds or any(run.stop_time is None for run in runs):
            return "running"
        if any(STOPPED_EARLY in run.info for run in runs):
            return "pruned"
        return "failed" if None in values else "complete"


def sampled_sweeps(runs: Iterable[StoredRun]) -> list[SampledSweep]:
    """Return the sampled sweeps to which runs belong, in the order of their first runs."""
    found: dict[str, dict[tuple[int, int], StoredRun]] = {}
    newest: dict[str, SampledPoint] = {}
    for run in runs:
        point = SampledPoint.of(run.meta)
        if point is None:
            continue
        own = found.setdefault(point.uid, {})
        # While two workers insert a point at the same time, it can be there twice.
        own.setdefault((point.trial, point.replica), run)
        if point.uid not in newest or point.trial >= newest[point.uid].trial:
            newest[point.uid] = point
    return [SampledSweep(point=newest[uid], runs=own) for uid, own in found.items()]


def read_sweep(store: RunStore, uid: str) -> SampledSweep | None:
    """Return a sampled sweep as it is stored; None if the store does not have it."""
    found = sampled_sweeps(
        find_runs(store, Condition(Field("meta", ("sweep", "uid")), "=", (uid,)))
    )
    return found[0] if found else None


def optimized_field(text: str) -> Field:
    """Return the field of ``--optimize``, such as ``metrics.loss.min`` or ``result``.

    Raises:
        OptionError: it is not one field of runs.
        QueryError: it is not a field; the message shows where.
    """
    columns = parse_columns(text)
    if len(columns) != 1:
        raise OptionError(f"--optimize: expected one field such as metrics.loss.min, got {text!r}")
    return columns[0].field


def mean_points(curves: Iterable[Mapping[int, float]]) -> dict[int, float]:
    """Return the mean of curves at each step, of those that have it."""
    by_step: dict[int, list[float]] = {}
    for curve in curves:
        for step, value in curve.items():
            by_step.setdefault(step, []).append(value)
    return {step: fmean(values) for step, values in sorted(by_step.items())}


def numbers_by_step(points: Iterator[tuple[Any, Any]]) -> dict[int, float]:
    """Return the last number at each step that is a number; steps become integers."""
    return {
        int(step): float(value)
        for step, value in points
        if is_number(step) and math.isfinite(step) and is_number(value)
    }


def _has_failed(run: StoredRun) -> bool:
    return run.recorded_status not in ("QUEUED", "RUNNING", "COMPLETED")


def _value(field: Field, run: StoredRun, metrics: MetricSummaries, now: datetime) -> float | None:
    """Return the value of a run that has ended; None if it has no number, or NaN."""
    if run.stop_time is None:
        return None
    try:
        value = read(field, run, metrics.of(run), now)
    except UnavailableError:
        raise
    except StoreError:  # the run was deleted meanwhile
        return None
    return float(value) if is_number(value) and not math.isnan(value) else None


def _last_point(metrics: MetricSummaries, run: StoredRun, name: str) -> dict[int, float]:
    metric = metrics.all_of(run).get(name)
    if metric is None:
        return {}
    return numbers_by_step(iter([(metric.summary.last_step, metric.summary.last)]))
