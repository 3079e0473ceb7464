"""Looking into nested dictionaries."""

from collections.abc import Iterator
from typing import Any


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
