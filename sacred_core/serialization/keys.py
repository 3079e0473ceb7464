"""Keys of dictionaries as strings, which is all that JSON has."""

from collections.abc import Callable
from typing import Any


def string_keys(keys: list[Any], convert: Callable[[Any], Any]) -> list[str]:
    """Return a distinct string for each of the distinct ``keys``.

    A string stays as it is. Where the string of another key is in use already, the type is added:
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
