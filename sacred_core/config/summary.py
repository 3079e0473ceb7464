"""How a configuration came about: what the updates changed, and what is documented."""

from collections.abc import Iterator
from typing import Any

import attrs

from sacred_core.config.values import normalized

#: Where a value came from: the layer and, if it has one, the name.
Origin = str


@attrs.define
class ConfigSummary:
    """What differs from the defaults. Paths are dotted.

    Attributes:
        modified: Entries that have another value than they would have had.
        added: Entries that the configuration knows nothing of.
        typechanged: For each entry whose type changed, the old and the new one.
        docs: Comments of entries; under ``""`` the docstring of the scopes.
        origins: Where the value of each entry came from.
    """

    modified: set[str] = attrs.field(factory=set)
    added: set[str] = attrs.field(factory=set)
    typechanged: dict[str, tuple[type, type]] = attrs.field(factory=dict)
    docs: dict[str, str] = attrs.field(factory=dict)
    origins: dict[str, Origin] = attrs.field(factory=dict)

    def note_change(self, path: str, old: Any, new: Any) -> None:
        """Note that ``path``, which would have been ``old``, is ``new``."""
        old = normalized(old)
        self.modified.add(path)
        if _type_changed(old, new):
            self.typechanged[path] = (type(old), type(new))


def _type_changed(old: Any, new: Any) -> bool:
    """None may become anything, and a whole number stand for a fraction."""
    if old is None or new is None or type(old) is type(new):
        return False
    return not (type(old) is float and type(new) is int)


def leaves(tree: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the dotted path and the value of everything in ``tree`` that is no dictionary."""
    for key, value in tree.items():
        path = f"{prefix}.{key}" if prefix else str(key)
        if isinstance(value, dict) and value:
            yield from leaves(value, path)
        else:
            yield path, value
