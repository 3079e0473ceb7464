"""Paths and keys of nested dictionaries."""

from collections.abc import Iterable, Iterator
from typing import Any

from sacred_core.serialization.conversion import plain
from sacred_core.serialization.keys import key_string


def leaves(tree: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the dotted path and the value of everything in ``tree`` that is not a dictionary.

    An empty dictionary is a value.
    """
    for key, value in tree.items():
        path = f"{prefix}.{key}" if prefix else str(key)
        if isinstance(value, dict) and value:
            yield from leaves(value, path)
        else:
            yield path, value


def key_clash(keys: Iterable[Any]) -> tuple[Any, Any] | None:
    """Return the first two of the distinct ``keys`` that are the same string when stored."""
    found: dict[str, Any] = {}
    for key in keys:
        string = key_string(key, plain)
        if string in found:
            return found[string], key
        found[string] = key
    return None
