"""Runs a recorded run again, and reports whether it gives the same.

Names are imported when they are used.
"""

from typing import TYPE_CHECKING

from sacred_core.importing import lazy_attributes

if TYPE_CHECKING:
    from sacred_core.rerun.records import Departure, Rerun
    from sacred_core.rerun.running import rerun

_MODULES = {"Departure": "records", "Rerun": "records", "rerun": "running"}
__all__ = ["Departure", "Rerun", "rerun"]

__getattr__ = lazy_attributes(__name__, _MODULES)
