"""The entries of each scope, dictionary and file, and the checks of changes."""

import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any, NamedTuple, Protocol

import attrs

from sacred_core.config.entries import is_readable, normalize, objects_in
from sacred_core.config.request import Overrides
from sacred_core.config.required import REQUIRED
from sacred_core.dotted_path import DottedPath, leaves, merge
from sacred_core.exceptions import ConfigAddedError
from sacred_core.shared_methods import StateMethods

_BOOLEAN_WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_NONE_WORDS = {"null", "none", "nil"}


class Origin(NamedTuple):
    """The origin of a value.

    Attributes:
        layer: Like ``"update"``, ``"named config"``, ``"scope"``, ``"dictionary"``, ``"seed"``.
        name: Of the scope, hook or named configuration.
        file: Where that is defined, or the file that contains the value.
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


@attrs.define(eq=False, repr=False)
class ConfigSummary(StateMethods):
    """Differences from the default configuration. Paths are dotted.

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
        """Record that the value at ``path`` changed from ``old`` to ``new``."""
        old = normalize(old)
        self.modified.add(str(path))
        if _type_changed(old, new):
            self.typechanged[str(path)] = (type(old), type(new))


def _type_changed(old: Any, new: Any) -> bool:
    """None may become anything, but nothing None; integers and floats replace each other."""
    if old is None or old is REQUIRED or type(old) is type(new):
        return False
    return not {type(old), type(new)} <= {int, float}


def origins_by_path(config: Mapping[str, Any], summary: ConfigSummary) -> dict[DottedPath, Origin]:
    """Return where each value comes from: its own origin, or that of the group that it is in."""
    origins = {}
    for path, _ in leaves(config):
        known = [str(prefix) for prefix in path.prefixes() if str(prefix) in summary.origins]
        if known:
            origins[path] = summary.origins[known[-1]]
    return origins


def recorded_origins(
    config: Mapping[str, Any], summary: ConfigSummary, update: str
) -> dict[str, list[str]]:
    """Return the paths of the entries of a configuration by the name of their origin.

    Args:
        config: The configuration.
        summary: Of it.
        update: The name of updates: where they were given.
    """
    found: dict[str, list[str]] = {}
    for path, origin in origins_by_path(config, summary).items():
        name = (
            update
            if origin.layer == "update"
            else " ".join(filter(None, (origin.layer, origin.name or PurePath(origin.file).name)))
        )
        found.setdefault(name, []).append(str(path))
    return found


class Contribution:
    """The entries of one scope, dictionary or file.

    Attributes:
        entries: What is recorded, by name: plain data, and other objects as they are.
        extras: What functions may take by name but is not recorded: private names, modules, and
            what a scope defines with ``def`` or ``class``.
        replacing: Names of ``entries`` that replace what other configurations set. All other
            dictionaries are merged with it.
    """

    def __init__(
        self,
        entries: dict[str, Any],
        extras: dict[str, Any] | None = None,
        replacing: frozenset[str] = frozenset(),
    ) -> None:
        self.entries = entries
        self.extras = {} if extras is None else extras
        self.replacing = replacing


class Configuration(Protocol):
    """A scope or a dictionary."""

    @property
    def origin(self) -> Origin:
        """The origin of its entries."""

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
    """Record origins and comments of entries that a configuration adds at ``path``."""
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


def check_added(summary: ConfigSummary, used: set[str], config: Mapping[str, Any]) -> None:
    """Check that functions use every entry that only updates and named configurations have.

    Of entries that a config hook adds, `warn_of_changes` warns.

    Args:
        summary: Names these entries, and where they come from.
        used: Paths of what captured functions take by name.
        config: The configuration.

    Raises:
        ConfigAddedError: nothing uses one of them; the message has its origin, if it is not an
            update, and the nearest known names.
    """
    used_paths = [DottedPath.parse(name) for name in used]
    for path in sorted(summary.added):
        if path in summary.origins and summary.origins[path].layer == "config hook":
            continue
        if not any(DottedPath.parse(path).overlaps(name) for name in used_paths):
            known = [*_known_paths(summary, config), *used]
            raise ConfigAddedError(
                f"unknown config entry {path!r}{_source(path, summary)}: not defined in the "
                f"configuration and not used by any captured function{_suggestion(path, known)}",
                path,
            )


def _known_paths(summary: ConfigSummary, config: Mapping[str, Any]) -> list[str]:
    """Return the paths of ``config`` without those that are added or inside such."""
    return [
        str(path)
        for path, _ in leaves(config)
        if not any(str(prefix) in summary.added for prefix in path.prefixes())
    ]


def _source(path: str, summary: ConfigSummary) -> str:
    entry = DottedPath.parse(path)
    origins = (
        origin
        for other, origin in summary.origins.items()
        if DottedPath.parse(other).is_inside(entry)
    )
    origin = next(origins, None)
    if origin is None or origin.layer == "update":
        return ""
    return f" in the file {origin.file!r}" if origin.file == origin.name else f" in the {origin}"


def warn_of_changes(summary: ConfigSummary, config: Mapping[str, Any], log: logging.Logger) -> None:
    """Warn of entries that were added or changed their type, so that typos are found."""
    known = _known_paths(summary, config)
    for path in sorted(summary.added):
        near = [name for name in known if name.rpartition(".")[0] == path.rpartition(".")[0]]
        log.warning('Added new config entry: "%s"%s', path, _suggestion(path, near))
    for path, (old, new) in sorted(summary.typechanged.items()):
        log.warning(
            'Changed type of config entry "%s" from %s to %s%s',
            path,
            old.__name__,
            new.__name__,
            _spelling(path, old, DottedPath.parse(path).find(config)),
        )


def warn_of_words(
    originals: Mapping[DottedPath, Any], config: Mapping[str, Any], log: logging.Logger
) -> None:
    """Warn if None was replaced by a string that looks like None."""
    for path, old in sorted(originals.items()):
        value = path.find(config)
        if old is None and isinstance(value, str) and value.lower() in _NONE_WORDS:
            log.warning(
                'The config entry "%s" is the string %r; write None as %s=None', path, value, path
            )


def warn_of_objects(config: Mapping[str, Any], is_queued: bool, log: logging.Logger) -> None:
    """Warn of each entry that cannot be recorded, or that a queued run cannot restore."""
    for path, value in objects_in(config):
        if not is_readable(value):
            log.warning(
                'The config entry "%s" is %r, which cannot be recorded: only this string is '
                "stored (start the name with an underscore if it is not configuration)",
                path,
                value,
            )
        elif is_queued:
            log.warning(
                'The config entry "%s" is a %s: a queued run stores only its readable '
                "form; set it again when you start the run",
                path,
                type(value).__name__,
            )


def _spelling(path: str, old: type, value: Any) -> str:
    word = value.lower() if isinstance(value, str) else ""
    if old is bool and word in _BOOLEAN_WORDS:
        return f": {value!r} is a string; write {path}={_BOOLEAN_WORDS[word]}"
    if word in _NONE_WORDS:
        return f": {value!r} is a string; write None as {path}=None"
    if old in (int, float) and isinstance(value, (list, tuple)):
        return ": a comma makes a list of a value"
    if old in (list, dict) and word.startswith(("[", "{", "(")):
        return f": {value!r} is a string, because it is not a Python literal"
    return ""


#: What users write in place of the dots of a path: ``a:b``, ``a/b``, ``a[b]``, ``a__b``, ``a-b``.
_SEPARATORS = re.compile(r"\]?[\[:/\\-]|\]|__")


def _suggestion(path: str, known: list[str]) -> str:
    """Name the nearest names: whole paths, and those that share the parent or the last part.

    A path that is correct apart from its separators or the case of letters, or begins with
    ``config.`` as in a query, is certain.
    """
    by_lower = {name.lower(): name for name in known}
    for certain in (
        _SEPARATORS.sub(".", path).strip("."),
        path.removeprefix("config."),
        by_lower.get(path.lower(), path),
    ):
        parent, _, item = certain.rpartition(".")
        if certain != path and (certain in known or (item.isdigit() and parent in known)):
            return f": did you mean {certain!r}?"
    last = path.rpartition(".")[2]
    by_last = {name.rpartition(".")[2]: name for name in reversed(known)}
    import difflib  # only where something is wrong

    names = difflib.get_close_matches(path, known, 3)
    names += [by_last[near] for near in difflib.get_close_matches(last, by_last, 2)]
    unique = list(dict.fromkeys(names))[:3]
    return f": did you mean {' or '.join(map(repr, unique))}?" if unique else ""
