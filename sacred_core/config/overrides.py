"""Values that are fixed from outside, whatever a scope or a dictionary says."""

from collections.abc import Mapping
from typing import Any

from sacred_core.config.paths import known_key
from sacred_core.config.values import Spelled, is_same
from sacred_core.exceptions import ConfigPathError


class PathDict(dict[str, Any]):
    """Values given by dotted paths: it reaches into what is there and never replaces it."""


class Overrides:
    """A tree of fixed values, and a note of what each would have been.

    Args:
        values: The fixed values, as nested dictionaries.
        fills: Add what is fixed inside a dictionary and missing there; else only change what
            is there.

    Attributes:
        values: The fixed values, as nested dictionaries.
        originals: For each dotted path that was given another value, the last such value.
        added: Dotted paths of fixed values that nothing else defined so far.
    """

    def __init__(self, values: dict[str, Any] | None = None, fills: bool = True) -> None:
        self.values = values or {}
        self._fills = fills
        self.originals: dict[str, Any] = {}
        self.added: set[str] = set()

    def fix(self, name: str, value: Any) -> Any:
        """Return what the entry ``name``, which was to be ``value``, is to be.

        A dictionary keeps its other entries, and stays the same object.

        Raises:
            ConfigPathError: a path reaches into something that is no dictionary or list.
        """
        key = name if name in self.values else str(name)  # an update of 1 is a path: "1"
        return self._fixed(self.values[key], value, str(name)) if key in self.values else value

    def applied_to(self, entries: dict[str, Any]) -> dict[str, Any]:
        """Return ``entries`` with all fixed values, also those for which it has no entry."""
        for name, fixed in self.values.items():
            known = known_key(name, entries)
            if known in entries:
                entries[known] = self._fixed(fixed, entries[known], str(name))
            else:
                entries[name] = self._new(fixed, str(name))
        return entries

    def _new(self, fixed: Any, path: str) -> Any:
        if isinstance(fixed, PathDict):
            return {key: self._new(inner, f"{path}.{key}") for key, inner in fixed.items()}
        self.added.add(path)
        return plain_copy(fixed)

    def _fixed(self, fixed: Any, value: Any, path: str) -> Any:
        if isinstance(fixed, Spelled) and isinstance(value, str):
            fixed = fixed.text
        fixed = fixed.number if isinstance(fixed, Spelled) else fixed
        if isinstance(fixed, dict) and isinstance(value, dict):
            for key, inner in fixed.items():
                known = known_key(key, value)
                if known in value:
                    value[known] = self._fixed(inner, value[known], f"{path}.{key}")
                elif self._fills:
                    value[key] = self._new(inner, f"{path}.{key}")
            return value
        if isinstance(fixed, PathDict) and value is not None:
            return self._inside(fixed, value, path)
        if path in self.added and is_same(value, fixed):
            return plain_copy(fixed)  # our own, met again
        self.added.discard(path)
        if not is_same(value, fixed):
            self.originals[path] = value
        return plain_copy(fixed)

    def _inside(self, fixed: PathDict, value: Any, path: str) -> Any:
        """Set items of a list by their indices; anything else has nothing inside."""
        if not isinstance(value, (list, tuple)):
            inner = next(iter(fixed))
            raise ConfigPathError(
                f"{path}.{inner} cannot be set: {path!r} is {value!r}, which has no entries"
            )
        items = list(value)
        for key, inner in fixed.items():
            if not key.lstrip("-").isdecimal() or not -len(items) <= int(key) < len(items):
                raise ConfigPathError(
                    f"{path}.{key} cannot be set: {path!r} is a list of {len(items)}, whose items "
                    f"are 0 to {len(items) - 1}"
                )
            items[int(key)] = self._fixed(inner, items[int(key)], f"{path}.{key}")
        return items


def plain_copy(value: Any) -> Any:
    """Return a copy in which paths have become ordinary dictionaries, and spellings numbers."""
    if isinstance(value, dict):
        return {key: plain_copy(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain_copy(item) for item in value]
    if isinstance(value, Spelled):
        return value.number
    return value  # a scalar, or an object that is passed on as it is


def layered(lower: dict[str, Any], upper: dict[str, Any]) -> dict[str, Any]:
    """Return the fixed values of two layers; where both fix something, those of ``upper``."""
    result = dict(lower)
    for key, value in upper.items():
        old = result.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            both_paths = isinstance(old, PathDict) and isinstance(value, PathDict)
            result[key] = (PathDict if both_paths else dict)(layered(old, value))
        elif key in result:
            result[key] = Overrides({key: value}).fix(key, plain_copy(old))
        else:
            result[key] = value
    return result


def without_paths(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``values`` without what is given by paths, which is not a value of its own."""
    return {name: value for name, value in values.items() if not isinstance(value, PathDict)}
