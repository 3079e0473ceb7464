"""Valid configurations: their keys, plain data, and other objects, which are not changed."""

import copy
import functools
import io
import re
import sys
import types
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

import attrs

from sacred_core.dotted_path import ROOT, DottedPath
from sacred_core.exceptions import ConfigKeyError, ConfigValueError, ReadOnlyConfigError
from sacred_core.hooks.manager import plugin_manager
from sacred_core.importing import when_imported
from sacred_core.serialization import key_clash, plain
from sacred_core.settings import SETTINGS
from sacred_core.shared_methods import ValueMethods

_SCALARS = (type(None), bool, int, float, str)
#: Objects that are valid only in this process although some of them can be copied.
_OF_THE_PROCESS = (Iterator, io.IOBase, types.ModuleType)
#: How Python shows an object that has no `repr` of its own.
_ADDRESS = re.compile(r"<[^<>]* at 0x[0-9A-Fa-f]+>|<\S+ that cannot be stored: ")


@attrs.frozen(eq=False, repr=False)
class Spelled(ValueMethods):
    """A number on a command line whose spelling differs from what Python prints for it.

    It stays the string where the entry is one: ``1e5`` may be the name of a commit.

    Attributes:
        number: What the spelling means.
        text: The spelling.
    """

    number: float
    text: str

    def __repr__(self) -> str:
        return self.text


def normalize(value: Any) -> Any:
    """Return ``value`` as configuration stores it.

    Mappings become dictionaries, tuples lists, numpy's arrays and scalars lists and numbers if
    these are plain data. Any other object is returned as it is, also inside dictionaries and lists.

    Raises:
        ConfigValueError: a dictionary or list contains itself.
    """
    try:
        return _normalize(value)
    except RecursionError:
        raise ConfigValueError(
            f"a {type(value).__name__} of the configuration contains itself, or is nested too "
            "deeply: remove the reference to itself"
        ) from None


def _normalize(value: Any) -> Any:
    if type(value) in _SCALARS:
        return value
    if isinstance(value, Mapping):
        return {key: _normalize(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_normalize(item) for item in value]
    if _is_of_numpy(value):
        listed = value.tolist()
        return listed if is_plain(listed) else value
    return value


def is_plain(value: Any) -> bool:
    """Return whether ``value`` is plain data at every depth."""
    if isinstance(value, dict):
        return all(is_plain(item) for item in value.values())
    if isinstance(value, list):
        return all(is_plain(item) for item in value)
    return type(value) in _SCALARS


def is_same(value: Any, other: Any) -> bool:
    """Return whether two values are the same: equal plain data, or one object.

    Other objects are never compared with ``==``, which may mean anything for them.
    """
    if value is other:
        return True
    if isinstance(value, dict) and isinstance(other, dict):
        return value.keys() == other.keys() and all(is_same(value[k], other[k]) for k in value)
    if isinstance(value, list) and isinstance(other, list):
        return len(value) == len(other) and all(map(is_same, value, other))
    return type(value) is type(other) and type(value) in _SCALARS and bool(value == other)


def check_keys(tree: Any) -> None:
    """Check the keys of ``tree`` at every depth, lists included, against ``SETTINGS.CONFIG``.

    Checks of plugins are applied to keys that are not Python identifiers.

    Raises:
        ConfigKeyError: a key is not allowed; the message names its path and the setting. Or two
            keys of a dictionary, like ``1`` and ``"1"``, are the same when they are stored.
    """
    _check_tree(tree, ROOT, set())


def _check_tree(tree: Any, path: DottedPath, seen: set[Any]) -> None:
    if isinstance(tree, Mapping):
        if set(map(type, tree)) - {str}:
            _check_distinct(tree, path)
        for key, value in tree.items():
            if key not in seen:
                _check_key(key, path)
                seen.add(key)
            if isinstance(value, (dict, list, tuple)):
                _check_tree(value, path.below(key), seen)
    elif isinstance(tree, (list, tuple)):
        for index, value in enumerate(tree):
            if isinstance(value, (dict, list, tuple)):
                _check_tree(value, path.below(index), seen)


def _check_distinct(tree: Mapping[Any, Any], path: DottedPath) -> None:
    """Refuse keys of which the record could contain only one."""
    clash = key_clash(tree)
    if clash is not None:
        where = f" (in {path!r})" if path else ""
        raise ConfigKeyError(
            f"the configuration keys {clash[0]!r} and {clash[1]!r}{where} are the same string in "
            "the record: rename one of them"
        )


def _check_key(key: Any, path: DottedPath) -> None:
    for reason, setting in _problems(key):
        if setting is None or SETTINGS.CONFIG[setting]:
            full = path.below(key)
            way_out = f", or set SETTINGS.CONFIG.{setting} = False" if setting else ""
            raise ConfigKeyError(
                f"the configuration key {key!r} (at {full!r}) {reason}: rename it{way_out}"
            )


def _problems(key: Any) -> Iterator[tuple[str, str | None]]:
    """Yield why a key may be refused, and the setting that decides it."""
    if not isinstance(key, str):
        yield "is not a string", "ENFORCE_STRING_KEYS"
    elif key.isidentifier():
        return
    else:
        for check in plugin_manager().key_checks:
            if check.pattern.search(key):
                yield check.reason, check.setting
    yield "is not a Python identifier", "ENFORCE_VALID_PYTHON_IDENTIFIER_KEYS"


def objects_in(value: Any, path: DottedPath = ROOT) -> Iterator[tuple[DottedPath, Any]]:
    """Yield path and value of everything in ``value`` that is not plain data."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from objects_in(item, path.below(key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from objects_in(item, path.below(index))
    elif type(value) not in _SCALARS:
        yield path, value


def is_readable(value: Any) -> bool:
    """Return whether the record of an object identifies it.

    It does not for open files, iterators, locks, and what shows nothing but its address.
    """
    is_opaque = type(value) is object or _is_of_the_process(value) or _has_address(plain(value))
    return not is_opaque


def _is_of_the_process(value: Any) -> bool:
    """Return whether an object is valid only in this process, like a lock or an open file."""
    if callable(value):
        return False
    try:
        value.__reduce_ex__(4)  # what `copy` and `pickle` need to make the same object again
    except Exception:  # noqa: BLE001 - foreign code
        return True
    return isinstance(value, _OF_THE_PROCESS)


def _has_address(recorded: Any) -> bool:
    if isinstance(recorded, dict):
        return any(map(_has_address, recorded.values()))
    if isinstance(recorded, list):
        return any(map(_has_address, recorded))
    return isinstance(recorded, str) and _ADDRESS.search(recorded) is not None


def _is_of_numpy(value: Any) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, (numpy.ndarray, numpy.generic))


def _refuse(self: object, *args: Any, **kwargs: Any) -> NoReturn:
    del self, args, kwargs
    raise ReadOnlyConfigError(
        "the configuration is read-only here, because the change would not be recorded: change a "
        "copy (copy.deepcopy), or set "
        "SETTINGS.CONFIG.READ_ONLY_CONFIG = False"
    )


class ReadOnlyDict(dict[Any, Any]):
    """A dictionary whose items are not changed."""

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[Any, Any]:
        return {key: copy.deepcopy(value, memo) for key, value in self.items()}

    def __copy__(self) -> dict[Any, Any]:
        return dict(self)

    copy = __copy__

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self),)


class ReadOnlyList(list[Any]):
    """A list whose items are not changed."""

    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = extend = insert = pop = remove = _refuse
    clear = sort = reverse = _refuse

    def __deepcopy__(self, memo: dict[int, Any]) -> list[Any]:
        return [copy.deepcopy(value, memo) for value in self]

    def __copy__(self) -> list[Any]:
        return list(self)

    copy = __copy__

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (list(self),)


def read_only(value: Any) -> Any:
    """Return ``value`` with all its dictionaries and lists, at any depth, read-only."""
    _teach_yaml()
    return _to_read_only(value)


@functools.cache
def _teach_yaml() -> None:
    """Register the containers with yaml, so that they are written as plain ones."""
    when_imported("yaml", _add_representers)


def _add_representers(yaml: Any) -> None:
    for dumper in (yaml.SafeDumper, yaml.Dumper):
        dumper.add_representer(ReadOnlyDict, lambda d, value: d.represent_dict(value.items()))
        dumper.add_representer(ReadOnlyList, lambda d, value: d.represent_list(list(value)))


def _to_read_only(value: Any) -> Any:
    if isinstance(value, dict):
        return ReadOnlyDict({key: _to_read_only(item) for key, item in value.items()})
    if isinstance(value, (list, tuple)):
        return ReadOnlyList(_to_read_only(item) for item in value)
    return value


def plain_copy(value: Any) -> Any:
    """Return a copy in which paths have become ordinary dictionaries, and spellings numbers."""
    if isinstance(value, dict):
        return {key: plain_copy(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain_copy(item) for item in value]
    if isinstance(value, Spelled):
        return value.number
    return value  # a scalar, or an object that is passed on as it is
