"""Start a sweep whose sampler chooses the points: queue its first one."""

from collections.abc import Mapping
from typing import Any

import attrs

from sacred_core.exceptions import OptionError
from sacred_core.plurals import counted
from sacred_sweep.distributions import decode_distribution, encode_space
from sacred_sweep.filling import queue_next
from sacred_sweep.identity import derive_seed, point_digest
from sacred_sweep.planning import SweepPlan
from sacred_sweep.sampled_sweeps import SampledPoint, optimized_field, read_sweep
from sacred_sweep.sampling import SamplingPlan, create_sampler, encode_plan
from sacred_sweep.settings import SweepSettings
from sacred_sweep.spec import SweepSpec, choices


def queue_first(plan: SweepPlan) -> int:
    """Queue the first point of a sampled sweep; workers queue the others.

    If the sweep was started before, and this call asks for more points, the next one is queued, so
    that the workers know of them.

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
        return queue_next(plan.store, attrs.evolve(known, point=point))
    for replica in range(point.seeds):
        plan.queue(
            point.values,
            _record(plan.command, point, replica),
            "trial",
            0,
            replica,
            replica=replica,
        )
    return point.seeds


def first_point(spec: SweepSpec, settings: SweepSettings, uid: str) -> SampledPoint:
    """Return the first point of a sampled sweep, which has all that the others repeat.

    Args:
        spec: What is to be swept.
        settings: Of the sweep.
        uid: Of the sweep.

    Raises:
        OptionError: the sampler cannot be used, or ``--optimize`` is not a field of runs.
        UpdateError: entries get their values together.
    """
    space = choices(spec)
    if not space:
        raise OptionError(
            f"--sampler {settings.sampler}: nothing is swept: write ENTRY=uniform(LOW, HIGH) or "
            "ENTRY=[VALUE, VALUE] after 'with'"
        )
    optimized_field(settings.optimize)
    name, _, argument = settings.sampler.partition(":")
    sampling = SamplingPlan(
        argument=argument,
        space=encode_space(space),
        is_minimized=settings.direction != "max",
        seed=derive_seed(uid),
        trials=settings.trials or 1,
    )
    return SampledPoint(
        uid=uid,
        trial=0,
        replica=0,
        values=create_sampler(name, sampling).ask(0, []),
        sampler=settings.sampler,
        plan=sampling,
        optimize=settings.optimize,
        seeds=settings.seeds,
    )


def _record(command: str, point: SampledPoint, replica: int) -> Mapping[str, Any]:
    """Return what a run records of its point."""
    return {
        "point": point_digest(command, dict(point.values)),
        "values": dict(point.values),
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
