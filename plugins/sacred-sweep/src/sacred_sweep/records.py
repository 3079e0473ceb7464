"""What plugins offer to sweeps: launchers of workers, and samplers of points."""

import attrs

from sacred_core.hooks.targets import Target
from sacred_core.shared_methods import ValueMethods


@attrs.frozen(eq=False, repr=False)
class LauncherSpec(ValueMethods):
    """What starts workers somewhere.

    Attributes:
        name: Its name in ``--launch NAME:ARGUMENT``.
        target: Called as ``launch(request)`` with a `sacred_sweep.launching.LaunchRequest`; it
            starts the workers and returns, and may be called again later.
        help: One line about it, for lists.
    """

    name: str
    target: Target
    help: str = ""


@attrs.frozen(eq=False, repr=False)
class SamplerSpec(ValueMethods):
    """What chooses the points of a sweep from the results of earlier ones.

    Attributes:
        name: Its name in ``--sampler NAME:ARGUMENT``.
        target: Called as ``sampler(plan)`` with a `sacred_sweep.sampling.SamplingPlan`; returns a
            `sacred_sweep.sampling.Sampler`.
        help: One line about it, for lists.
    """

    name: str
    target: Target
    help: str = ""
