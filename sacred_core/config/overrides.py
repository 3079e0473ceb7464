"""Values that are fixed from outside, whatever a scope or a dictionary says."""

import copy
from typing import Any

from sacred_core.config.values import is_plain


class Overrides:
    """A tree of fixed values, and a note of what each would have been.

    Attributes:
        values: The fixed values, as nested dictionaries.
        originals: For each dotted path that was given another value, the last such value.
        added: Dotted paths of fixed values that nothing else defined so far.
    """

    def __init__(self, values: dict[str, Any] | None = None) -> None:
        self.values = values or {}
        self.originals: dict[str, Any] = {}
        self.added: set[str] = set()

    def fix(self, name: str, value: Any) -> Any:
        """Return what the entry ``name``, which was to be ``value``, is to be.

        A dictionary keeps its other entries, and stays the same object.
        """
        return self._fixed(self.values[name], value, name) if name in self.values else value

    def applied_to(self, entries: dict[str, Any]) -> dict[str, Any]:
        """Return ``entries`` with all fixed values, also those for which it has no entry."""
        for name, fixed in self.values.items():
            if name in entries:
                entries[name] = self._fixed(fixed, entries[name], name)
            else:
                entries[name] = self._new(fixed, name)
        return entries

    def _new(self, fixed: Any, path: str) -> Any:
        self.added.add(path)
        return copy.deepcopy(fixed)

    def _fixed(self, fixed: Any, value: Any, path: str) -> Any:
        if isinstance(fixed, dict) and isinstance(value, dict):
            for key, inner in fixed.items():
                if key in value:
                    value[key] = self._fixed(inner, value[key], f"{path}.{key}")
                else:
                    value[key] = self._new(inner, f"{path}.{key}")
            return value
        if path in self.added and _is_same(value, fixed):
            return copy.deepcopy(fixed)  # our own, met again
        self.added.discard(path)
        if not _is_same(value, fixed):
            self.originals[path] = value
        return copy.deepcopy(fixed)


def _is_same(value: Any, fixed: Any) -> bool:
    """Compare plain data; anything else, whose ``==`` may mean anything, differs."""
    return type(value) is type(fixed) and is_plain(value) and bool(value == fixed)
