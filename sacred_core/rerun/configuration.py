"""The configuration of a rerun: that of the record, with what the user sets.

The script is configured as it was for the recorded run. Where the result differs from the record,
because a scope computes another value or a file is missing, the recorded value is fixed. Objects
have only a readable form in the record: they remain what the script creates.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from sacred_core.config.entries import Spelled, is_plain
from sacred_core.dotted_path import MISSING, ROOT, DottedPath, find_closest, first_value, key_in
from sacred_core.exceptions import OptionError
from sacred_core.masking import mask_value
from sacred_core.rerun.values import Tolerance
from sacred_core.serialization import plain
from sacred_core.stores.model import StoredRun

_CALL = ("update", "command line")
_CONFIG = "config"


@attrs.frozen(kw_only=True)
class RecordedConfig:
    """The configuration of a recorded run, as plain data.

    Attributes:
        config: The entries, with the values that the user sets.
        origins: The origin of each entry by its dotted path; empty if they are not recorded.
        masked: Dotted paths of entries whose value is secret, and that the user does not set.
        sets: Values that the user sets by dotted path.
        changed: The paths of those that replace a recorded value.
        named_configs: Names of configurations and files, in order.
    """

    config: dict[str, Any]
    origins: dict[str, str] = attrs.field(factory=dict)
    masked: list[str] = attrs.field(factory=list)
    sets: dict[str, Any] = attrs.field(factory=dict)
    changed: list[str] = attrs.field(factory=list)
    named_configs: list[str] = attrs.field(factory=list)

    def first_updates(self, lost: Iterable[str] = ()) -> dict[str, Any]:
        """Return what the call of the recorded run fixed, by dotted path, and the seed.

        Args:
            lost: Origins that do not exist any more, such as ``"file conf.yaml"``, whose entries
                are fixed, too.
        """
        layers = {*_CALL, "seed", *lost}
        if self.origins:
            paths = [path for path, origin in self.origins.items() if origin in layers]
        else:
            paths = [path for path in self.config if is_plain(self.config[path])]
        updates: dict[str, Any] = {}
        for path in [*paths, "seed", *map(self._whole, self.sets)]:
            value = DottedPath.parse(path).find(self.config, MISSING)
            if value is not MISSING and not self._is_unknown(path):
                updates[path] = value
        return updates

    def differences(self, config: Mapping[str, Any]) -> "ConfigDifferences":
        """Return where the configuration of a script differs from the record."""
        found = ConfigDifferences()
        self._compare(self.config, config, ROOT, found)
        return found

    def missing_from(self, config: Mapping[str, Any]) -> list[str]:
        """Return the masked entries that the script does not set by itself."""
        return [
            path for path in self.masked if DottedPath.parse(path).find(config, MISSING) is MISSING
        ]

    def unset(self) -> list[str]:
        """Return the masked entries that the call of the recorded run set, and that are not set."""
        return [path for path in self.masked if not self.origins or self.origin_of(path) in _CALL]

    def origin_of(self, path: str) -> str:
        """Return the origin of an entry, or of what contains it; empty if it is not known."""
        return find_closest(self.origins, path) or ""

    def _compare(
        self, recorded: Mapping[str, Any], now: Mapping[Any, Any], path: DottedPath,
        found: "ConfigDifferences",
    ) -> None:  # fmt: skip
        for name, value in recorded.items():
            inner, own = path.below(name), now.get(key_in(now, name), MISSING)
            if isinstance(value, dict) and isinstance(own, dict):
                self._compare(value, own, inner, found)
            elif self._is_unknown(str(inner)):
                continue
            elif own is MISSING:
                found.fixed[str(inner)] = value
            elif not self._is_same(value, own, name):
                self._add(inner, value, own, found)
        keys = {key_in(now, name) for name in recorded}
        found.added += [str(path.below(key)) for key in now if key not in keys]

    def _add(self, path: DottedPath, recorded: Any, now: Any, found: "ConfigDifferences") -> None:
        is_of_call = self.origin_of(str(path)).startswith((*_CALL, "named config"))
        if is_plain(now) or is_of_call or str(path) in self.sets:
            found.fixed[str(path)] = recorded
        else:
            found.left.append(str(path))

    @staticmethod
    def _is_same(recorded: Any, now: Any, name: str) -> bool:
        # A masked string is equal to what the record would contain for the new one.
        for shown in (plain(now), mask_value({name: plain(now)})[0].get(name)):
            if type(recorded) is type(shown) and Tolerance().accepts(recorded, shown):
                return True
        return False

    def _is_unknown(self, path: str) -> bool:
        entry = DottedPath.parse(path)
        return any(DottedPath.parse(each).is_inside(entry) for each in self.masked)

    def _whole(self, path: str) -> str:
        """Return the path of the entry that a path leads to, or into: a list is one entry."""
        return str(first_value(self.config, DottedPath.parse(path)))


@attrs.define(kw_only=True)
class ConfigDifferences:
    """Where the configuration of a script differs from the record.

    Attributes:
        fixed: Recorded values by dotted path that the script would not have.
        left: Paths of objects that may differ from the recorded ones.
        added: Paths that the record does not have.
    """

    fixed: dict[str, Any] = attrs.field(factory=dict)
    left: list[str] = attrs.field(factory=list)
    added: list[str] = attrs.field(factory=list)


def recorded_config(run: StoredRun, sets: Mapping[str, Any] | None = None) -> RecordedConfig:
    """Return the configuration of a run, with what the user sets.

    Args:
        run: The run.
        sets: Values by dotted path, or nested.

    Raises:
        OptionError: the run has no such entry.
    """
    named = run.meta.get("named_configs")
    values = _checked_sets(run, sets or {})
    masked = [*_masked_paths(run)]
    return RecordedConfig(
        config=with_sets(run.config, values),
        origins=run.origins,
        masked=[path for path in masked if not _is_set(path, values)],
        sets=values,
        changed=[path for path in values if path not in masked],
        named_configs=[str(each) for each in named] if isinstance(named, list) else [],
    )


def missing_text(paths: Iterable[str]) -> str:
    """Return the message for masked entries that must be set."""
    # A name before a colon would make what follows it a secret.
    return f"set these entries, which the record masks, with --set ENTRY=VALUE: {', '.join(paths)}"


def with_sets(tree: Mapping[str, Any], sets: Mapping[str, Any]) -> dict[str, Any]:
    """Return plain ``tree`` with the values of dotted paths, in copies of what contains them."""
    result: dict[str, Any] = plain(tree)
    for path, value in sets.items():
        *parents, last = DottedPath.parse(path)
        holder: Any = result
        for part in parents:
            inner = DottedPath((part,)).find(holder)
            if not isinstance(inner, (dict, list)):
                inner = holder[part] = {}
            holder = inner
        holder[int(last) if isinstance(holder, list) else last] = value
    return result


def _checked_sets(run: StoredRun, sets: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for path, value in _flat(sets):
        old = DottedPath.parse(path).find(run.config, MISSING)
        if old is MISSING:
            import difflib

            close = difflib.get_close_matches(path, run.config, 1)
            hint = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(run.config)}"
            raise OptionError(f"--set: run {str(run.id)!r} has no entry {path!r}: {hint}")
        if isinstance(value, Spelled):
            value = value.text if isinstance(old, str) else value.number
        values[path] = plain(value)
    return values


def _flat(sets: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for path, value in sets.items():
        if isinstance(value, dict) and value:
            yield from ((f"{path}.{below}", inner) for below, inner in _flat(value))
        else:
            yield path, value


def _is_set(path: str, sets: Iterable[str]) -> bool:
    entry = DottedPath.parse(path)
    return any(entry.is_inside(DottedPath.parse(each)) for each in sets)


def _masked_paths(run: StoredRun) -> Iterator[str]:
    masked = run.meta.get("masked")
    for each in masked if isinstance(masked, list) else ():
        path = DottedPath.parse(str(each))
        if path and path[0] == _CONFIG:
            yield str(DottedPath(path[1:]))
