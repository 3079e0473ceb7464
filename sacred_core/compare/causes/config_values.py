"""Entries of the configuration that differ: which functions received them, and their sources."""

import re
from collections.abc import Mapping
from typing import Any

import attrs

from sacred_core.compare.aspects.configuration import origin_of
from sacred_core.compare.causes.evidence import Evidence
from sacred_core.compare.code.scope_values import ScopeValues
from sacred_core.compare.records import MISSING, Difference
from sacred_core.dotted_path import DottedPath

ROOT_SEED = "seed"
#: The origin of seeds that were not given.
RANDOM = "seed"
#: Origins of values that the user gave to this run, without the names that follow.
_GIVEN = ("command line", "update", "named config")
_UPDATED = ", updated"
_SCOPE = re.compile(r"(?:scope|named config) (\S+)")
#: What Python prints for an object without a form of its own differs in each process.
_ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+")
#: Names by which code uses the seed.
_SEEDS = frozenset({"seed", "_seed", "_rnd"})


@attrs.define
class ConfigValue:
    """An entry of the configuration that differs.

    Attributes:
        difference: The two values.
        origins: Of both values.
        receivers: The functions that received it, those that received the whole last.
        position: Of the first of them, among all that received anything.
        sources: The entries that differ, and from which this one is computed.
    """

    difference: Difference
    origins: tuple[str | None, ...]
    receivers: list[str]
    position: int
    sources: list[str] = attrs.field(factory=list)

    @property
    def key(self) -> str:
        """Its dotted path."""
        return self.difference.key

    @property
    def path(self) -> DottedPath:
        """Its path."""
        return DottedPath.parse(self.key)

    @property
    def is_given(self) -> bool:
        """The user gave one of the values."""
        known = [origin or "" for origin in self.origins]
        return any(each.startswith(_GIVEN) or each.endswith(_UPDATED) for each in known)

    @property
    def scopes(self) -> list[str]:
        """The names of the config scopes that set both values; empty if one is not from a scope."""
        found = [_SCOPE.fullmatch(origin or "") for origin in self.origins]
        return [match[1].rpartition(".")[2] for match in found if match] if all(found) else []


def find_config_values(evidence: Evidence) -> list[ConfigValue]:
    """Return the entries that differ, without seeds that were not given."""
    seeds = [each for each in evidence.differences("seed") if not is_generated_seed(evidence, each)]
    found = [each for each in evidence.differences("config") if not is_address(each)]
    received = _received_entries(evidence)
    values = [_value(evidence, each, received) for each in (*found, *seeds)]
    if any(value.scopes for value in values):
        _find_sources(evidence, values)
    return values


def is_generated_seed(evidence: Evidence, difference: Difference) -> bool:
    """Return whether a seed is that of the run, or follows from it, as those of ingredients do."""
    origins = {*origins_of(evidence, difference)} - {None}
    return difference.key == ROOT_SEED or origins <= {RANDOM}


def origins_of(evidence: Evidence, difference: Difference) -> tuple[str | None, ...]:
    """Return the origins of the values of both runs."""
    sides = zip((difference.first, difference.second), evidence.sides, strict=True)
    return tuple(
        None if value is MISSING else origin_of(side.run, difference.key) for value, side in sides
    )


def is_address(difference: Difference) -> bool:
    """Return whether two values differ in the addresses of objects only."""
    first, second = difference.first, difference.second
    return first != second and bool(_without_addresses(first) == _without_addresses(second))


def _without_addresses(value: Any) -> Any:
    if isinstance(value, str):
        return _ADDRESS.sub("", value)
    if isinstance(value, list):
        return [*map(_without_addresses, value)]
    if isinstance(value, dict):
        return {key: _without_addresses(each) for key, each in value.items()}
    return value


def _received_entries(evidence: Evidence) -> dict[str, list[DottedPath]]:
    """Return the paths of the entries that each function received, by the order of the calls."""
    found: dict[str, dict[DottedPath, None]] = {}
    for side in evidence.sides:
        for call in side.run.captured:
            paths = map(DottedPath.parse, call.entries)
            found.setdefault(call.name, {}).update(dict.fromkeys(paths))
    return {name: [*paths] for name, paths in found.items() if paths}


def _value(
    evidence: Evidence, difference: Difference, received: Mapping[str, list[DottedPath]]
) -> ConfigValue:
    path = DottedPath.parse(difference.key)
    by_name = {
        name: max(len(each) for each in paths if each.overlaps(path))
        for name, paths in received.items()
        if any(each.overlaps(path) for each in paths)
    }
    receivers = sorted(by_name, key=lambda name: not by_name[name])
    position = [*received].index(receivers[0]) if receivers else len(received)
    return ConfigValue(difference, origins_of(evidence, difference), receivers, position)


def _find_sources(evidence: Evidence, values: list[ConfigValue]) -> None:
    """Set from which other entries that differ each value was computed."""
    scopes = [ScopeValues(project) for project in evidence.projects]
    changed = [value.key for value in values]
    changed += [each.key for each in evidence.differences("seed") if each.key not in changed]
    for value in values:
        used = _names_used(scopes, value) if value.scopes else set()
        if used is None:  # a value that was given, as by a file, is not computed
            given = [] if value.is_given else [other.key for other in values if other.is_given]
            value.sources = given
        else:
            others = (key for key in changed if key != value.key)
            value.sources = [key for key in others if _names_of(key, value.path) & used]


def _names_of(key: str, path: DottedPath) -> set[str]:
    """Return the names by which the scope that sets ``path`` uses the entry ``key``."""
    other = DottedPath.parse(key)
    if not other:
        return set()
    common = 0
    while common < min(len(other), len(path)) - 1 and other[common] == path[common]:
        common += 1
    name = other[common]
    return {name, *_SEEDS} if name in _SEEDS else {name}


def _names_used(scopes: list[ScopeValues], value: ConfigValue) -> set[str] | None:
    """Return the names from which a scope computes a value; None if its source is not known.

    Where two scopes compute it in different ways, this is the cause, not what they use.
    """
    pairs = [*zip(scopes, value.scopes, strict=True)]
    if not all(known.is_known(name) for known, name in pairs):
        return None
    for entry in value.path:
        forms = [known.form(name, entry) for known, name in pairs]
        if any(forms):
            known, name = pairs[1]
            return known.used_for(name, entry) if forms[0] == forms[1] else set()
    return set()
