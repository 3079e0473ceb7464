"""The request of a call, and how its updates are applied to a configuration."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from sacred_core.config.entries import Spelled, check_keys, is_same, normalize, plain_copy
from sacred_core.dotted_path import ROOT, DottedPath, key_in, position_in
from sacred_core.exceptions import ConfigPathError
from sacred_core.shared_methods import ValueMethods


def _check_tree(updates: Mapping[str, Any]) -> dict[str, Any]:
    tree = to_nested(updates)
    check_keys(tree)
    return tree


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Request(ValueMethods):
    """A command, and what is to be changed for it; see `sacred_core.Experiment.run`.

    Attributes:
        command: Its name, or None for the default command.
        updates: Entries that are fixed, as one tree. They are given nested or by dotted paths.
        named_configs: Names of configurations and of files, in order.
        info: The content of ``run.info`` at the start.
        meta_info: Recorded with the run.
        options: The options by their flags.
        tokens: Updates and named configurations as they were written on a command line.
        inherit_observers: Record the run with the observers of the run around it too.

    Raises:
        ConfigPathError: a path goes through a value that another update sets.
        ConfigValueError: a value of an update contains itself.
        ConfigKeyError: a key of an update is not allowed.
    """

    command: str | None = None
    updates: dict[str, Any] = attrs.field(factory=dict, converter=_check_tree)
    named_configs: Sequence[str] = ()
    info: Mapping[str, Any] = attrs.field(factory=dict)
    meta_info: Mapping[str, Any] = attrs.field(factory=dict)
    options: Mapping[str, Any] = attrs.field(factory=dict)
    tokens: Sequence[str] = ()
    inherit_observers: bool = False


def resume_options(
    options: Mapping[str, Any] | None, resume: int | str | None, fork: bool
) -> dict[str, Any]:
    """Return options with the arguments ``resume`` and ``fork`` of a call, if they are given."""
    chosen = dict(options or {})
    if resume is not None:
        chosen["--resume"] = resume
    if fork:
        chosen["--fork"] = True
    return chosen


class PathDict(dict[str, Any]):
    """Values given by dotted paths: it reaches into what is there and never replaces it."""


def to_nested(updates: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``updates`` as one tree; dotted keys reach into what is there.

    Of ``{"a.b": 1, "a": {"b": 2}}`` the longer path applies, whatever the order is.

    Raises:
        ConfigPathError: a path goes through a value that another update sets.
        ConfigValueError: a value contains itself.
    """
    tree: dict[str, Any] = {}
    for key, value in sorted(updates.items(), key=_depth):
        value = normalize(value)
        if isinstance(key, str):
            _set(tree, DottedPath(key.split(".")), value)
        else:
            tree[key] = value
    return tree


def _depth(update: tuple[Any, Any]) -> int:
    return str(update[0]).count(".")


def _set(tree: dict[str, Any], path: DottedPath, value: Any) -> None:
    *parents, last = path
    for key in parents:
        inner = tree.setdefault(key, PathDict())
        if not isinstance(inner, dict):
            raise ConfigPathError(
                f"the update of {path!r} requires a dictionary at {key!r}, which another update "
                f"sets to {inner!r}"
            )
        tree = inner
    old = tree.get(last)
    if isinstance(old, dict) and isinstance(value, dict):
        value = {**old, **value}
    tree[last] = value


class Overrides:
    """A tree of fixed values, and a note of what each would have been.

    No value that is passed in is changed: where something inside a dictionary or list is fixed, a
    copy is made of it and of what contains it.

    Args:
        values: The fixed values, as nested dictionaries.

    Attributes:
        values: The fixed values, as nested dictionaries.
        originals: For each path that was given another value, the last such value.
    """

    def __init__(self, values: dict[str, Any] | None = None) -> None:
        self.values = values or {}
        self.originals: dict[DottedPath, Any] = {}
        self._filled: set[DottedPath] = set()
        self._defined: set[DottedPath] = set()
        #: Copies that `complete` fills, by their `id`: with the fixed values, and the path.
        self._incomplete: dict[int, tuple[dict[Any, Any], dict[str, Any], DottedPath]] = {}

    @property
    def added(self) -> set[DottedPath]:
        """Paths of fixed values that nothing else defined so far."""
        return self._filled - self._defined

    def forget_added(self, name: str) -> None:
        """Remove ``name`` from the added entries: it is not an entry of the configuration."""
        self._defined.add(ROOT.below(name))

    def fix(self, name: str, value: Any) -> Any:
        """Return what the entry ``name``, to which a configuration gives ``value``, is to be.

        A path into something without entries is ignored: a later configuration may replace it.
        What is fixed and missing in a dictionary is added by `complete`, so that a scope sees
        what it defined, and what refers to the dictionary contains it, as in Sacred.
        """
        key = name if name in self.values else str(name)  # an update of 1 is a path: "1"
        if key not in self.values:
            return value
        return self._fix_value(self.values[key], value, ROOT.below(name), False)

    def complete(self) -> None:
        """Add what is fixed and missing to the dictionaries that `fix` returned."""
        for value, fixed, path in self._incomplete.values():
            for key, inner in fixed.items():
                if key_in(value, key) not in value:
                    value[key] = self._new(inner, path.below(key))
        self._incomplete.clear()

    def preview(self, entries: dict[str, Any]) -> dict[str, Any]:
        """Return the ``entries`` that are known so far, with what is fixed, for a scope to take."""
        return self._apply(entries, is_strict=False)

    def apply_to(self, entries: dict[str, Any]) -> dict[str, Any]:
        """Return ``entries`` with all fixed values, also those for which it has no entry.

        Raises:
            ConfigPathError: a path reaches into something that is not a dictionary or list.
        """
        return self._apply(entries, is_strict=True)

    def _apply(self, entries: dict[str, Any], is_strict: bool) -> dict[str, Any]:
        applied = dict(entries)
        for name, fixed in self.values.items():
            known = key_in(entries, name)
            if known in entries:
                applied[known] = self._fix_value(fixed, entries[known], ROOT.below(name), is_strict)
            elif is_strict:
                applied[name] = self._new(fixed, ROOT.below(name))
            elif not isinstance(fixed, PathDict):  # from paths alone, no value is known
                applied[name] = fixed
        self.complete()
        return applied

    def _new(self, fixed: Any, path: DottedPath) -> Any:
        if isinstance(fixed, PathDict):
            return {key: self._new(inner, path.below(key)) for key, inner in fixed.items()}
        self._filled.add(path)
        return plain_copy(fixed)

    def _fix_value(self, fixed: Any, value: Any, path: DottedPath, is_strict: bool) -> Any:
        if isinstance(fixed, Spelled):
            fixed = fixed.text if isinstance(value, str) else fixed.number
        if path not in self._filled or not is_same(value, fixed):  # else it is ours, met again
            self._defined.add(path)
        if isinstance(fixed, dict) and isinstance(value, dict):
            return self._in_dict(fixed, value, path, is_strict)
        if isinstance(fixed, PathDict) and value is not None:
            return self._in_list(fixed, value, path, is_strict)
        if is_same(value, fixed):
            return value
        self.originals[path] = value
        return plain_copy(fixed)

    def _in_dict(
        self, fixed: dict[str, Any], value: dict[Any, Any], path: DottedPath, is_strict: bool
    ) -> dict[Any, Any]:
        changes, is_complete = {}, True
        for key, inner in fixed.items():
            known = key_in(value, key)
            if known in value:
                new = self._fix_value(inner, value[known], path.below(key), is_strict)
                if new is not value[known]:
                    changes[known] = new
            else:
                is_complete = False
        if not changes and (is_complete or id(value) in self._incomplete):
            return value
        copied = _with_items(value, changes)
        if not is_complete:
            self._incomplete[id(copied)] = (copied, fixed, path)
        return copied

    def _in_list(self, fixed: PathDict, value: Any, path: DottedPath, is_strict: bool) -> Any:
        """Set items of a list by their indices; anything else has nothing inside."""
        items = list(value) if isinstance(value, (list, tuple)) else []
        is_changed = False
        for key, inner in fixed.items():
            index = position_in(items, key)
            if index is not None:
                old = items[index]
                items[index] = self._fix_value(inner, old, path.below(key), is_strict)
                is_changed |= items[index] is not old
            elif is_strict:
                raise _no_entry(path, key, value)
        return items if is_changed else value


def _with_items(value: dict[Any, Any], changes: dict[Any, Any]) -> dict[Any, Any]:
    """Return a copy of ``value``, of the same type where it can be copied, with ``changes``."""
    try:
        copied = copy.copy(value)
        copied.update(changes)
    except Exception:  # noqa: BLE001 - a subclass of the user's
        return {**value, **changes}
    return copied


def _no_entry(path: DottedPath, key: str, value: Any) -> ConfigPathError:
    if not isinstance(value, (list, tuple)):
        reason = f"{path!r} is {value!r}, which has no entries"
    elif not value:
        reason = f"{path!r} is an empty list"
    else:
        reason = f"{path!r} is a list of {len(value)}, whose items are 0 to {len(value) - 1}"
    return ConfigPathError(f"{path}.{key} cannot be set: {reason}")


def merge_fixed(lower: dict[str, Any], upper: dict[str, Any]) -> dict[str, Any]:
    """Return the fixed values of two layers; where both fix something, those of ``upper``."""
    result = dict(lower)
    for key, value in upper.items():
        old = result.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            both_paths = isinstance(old, PathDict) and isinstance(value, PathDict)
            result[key] = (PathDict if both_paths else dict)(merge_fixed(old, value))
        elif key in result:
            result[key] = Overrides({key: value}).apply_to({key: old})[key]
        else:
            result[key] = value
    return result


def without_paths(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``values`` without what is given by paths, which is not a value itself."""
    return {name: value for name, value in values.items() if not isinstance(value, PathDict)}
