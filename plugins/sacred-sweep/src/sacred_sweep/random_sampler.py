"""The sampler ``random``: values of each distribution that do not depend on earlier points."""

from collections.abc import Mapping, Sequence
from typing import Any

from sacred_core.exceptions import OptionError
from sacred_sweep.distributions import decode_distribution, draw_values, seeded_generator
from sacred_sweep.sampling import SamplingPlan, Trial


class RandomSampler:
    """Draws the values of a point from its number and the seed of the plan.

    Args:
        plan: Of the sweep.

    Raises:
        OptionError: the argument of the plan is not ``seed=NUMBER``.
        UpdateError: a distribution is unknown.
    """

    prunes = False

    def __init__(self, plan: SamplingPlan) -> None:
        name, _, seed = plan.argument.partition("=")
        if plan.argument and (name != "seed" or not seed.isdecimal()):
            raise OptionError(f"--sampler random: expected seed=NUMBER, got {plan.argument!r}")
        self._seed = int(seed) if seed else plan.seed
        self._space = {path: decode_distribution(own) for path, own in plan.space.items()}

    def ask(self, number: int, trials: Sequence[Trial]) -> Mapping[str, Any]:
        """Return the values of a point."""
        del trials
        return draw_values(self._space, seeded_generator(self._seed, number))

    def should_stop(self, number: int, trials: Sequence[Trial]) -> bool:
        """Return False: it does not prune."""
        del number, trials
        return False
