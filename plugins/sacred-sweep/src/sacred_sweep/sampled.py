"""Start a sweep whose sampler chooses the points: queue its first one."""

from collections.abc import Mapping
from typing import Any

import attrs

from sacred_core.exceptions import OptionError
from sacred_core.plurals import counted
from sacred_sweep.distributions import decode_distribution
from sacred_sweep.filling import queue_next
from sacred_sweep.first_point import first_point
from sacred_sweep.planning import SweepPlan
from sacred_sweep.sampled_sweeps import SampledPoint, read_sweep
from sacred_sweep.sampling import encode_plan


def queue_first(plan: SweepPlan) -> int:
    """Queue the first point of a sampled sweep; workers queue the others.

    If the sweep was started before with fewer points or with other options of the sampler, the next
    point is queued, so that the workers know of the change.

    Args:
        plan: Of the sweep.

    Returns:
        The number of runs that were queued.

    Raises:
        OptionError: the sampler cannot be used, or the sweep was started with another space.
        StoreError: the store cannot be read or written.
    """
    point = first_point(plan.spec, plan.settings, plan.uid)
    known = read_sweep(plan.store, plan.uid)
    if known is not None:
        _check_same(known.point, point)
        if encode_plan(known.point.plan) == encode_plan(point.plan):
            return 0
        return queue_next(plan.store, attrs.evolve(known, point=point))
    for replica in range(point.seeds):
        plan.queue(
            point.values,
            _record(point, replica),
            "trial",
            0,
            replica,
            replica=replica,
        )
    return point.seeds


def _record(point: SampledPoint, replica: int) -> Mapping[str, Any]:
    """Return what a run records of its point, beside its values."""
    return {
        "trial": point.trial,
        "replica": replica,
        "sampler": point.sampler,
        "plan": encode_plan(point.plan),
        "seeds": point.seeds,
    }


def _check_same(known: SampledPoint, new: SampledPoint) -> None:
    """Check that a sweep that was started before is started with the same options.

    Raises:
        OptionError: it has another space, or is about another value. Another sampler and another
            number of points are used from now on.
    """
    hint = "give this one another name with --sweep NAME"
    old_space, space = known.plan.space, new.plan.space
    for path in sorted(old_space.keys() | space.keys()):
        if old_space.get(path) != space.get(path):
            raise OptionError(
                f"the sweep {known.uid} was started with {path}={_shown(old_space.get(path))}, not "
                f"{_shown(space.get(path))}: {hint}"
            )
    for name, old, own in (
        ("--optimize", known.optimize, new.optimize),
        ("--seeds", known.seeds, new.seeds),
        ("--direction", _direction(known), _direction(new)),
    ):
        if old != own:
            raise OptionError(f"the sweep {known.uid} was started with {name} {old}: {hint}")
    if new.plan.trials < known.plan.trials:
        raise OptionError(
            f"the sweep {known.uid} was started with {counted(known.plan.trials, 'point')}: "
            f"--trials can only be increased, or {hint}"
        )


def _direction(point: SampledPoint) -> str:
    return "min" if point.plan.is_minimized else "max"


def _shown(distribution: Mapping[str, Any] | None) -> str:
    return "nothing" if distribution is None else str(decode_distribution(distribution))
