"""The documented names of what scripts use beside the experiment."""

from sacred_core.exceptions import (
    CircularDependencyError,
    ConfigAddedError,
    SacredError,
    SacredInterrupt,
    TimeoutInterrupt,
)

__all__ = [
    "CircularDependencyError",
    "ConfigAddedError",
    "SacredError",
    "SacredInterrupt",
    "TimeoutInterrupt",
]
