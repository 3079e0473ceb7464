"""Sweeps of sacred-core experiments.

Names are imported when they are used.
"""

from typing import TYPE_CHECKING

from sacred_core.importing import lazy_attributes

if TYPE_CHECKING:
    from sacred_sweep.distributions import (
        choice,
        lograndint,
        loguniform,
        normal,
        quniform,
        randint,
        uniform,
    )
    from sacred_sweep.records import LauncherSpec, SamplerSpec
    from sacred_sweep.sweep import Sweep

_MODULES = {
    "LauncherSpec": "records",
    "SamplerSpec": "records",
    "Sweep": "sweep",
    "choice": "distributions",
    "lograndint": "distributions",
    "loguniform": "distributions",
    "normal": "distributions",
    "quniform": "distributions",
    "randint": "distributions",
    "uniform": "distributions",
}
__all__ = [
    "LauncherSpec",
    "SamplerSpec",
    "Sweep",
    "choice",
    "lograndint",
    "loguniform",
    "normal",
    "quniform",
    "randint",
    "uniform",
]

__getattr__ = lazy_attributes(__name__, _MODULES)
