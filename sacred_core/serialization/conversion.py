"""From any value to plain data: the walk through containers, and keys as strings."""

import sys
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from sacred_core.serialization.unreadable import INTERRUPTS, unreadable

if TYPE_CHECKING:
    from sacred_core.serialization.forms import Fields, Table

_SCALARS = frozenset((type(None), bool, float, str))
_STRING = {str}
#: By default Python converts integers of up to 4,300 digits to decimal text and back; no
#: program can set the limit below 640 digits.
_MOST_DIGITS, _LEAST_LIMIT = 4_200, 10**640
#: Levels of containers: readers, which recurse, can read them back.
_DEEPEST = 200
#: Objects without a known form whose attributes are stored, for each value.
_MOST_OBJECTS = 1_000


def plain(value: Any) -> Any:
    """Return ``value`` as plain data that shares nothing mutable with it.

    The table in ``docs/values.md`` has the form of each type. Iterators are not consumed, a
    container inside itself is ``"<recursion>"``, and what raises an exception when it is read is
    a string with the reason: one bad value must not cost the others. Never raises an exception.
    """
    if type(value) in _SCALARS:
        return value
    return _Walk().convert(value, 0)


class _Walk:
    """One call of `plain`."""

    def __init__(self) -> None:
        self._inside: set[int] = set()
        self._objects = 0

    def convert(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if kind in _SCALARS:
            return value
        if kind is int:
            return value if -_LEAST_LIMIT < value < _LEAST_LIMIT else _integer(value)
        try:
            return self._container(value, depth)
        except INTERRUPTS:
            raise
        except BaseException as error:  # noqa: BLE001 - foreign code
            return unreadable(value, error)

    def _container(self, value: Any, depth: int) -> Any:
        if id(value) in self._inside:
            return "<recursion>"
        if depth > _DEEPEST:
            return "<nested too deeply>"
        self._inside.add(id(value))
        try:
            kind = type(value)
            if kind is list or kind is tuple:
                return self._list(value, depth)
            if kind is dict or isinstance(value, Mapping):
                return self._mapping(value, depth)
            return self._other(value, depth)
        finally:
            self._inside.discard(id(value))

    def _mapping(self, mapping: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        # In one step, as another thread may be adding items; others may have no end.
        is_own = isinstance(mapping, dict) and type(mapping).items is dict.items
        items = list(mapping.items() if is_own else islice(mapping.items(), len(mapping)))
        below = depth + 1
        if {type(key) for key, _ in items} <= _STRING:
            # Most values are strings and numbers: for them no call is needed.
            return {
                key: item if type(item) in _SCALARS else self.convert(item, below)
                for key, item in items
            }
        keys = string_keys([key for key, _ in items], self._key)
        return {key: self.convert(item, below) for key, (_, item) in zip(keys, items, strict=True)}

    def _list(self, items: Iterable[Any], depth: int) -> list[Any]:
        below = depth + 1
        return [
            item if type(item) in _SCALARS else self.convert(item, below) for item in list(items)
        ]

    def _key(self, key: Any) -> Any:
        value = self.convert(key, 0)
        if not isinstance(value, (list, dict)):
            return value
        try:
            return str.__str__(str(key))  # of a tuple `('a', 2)`
        except INTERRUPTS:
            raise
        except BaseException:  # noqa: BLE001 - foreign code
            return str(value)

    def _other(self, value: Any, depth: int) -> Any:
        # Most programs record nothing but plain data: they need not import it.
        from sacred_core.serialization.forms import Again, Fields, Items, Table, form

        found = form(value)
        if isinstance(found, Items):
            return self._list(found.items, depth)
        if isinstance(found, Fields):
            return self._fields(found, depth)
        if isinstance(found, Table):
            return self._table(found, depth)
        return self.convert(found.value, depth) if isinstance(found, Again) else found

    def _fields(self, found: "Fields", depth: int) -> Any:
        if found.class_name is None:
            return self._mapping(found.fields, depth)
        self._objects += 1
        if self._objects > _MOST_OBJECTS:
            return f"<{found.class_name}>"
        return {"py/object": found.class_name, **self._mapping(found.fields, depth)}

    def _table(self, table: "Table", depth: int) -> Any:
        """Return values by key, or lists where keys repeat: nothing may be lost."""
        columns = [self._list(column, depth + 1) for column in table.columns]
        names, labels = self._distinct(table.names), self._distinct(table.labels)
        if names is None or labels is None:
            index = self._list(table.labels, depth + 1)
            if table.is_series:
                return {"index": index, "data": columns[0]}
            rows = [list(row) for row in zip(*columns, strict=True)] if columns else []
            return {"columns": self._list(table.names, depth + 1), "index": index, "data": rows}
        by_key = [dict(zip(labels, column, strict=True)) for column in columns]
        return by_key[0] if table.is_series else dict(zip(names, by_key, strict=True))

    def _distinct(self, keys: list[Any]) -> list[str] | None:
        """Return the keys as strings, or None if two of them are the same."""
        is_numbered = set(map(type, keys)) == {int}
        strings = list(map(str, keys)) if is_numbered else [key_string(k, self._key) for k in keys]
        return strings if len(set(strings)) == len(strings) else None


def _integer(value: int) -> int | str:
    """Return a string instead of an integer that has too many digits for decimal text.

    Hexadecimal, which is exact and takes linear time: ``int(text, 0)`` is the value.
    """
    limit = min(sys.get_int_max_str_digits() or _MOST_DIGITS, _MOST_DIGITS)
    return value if abs(value) < 10**limit else hex(value)


def string_keys(keys: list[Any], convert: Callable[[Any], Any]) -> list[str]:
    """Return a distinct string for each of the distinct ``keys``.

    A string is not changed. Where the string of another key is in use already, the type is added:
    ``{1: "a", "1": "b"}`` has the keys ``"1 (int)"`` and ``"1"``.

    Args:
        keys: Any objects.
        convert: Returns the plain form of one that is not a string.
    """
    strings = [key_string(key, convert) for key in keys]
    if len(set(strings)) == len(strings):
        return strings
    taken = {key for key in keys if type(key) is str}
    for position, key in enumerate(keys):
        if type(key) is not str:
            strings[position] = _free(strings[position], type(key).__name__, taken)
            taken.add(strings[position])
    return strings


def key_string(key: Any, convert: Callable[[Any], Any]) -> str:
    """Return the string of a key: as JSON spells it for numbers, true, false and null."""
    if type(key) is str:
        return key
    value = convert(key)
    if isinstance(value, str):
        return value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, (int, float)):
        return "NaN" if value != value else repr(value)
    return str(value)


def _free(string: str, kind: str, taken: set[str]) -> str:
    if string not in taken:
        return string
    candidate, number = f"{string} ({kind})", 2
    while candidate in taken:
        candidate, number = f"{string} ({kind} {number})", number + 1
    return candidate


def key_clash(keys: Iterable[Any]) -> tuple[Any, Any] | None:
    """Return the first two of the distinct ``keys`` that are the same string when stored."""
    found: dict[str, Any] = {}
    for key in keys:
        string = key_string(key, plain)
        if string in found:
            return found[string], key
        found[string] = key
    return None


def is_same_data(first: Any, second: Any) -> bool:
    """Return whether two values of plain data are stored alike: 1, 1.0 and True are not."""
    if type(first) is not type(second):
        return False
    if isinstance(first, dict):
        return list(first) == list(second) and all(
            is_same_data(value, second[key]) for key, value in first.items()
        )
    if isinstance(first, list):
        return len(first) == len(second) and all(map(is_same_data, first, second))
    return bool(first == second)
