"""The first point of a sampled sweep: it shows whether the sampler can be used."""

from sacred_core.exceptions import OptionError
from sacred_sweep.distributions import encode_space
from sacred_sweep.identity import derive_seed
from sacred_sweep.sampled_sweeps import SampledPoint, optimized_field
from sacred_sweep.sampling import SamplingPlan, create_sampler
from sacred_sweep.settings import SweepSettings
from sacred_sweep.spec import SweepSpec, choices


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
