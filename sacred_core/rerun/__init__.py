"""Runs a recorded run again, and reports whether it gives the same.

Names are imported when they are used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sacred_core.rerun.records import Departure, Rerun
    from sacred_core.rerun.running import rerun

_MODULES = {"Departure": "records", "Rerun": "records", "rerun": "running"}
__all__ = ["Departure", "Rerun", "rerun"]


def __getattr__(name: str) -> Any:
    """Import the module that a name comes from."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
