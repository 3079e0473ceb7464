"""The hooks of the plugin."""

from collections.abc import Iterable

from sacred_sweep import SamplerSpec

from sacred_core import hookimpl


@hookimpl(optionalhook=True)
def sacred_samplers() -> Iterable[SamplerSpec]:
    """Offer ``optuna``."""
    yield SamplerSpec("optuna", "sacred_optuna.sampler:OptunaSampler", "a sampler of Optuna")
