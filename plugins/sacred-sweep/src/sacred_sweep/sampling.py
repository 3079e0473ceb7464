"""Samplers: what they get, what they return, and how they are found by name."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import attrs

from sacred_core.exceptions import OptionError
from sacred_core.hooks.manager import plugin_manager
from sacred_core.hooks.targets import resolve_target
from sacred_core.shared_methods import ValueMethods
from sacred_sweep.records import SamplerSpec


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Trial(ValueMethods):
    """A point of a sampled sweep, with what its runs recorded so far.

    Attributes:
        number: Counted from 0, in the order in which the points were queued.
        values: The values of the swept entries, by dotted path.
        status: ``"running"`` (also queued), ``"complete"``, ``"failed"`` or ``"pruned"``.
        value: What is optimized, averaged over the seeds of the point; None if it is not known.
        points: The values of the metric by step, averaged over the seeds, for pruning.
    """

    number: int
    values: Mapping[str, Any]
    status: str
    value: float | None = None
    points: Mapping[int, float] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SamplingPlan(ValueMethods):
    """What a sampler needs to know of a sweep; it is stored with each of its runs.

    Attributes:
        argument: What follows the colon in ``--sampler NAME:ARGUMENT``, such as ``"tpe"``.
        space: By dotted path the distribution of each swept entry, as plain data, see
            `sacred_sweep.distributions`.
        is_minimized: The lowest value is the best; otherwise the highest.
        seed: Of the sampler.
        trials: The number of points.
    """

    argument: str
    space: Mapping[str, Mapping[str, Any]]
    is_minimized: bool
    seed: int
    trials: int


class Sampler(Protocol):
    """Chooses points. It stores nothing between calls: all it uses is in its arguments.

    Attributes:
        prunes: Whether `should_stop` may return True; otherwise nothing is read for it.
    """

    prunes: bool

    def ask(self, number: int, trials: Sequence[Trial]) -> Mapping[str, Any]:
        """Return the values of a new point.

        Args:
            number: Of the new point.
            trials: All others, running ones as well, by number. Of pruned ones `Trial.points` has
                the last point.

        Raises:
            OptionError: the space, or a value of a trial in it, cannot be used.
        """

    def should_stop(self, number: int, trials: Sequence[Trial]) -> bool:
        """Return whether a running point, one of ``trials``, should end early.

        Args:
            number: Of this point.
            trials: All points, with their `Trial.points`, by number.
        """


def create_sampler(name: str, plan: SamplingPlan) -> Sampler:
    """Return the sampler of a plan.

    Args:
        name: Of the `SamplerSpec`.
        plan: With the rest of the argument of ``--sampler``.

    Raises:
        OptionError: no installed plugin offers it, or it cannot use the plan.
        PluginLoadError: it cannot be imported.
    """
    offered = plugin_manager().collect("sacred_samplers", SamplerSpec)
    found = next((spec for spec in offered if spec.name == name), None)
    if found is None:
        known = ", ".join(sorted(spec.name for spec in offered))
        hint = "install it with: pip install sacred-optuna" if name == "optuna" else f"use {known}"
        raise OptionError(f"--sampler: unknown sampler {name!r}: {hint}")
    sampler: Sampler = resolve_target(found.target)(plan)
    return sampler


def encode_plan(plan: SamplingPlan) -> dict[str, Any]:
    """Return a plan as plain data."""
    return {
        "argument": plan.argument,
        "space": {path: dict(own) for path, own in plan.space.items()},
        "is_minimized": plan.is_minimized,
        "seed": plan.seed,
        "trials": plan.trials,
    }


def decode_plan(data: Any) -> SamplingPlan | None:
    """Return the plan that `encode_plan` described; None if the data describes none."""
    kinds = {"argument": str, "space": Mapping, "is_minimized": bool, "seed": int, "trials": int}
    is_sound = (
        isinstance(data, Mapping)
        and all(isinstance(data.get(name), kind) for name, kind in kinds.items())
        and all(isinstance(own, Mapping) for own in data["space"].values())
    )
    return SamplingPlan(**{name: data[name] for name in kinds}) if is_sound else None
