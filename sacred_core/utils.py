"""The documented names of what scripts use beside the experiment."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sacred_core.dotted_path import (
    convert_to_nested_dict,
    get_by_dotted_path,
    is_prefix,
    iter_prefixes,
    iterate_flattened,
    join_paths,
    recursive_update,
    set_by_dotted_path,
)
from sacred_core.exceptions import (
    CircularDependencyError,
    ConfigAddedError,
    ConfigError,
    InvalidConfigError,
    MissingConfigError,
    NamedConfigNotFoundError,
    SacredError,
    SacredInterrupt,
    TimeoutInterrupt,
)

if TYPE_CHECKING:
    from sacred_core.run.output.filters import apply_backspaces_and_linefeeds

__all__ = [
    "CircularDependencyError",
    "ConfigAddedError",
    "ConfigError",
    "InvalidConfigError",
    "MissingConfigError",
    "NamedConfigNotFoundError",
    "PathType",
    "SacredError",
    "SacredInterrupt",
    "TimeoutInterrupt",
    "apply_backspaces_and_linefeeds",
    "convert_to_nested_dict",
    "get_by_dotted_path",
    "is_prefix",
    "iter_prefixes",
    "iterate_flattened",
    "join_paths",
    "recursive_update",
    "set_by_dotted_path",
]

#: A file name, as the functions of this package take it.
PathType = str | bytes | Path


def __getattr__(name: str) -> Any:
    """Import the filter when it is first used: most scripts need an exception only."""
    if name != "apply_backspaces_and_linefeeds":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from sacred_core.run.output.filters import apply_backspaces_and_linefeeds

    return apply_backspaces_and_linefeeds
