"""Sweeps of sacred-core experiments.

Names are imported when they are used.
"""

from typing import TYPE_CHECKING

from sacred_core.importing import lazy_attributes

if TYPE_CHECKING:
    from sacred_sweep.records import LauncherSpec, SamplerSpec

_MODULES = {"LauncherSpec": "records", "SamplerSpec": "records"}
__all__ = ["LauncherSpec", "SamplerSpec"]

__getattr__ = lazy_attributes(__name__, _MODULES)
