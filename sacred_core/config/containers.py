"""Dictionaries and lists that cannot be changed.

They are subclasses of ``dict`` and ``list``, so that json, ``isinstance``, ``|`` and unpacking
take them; copies are ordinary and can be changed.
"""

import copy
import functools
from collections.abc import Mapping
from typing import Any, NoReturn

from sacred_core.exceptions import ReadOnlyConfigError
from sacred_core.importing import when_imported


def _refuse(self: object, *args: Any, **kwargs: Any) -> NoReturn:
    del self, args, kwargs
    raise ReadOnlyConfigError(
        "the configuration is read-only here, because the change would not be recorded: change a "
        "copy (copy.deepcopy), or set "
        "SETTINGS.CONFIG.READ_ONLY_CONFIG = False"
    )


class ReadOnlyDict(dict[Any, Any]):
    """A dictionary whose items stay as they are."""

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
    """A list whose items stay as they are."""

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
    return _read_only(value)


@functools.cache
def _teach_yaml() -> None:
    """Let yaml write the containers as the plain ones that they are, once it is imported."""
    when_imported("yaml", _add_representers)


def _add_representers(yaml: Any) -> None:
    for dumper in (yaml.SafeDumper, yaml.Dumper):
        dumper.add_representer(ReadOnlyDict, lambda d, value: d.represent_dict(value.items()))
        dumper.add_representer(ReadOnlyList, lambda d, value: d.represent_list(list(value)))


def _read_only(value: Any) -> Any:
    if isinstance(value, dict):
        return ReadOnlyDict({key: _read_only(item) for key, item in value.items()})
    if isinstance(value, (list, tuple)):
        return ReadOnlyList(_read_only(item) for item in value)
    return value


def subtree(tree: Mapping[str, Any], path: str | None) -> Mapping[str, Any]:
    """Return the dictionary at the dotted ``path``; an empty one if there is none."""
    found: Any = tree
    for name in path.split(".") if path else ():
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else ReadOnlyDict()
