"""Dotted paths into nested dictionaries."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

#: A part of a path that may be an index. Python converts 4,300 digits at most, and no list has more
#: items than 18 digits can count.
_INTEGER = re.compile(r"-?[0-9]{1,18}")


def is_inside(path: str, other: str) -> bool:
    """Tell whether ``path`` is ``other`` or below it."""
    return path == other or path.startswith(other + ".")


def joined(path: str, name: Any) -> str:
    """Return the path of ``name`` below ``path``; either may be empty."""
    name = str(name)
    return f"{path}.{name}" if path and name else path or name


def known_key(key: Any, tree: Mapping[Any, Any]) -> Any:
    """Return the key of ``tree`` that ``key``, a part of a path, means: it may be an integer."""
    if key not in tree and isinstance(key, str) and _INTEGER.fullmatch(key):
        return int(key)
    return key


def at(tree: Any, path: str) -> Any:
    """Return what is at the dotted ``path``; an empty dictionary if there is nothing."""
    for key in path.split(".") if path else ():
        if isinstance(tree, Mapping):
            tree = tree.get(known_key(key, tree), {})
        elif (index := index_in(key, tree)) is not None:
            tree = tree[index]
        else:
            return {}
    return tree


def index_in(key: str, items: Any) -> int | None:
    """Return the index that ``key``, a part of a path, means; None if it is not one of a list."""
    if not isinstance(items, list) or not _INTEGER.fullmatch(key):
        return None
    return int(key) if -len(items) <= int(key) < len(items) else None


def reach(tree: dict[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    """Return the dictionary below ``keys``; make those that are missing."""
    for key in keys:
        tree = tree.setdefault(key, {})
    return tree


def placed(entries: dict[str, Any], path: str) -> dict[str, Any]:
    """Return a tree that holds ``entries`` at ``path`` and nothing else."""
    for key in reversed(path.split(".") if path else []):
        entries = {key: entries}
    return entries


def put(config: dict[str, Any], path: str, entries: dict[str, Any]) -> None:
    """Add ``entries`` to what is at ``path``, at every depth."""
    target = reach(config, path.split(".") if path else ())
    target.update(merge(target, entries))


def merge(lower: Any, upper: Any) -> Any:
    """Return what two configurations give one entry: dictionaries are merged at every depth.

    Anything else of ``upper`` replaces ``lower``. Neither is changed.
    """
    if not isinstance(lower, dict) or not isinstance(upper, dict):
        return upper
    both = {key: merge(lower[key], upper[key]) for key in upper if key in lower}
    return {**lower, **upper, **both}


def first_value(tree: Mapping[str, Any], keys: Sequence[str]) -> list[str]:
    """Return the way down ``keys`` to the first value that is not a dictionary.

    It is all of ``keys`` if there are only dictionaries, and empty if one of them is missing.
    """
    for count, key in enumerate(keys, 1):
        if key not in tree:
            return []
        if not isinstance(tree[key], dict):
            return list(keys[:count])
        tree = tree[key]
    return list(keys)


def without(values: dict[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    """Return ``values`` without what is below ``keys``; dictionaries keep their types."""
    if keys[0] not in values:
        return values
    rest = {name: value for name, value in values.items() if name != keys[0]}
    inner = values[keys[0]]
    if len(keys) > 1 and isinstance(inner, dict):
        kept = without(inner, keys[1:])
        if kept:
            rest[keys[0]] = type(inner)(kept)
    return type(values)(rest)


def remove(tree: dict[str, Any], keys: Sequence[str]) -> None:
    """Remove what is below ``keys``, and the dictionaries that are empty then."""
    key = known_key(keys[0], tree)
    inner = tree.get(key)
    if len(keys) > 1 and isinstance(inner, dict):
        remove(inner, keys[1:])
    if len(keys) == 1 or (isinstance(inner, dict) and not inner):
        tree.pop(key, None)


def restore(entries: dict[str, Any], originals: Mapping[str, Any]) -> None:
    """Put back what the fixed values of a higher layer took the place of.

    That layer comes on top again, but a layer between the two must see what this one said.
    """
    for path, original in originals.items():
        parent, _, last = path.rpartition(".")
        holder = at(entries, parent)
        if isinstance(holder, list):
            holder[int(last)] = original
        elif isinstance(holder, dict):
            holder[known_key(last, holder)] = original
