"""The documented names of what scripts use beside the experiment."""

from sacred_core.exceptions import (
    CircularDependencyError,
    ConfigAddedError,
    SacredError,
    SacredInterrupt,
    TimeoutInterrupt,
)
from sacred_core.run.output.filters import apply_backspaces_and_linefeeds

__all__ = [
    "CircularDependencyError",
    "ConfigAddedError",
    "SacredError",
    "SacredInterrupt",
    "TimeoutInterrupt",
    "apply_backspaces_and_linefeeds",
]
