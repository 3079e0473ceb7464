"""The hooks of the plugin."""

from collections.abc import Iterable

import sacred_sweep

from sacred_core import hookimpl


@hookimpl(optionalhook=True)
def sacred_samplers() -> "Iterable[sacred_sweep.SamplerSpec]":
    """Offer ``optuna``."""
    yield sacred_sweep.SamplerSpec(
        "optuna", "sacred_optuna.sampler:OptunaSampler", "a sampler of Optuna"
    )
