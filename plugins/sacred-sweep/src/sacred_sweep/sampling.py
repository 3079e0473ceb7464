"""What a sampler gets, and what it answers."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import attrs

from sacred_core.shared_methods import ValueMethods


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
    """Chooses points. It keeps nothing between calls: all it uses is in its arguments."""

    def ask(self, number: int, trials: Sequence[Trial]) -> Mapping[str, Any]:
        """Return the values of a new point.

        Args:
            number: Of the new point.
            trials: All others, running ones as well.
        """

    def should_stop(self, number: int, trials: Sequence[Trial]) -> bool:
        """Return whether a running point, one of ``trials``, should end early."""
