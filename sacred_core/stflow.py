"""The documented module of `LogFileWriter`, which a plugin offers."""

from typing import Any


def __getattr__(name: str) -> Any:
    """Import a name that a plugin offers here.

    Raises:
        ImportError: the name is that of an official plugin which is not installed or broken.
        AttributeError: no plugin offers the name.
    """
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from sacred_core.hooks.lookup import find_export

    return find_export(__name__, name)
