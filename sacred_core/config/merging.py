"""How the configurations of one ingredient come together: dictionaries are merged."""

from collections.abc import Mapping
from typing import Any

from sacred_core.config.paths import joined, merge
from sacred_core.config.summary import ConfigSummary
from sacred_core.config.tree import Configuration, Contribution
from sacred_core.serialization import leaves


def with_contribution(entries: dict[str, Any], contribution: Contribution) -> dict[str, Any]:
    """Return ``entries`` with what a scope, dictionary or file adds."""
    return entries | {
        name: merge(entries[name], value) if _is_merged(name, contribution, entries) else value
        for name, value in contribution.entries.items()
    }


def note_contribution(
    summary: ConfigSummary,
    path: str,
    configuration: Configuration,
    contribution: Contribution,
    entries: Mapping[str, Any],
) -> None:
    """Note origins and comments of what a configuration adds to the ``entries`` at ``path``."""
    docs = configuration.docs
    for name, value in contribution.entries.items():
        full, old = joined(path, str(name)), entries.get(name)
        if _is_merged(name, contribution, entries):
            paths = [joined(full, inner) for inner, _ in leaves(value)]
        else:
            paths = [full]
            for inner, _ in leaves(old) if isinstance(old, dict) else ():
                summary.origins.pop(joined(full, inner), None)
        summary.typechanged |= _replaced_dictionaries(old, value, full)
        summary.origins |= dict.fromkeys(paths, configuration.origin)
        if docs.get(name):
            summary.docs[full] = docs[name]
    if docs.get(""):
        texts = [*filter(None, [summary.scope_docs.get(path)]), docs[""]]
        summary.scope_docs[path] = "\n".join(texts)


def _is_merged(name: str, contribution: Contribution, entries: Mapping[str, Any]) -> bool:
    """Return whether an entry is merged with that of ``entries``, instead of replacing it."""
    both = isinstance(contribution.entries[name], dict) and isinstance(entries.get(name), dict)
    return both and name not in contribution.replacing


def _replaced_dictionaries(old: Any, new: Any, path: str) -> dict[str, tuple[type, type]]:
    """Return old and new type, by path, of values that replace a dictionary or the reverse."""
    if isinstance(old, dict) and isinstance(new, dict):
        pairs = ((old[key], new[key], f"{path}.{key}") for key in new if key in old)
        return {p: types for pair in pairs for p, types in _replaced_dictionaries(*pair).items()}
    if old is None or new is None or isinstance(old, dict) == isinstance(new, dict):
        return {}
    return {path: (type(old), type(new))}
