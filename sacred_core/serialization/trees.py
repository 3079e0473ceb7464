"""Paths and keys of nested dictionaries."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sacred_core.dotted_path import ROOT, DottedPath
from sacred_core.serialization.conversion import plain
from sacred_core.serialization.keys import key_string


def leaves(tree: Mapping[Any, Any], prefix: DottedPath = ROOT) -> Iterator[tuple[DottedPath, Any]]:
    """Yield the path and the value of everything in ``tree`` that is not a dictionary.

    An empty dictionary is a value.
    """
    for key, value in tree.items():
        path = prefix.below(key)
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


def is_same_data(first: Any, second: Any) -> bool:
    """Return whether two values of plain data are stored alike: 1, 1.0 and True are not."""
    if type(first) is not type(second):
        return False
    if isinstance(first, dict):
        return list(first) == list(second) and all(
            is_same_data(value, second[key]) for key, value in first.items()
        )
    if isinstance(first, list):
        return len(first) == len(second) and all(map(is_same_data, first, second))
    return bool(first == second)
