"""How a configuration came about: what the updates changed, and what is documented."""

from collections.abc import Mapping
from typing import Any

import attrs

from sacred_core.config.values import normalized
from sacred_core.serialization import leaves


@attrs.frozen
class Origin:
    """Where a value came from.

    Attributes:
        layer: Like ``"update"``, ``"named config"``, ``"scope"``, ``"dictionary"``, ``"seed"``.
        name: Of the scope, hook or named configuration.
        file: Where that stands, or the file that holds the value.
        line: Of ``file``, from 1.
    """

    layer: str
    name: str = ""
    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        named = f"{self.layer} {self.name}" if self.name else self.layer
        return f"{named} ({place})" if place else named


def origins_of(values: Mapping[str, Any], origin: Origin) -> dict[str, Origin]:
    """Return ``origin`` for the dotted path of each of the ``values``."""
    return {path: origin for path, _ in leaves(dict(values))}


@attrs.define
class ConfigSummary:
    """What differs from the defaults. Paths are dotted.

    Attributes:
        modified: Entries that have another value than they would have had.
        added: Entries that the configuration knows nothing of.
        typechanged: For each entry whose type changed, the old and the new one.
        docs: Comments of entries.
        scope_docs: Docstrings of scopes, by the path of the ingredient that they belong to.
        origins: Where the value of each entry came from.
    """

    modified: set[str] = attrs.field(factory=set)
    added: set[str] = attrs.field(factory=set)
    typechanged: dict[str, tuple[type, type]] = attrs.field(factory=dict)
    docs: dict[str, str] = attrs.field(factory=dict)
    scope_docs: dict[str, str] = attrs.field(factory=dict)
    origins: dict[str, Origin] = attrs.field(factory=dict)

    def note_change(self, path: str, old: Any, new: Any) -> None:
        """Note that ``path``, which would have been ``old``, is ``new``."""
        old = normalized(old)
        self.modified.add(path)
        if _type_changed(old, new):
            self.typechanged[path] = (type(old), type(new))


def _type_changed(old: Any, new: Any) -> bool:
    """None may become anything, but nothing None; integers and floats replace each other."""
    if old is None or type(old) is type(new):
        return False
    return not {type(old), type(new)} <= {int, float}
