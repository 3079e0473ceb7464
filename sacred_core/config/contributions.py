"""What each scope, dictionary and file adds to a configuration, and what is noted of it."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import attrs

from sacred_core.config.entries import normalize
from sacred_core.config.paths import merge
from sacred_core.config.request import Overrides
from sacred_core.dotted_path import DottedPath
from sacred_core.serialization import leaves


@attrs.frozen
class Origin:
    """Where a value came from.

    Attributes:
        layer: Like ``"update"``, ``"named config"``, ``"scope"``, ``"dictionary"``, ``"seed"``.
        name: Of the scope, hook or named configuration.
        file: Where that is defined, or the file that holds the value.
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


def origins_of(values: Mapping[str, Any], origin: Origin) -> dict[DottedPath, Origin]:
    """Return ``origin`` for the path of each of the ``values``."""
    return {path: origin for path, _ in leaves(values)}


@attrs.define
class ConfigSummary:
    """What differs from the defaults. Paths are dotted.

    Attributes:
        modified: Entries that have another value than they would have had.
        added: Entries that the configuration does not define.
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

    def note_change(self, path: DottedPath, old: Any, new: Any) -> None:
        """Note that ``path``, which would have been ``old``, is ``new``."""
        old = normalize(old)
        self.modified.add(str(path))
        if _type_changed(old, new):
            self.typechanged[str(path)] = (type(old), type(new))


def _type_changed(old: Any, new: Any) -> bool:
    """None may become anything, but nothing None; integers and floats replace each other."""
    if old is None or type(old) is type(new):
        return False
    return not {type(old), type(new)} <= {int, float}


@attrs.frozen
class Contribution:
    """What one scope, dictionary or file adds.

    Attributes:
        entries: What is recorded, by name: plain data, and other objects as they are.
        extras: What functions may take by name but is not recorded: private names, modules, and
            what a scope defines with ``def`` or ``class``.
        replacing: Names of ``entries`` that replace what other configurations set. All other
            dictionaries are merged with it.
    """

    entries: dict[str, Any]
    extras: dict[str, Any] = attrs.field(factory=dict)
    replacing: frozenset[str] = frozenset()


class Configuration(Protocol):
    """A scope or a dictionary."""

    @property
    def origin(self) -> Origin:
        """Where its entries come from."""

    @property
    def docs(self) -> Mapping[str, str]:
        """Comments on its entries; under ``""`` its own description."""

    @property
    def parameters(self) -> Sequence[str]:
        """Names that it takes from elsewhere."""

    def evaluate(self, overrides: Overrides, available: dict[str, Any]) -> Contribution:
        """Return what it adds with the entries in ``overrides`` fixed."""


def with_contribution(entries: dict[str, Any], contribution: Contribution) -> dict[str, Any]:
    """Return ``entries`` with what a scope, dictionary or file adds."""
    return entries | {
        name: merge(entries[name], value) if _is_merged(name, contribution, entries) else value
        for name, value in contribution.entries.items()
    }


def note_contribution(
    summary: ConfigSummary,
    path: DottedPath,
    configuration: Configuration,
    contribution: Contribution,
    entries: Mapping[str, Any],
) -> None:
    """Note origins and comments of what a configuration adds to the ``entries`` at ``path``."""
    docs = configuration.docs
    for name, value in contribution.entries.items():
        full, old = path.below(name), entries.get(name)
        if _is_merged(name, contribution, entries):
            paths = [inner for inner, _ in leaves(value, full)]
        else:
            paths = [full]
            for inner, _ in leaves(old, full) if isinstance(old, dict) else ():
                summary.origins.pop(str(inner), None)
        summary.typechanged |= _replaced_dictionaries(old, value, full)
        summary.origins |= dict.fromkeys(map(str, paths), configuration.origin)
        if docs.get(name):
            summary.docs[str(full)] = docs[name]
    if docs.get(""):
        texts = [*filter(None, [summary.scope_docs.get(str(path))]), docs[""]]
        summary.scope_docs[str(path)] = "\n".join(texts)


def _is_merged(name: str, contribution: Contribution, entries: Mapping[str, Any]) -> bool:
    """Return whether an entry is merged with that of ``entries``, instead of replacing it."""
    both = isinstance(contribution.entries[name], dict) and isinstance(entries.get(name), dict)
    return both and name not in contribution.replacing


def _replaced_dictionaries(old: Any, new: Any, path: DottedPath) -> dict[str, tuple[type, type]]:
    """Return old and new type, by path, of values that replace a dictionary or the reverse."""
    if isinstance(old, dict) and isinstance(new, dict):
        pairs = ((old[key], new[key], path.below(key)) for key in new if key in old)
        return {p: types for pair in pairs for p, types in _replaced_dictionaries(*pair).items()}
    if old is None or new is None or isinstance(old, dict) == isinstance(new, dict):
        return {}
    return {str(path): (type(old), type(new))}
