"""Updates of a configuration, as a call gives them."""

from collections.abc import Mapping
from typing import Any

from sacred_core.config.overrides import PathDict
from sacred_core.config.values import normalized
from sacred_core.exceptions import ConfigPathError


def nested(updates: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``updates`` as one tree; dotted keys reach into what is there.

    Of ``{"a.b": 1, "a": {"b": 2}}`` the longer path applies, whatever the order is.

    Raises:
        ConfigPathError: a path goes through a value that another update sets.
        ConfigValueError: a value contains itself.
    """
    tree: dict[str, Any] = {}
    for key, value in sorted(updates.items(), key=_depth):
        value = normalized(value)
        if isinstance(key, str):
            _set(tree, key.split("."), value, key)
        else:
            tree[key] = value
    return tree


def _depth(update: tuple[Any, Any]) -> int:
    return str(update[0]).count(".")


def _set(tree: dict[str, Any], keys: list[str], value: Any, path: str) -> None:
    *parents, last = keys
    for key in parents:
        inner = tree.setdefault(key, PathDict())
        if not isinstance(inner, dict):
            raise ConfigPathError(
                f"the update of {path!r} reaches into {key!r}, which another update sets to "
                f"{inner!r}"
            )
        tree = inner
    old = tree.get(last)
    if isinstance(old, dict) and isinstance(value, dict):
        value = {**old, **value}
    tree[last] = value
