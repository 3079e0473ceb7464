"""What a configuration may hold: plain data."""

from collections.abc import Mapping
from typing import Any

from sacred_core.serialization import plain

_SCALARS = (type(None), bool, int, float, str)


def normalized(value: Any) -> Any:
    """Return ``value`` as configuration stores it, wherever it can be plain data.

    Tuples become lists, numpy arrays and scalars lists and numbers; what is no plain data, or
    holds such, comes back as it is.
    """
    if type(value) in _SCALARS:
        return value
    if isinstance(value, Mapping):
        return _collected(value, {key: normalized(item) for key, item in value.items()})
    if isinstance(value, (list, tuple)):
        return _collected(value, [normalized(item) for item in value])
    if type(value).__module__ == "numpy" or isinstance(value, _SCALARS[2:]):
        return plain(value)
    return value


def is_plain(value: Any) -> bool:
    """Tell whether ``value`` is plain data all through."""
    if isinstance(value, dict):
        return all(is_plain(item) for item in value.values())
    if isinstance(value, list):
        return all(is_plain(item) for item in value)
    return type(value) in _SCALARS


def _collected(original: Any, converted: Any) -> Any:
    if not is_plain(converted):
        return original
    return converted
