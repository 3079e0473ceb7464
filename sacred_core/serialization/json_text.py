"""Plain data as JSON text, which every parser accepts, and back without loss.

What JSON lacks is its Python spelling in a dictionary of one entry: ``{"%json": "NaN"}``. In the
columns of metrics, which contain little but numbers, it is a string: ``"NaN"``.
"""

import json
import math
import sys
from collections.abc import Callable, Iterable
from typing import Any

#: How JSON text spells numbers that it lacks (the JSON mapping of protocol buffers).
NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_TAG = "%json"
_NUMBERS = frozenset((int, float))
#: `json.dumps` makes a new one for each value.
_ON_ONE_LINE = json.JSONEncoder(allow_nan=False, ensure_ascii=False)
#: What keys of jsonpickle begin with.
_FOREIGN = ("py/", "json://")


def to_json(value: Any, indent: int | None = None) -> str:
    """Return plain data as JSON text from which `from_json` reads an equal value.

    NaN and the infinities are ``{"%json": "NaN"}`` and the like, and a dictionary that a reader
    would take for something else is tagged so, too. Half of a surrogate pair is an escape.
    """
    try:
        text = _dump(value, indent)
    except ValueError:  # NaN or an infinity
        return encodable(_dump(_tag(value), indent))
    if f'"{_TAG}"' in text or _may_be_foreign(text):
        text = _dump(_tag(value), indent)
    return encodable(text)


def from_json(data: str | bytes, decode: Callable[[Any], Any] | None = None) -> Any:
    """Return what `to_json` was given.

    Args:
        data: JSON text.
        decode: Makes plain data of what jsonpickle tagged, where Sacred may have written ``data``.

    Raises:
        ValueError: ``data`` is not JSON.
    """
    text = data.decode("utf-8") if isinstance(data, bytes) else data
    loaded = json.loads(text)
    if decode is not None and _may_be_foreign(text):
        loaded = decode(loaded)
    return _untag(loaded) if f'"{_TAG}"' in text else loaded


def strict_json(value: Any, indent: int | None = None) -> str:
    """Return plain data as JSON text for other programs.

    NaN and the infinities become the strings of `NON_FINITE`.
    """
    try:
        return encodable(_dump(value, indent))
    except ValueError:
        return encodable(_dump(_spell(value), indent))


def number(value: Any) -> Any:
    """Return the number that is spelled as in `NON_FINITE`; other values as they are."""
    return NON_FINITE.get(value, value) if isinstance(value, str) else value


def column_json(values: Iterable[Any]) -> str:
    """Return a column of a metric as JSON text.

    NaN and the infinities become the strings of `NON_FINITE`; values that are not numbers are
    written as `to_json` does.
    """
    values = list(values)
    if _NUMBERS.issuperset(map(type, values)):
        text = repr(values)  # as JSON has it, in less time
        if "n" not in text:  # nan, inf
            return text
    try:
        text = _dump(values)
    except ValueError:
        return encodable(_dump([_cell(value) for value in values]))
    # Numbers need no quotes: this is what most columns are.
    return encodable(_dump([_cell(value) for value in values])) if '"' in text else text


def column_values(values: list[Any]) -> list[Any]:
    """Return the values of a column that was written by `column_json`, and loaded as JSON."""
    if _NUMBERS.issuperset(map(type, values)):
        return values
    return [value if type(value) is float else _cell_value(value) for value in values]


def _dump(value: Any, indent: int | None = None) -> str:
    if indent is None:
        return _ON_ONE_LINE.encode(value)
    return json.dumps(value, indent=indent, allow_nan=False, ensure_ascii=False)


def _tag(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return {_TAG: json.dumps(value)}
    if isinstance(value, dict):
        if is_tagged(value):
            return {_TAG: json.dumps(value)}
        return {key: _tag(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_tag(item) for item in value]
    return value


def is_tagged(value: dict[Any, Any]) -> bool:
    """Return whether `to_json` writes a dictionary in another form, as readers may mistake it."""
    return set(value) == {_TAG} or _is_foreign(value)


def _untag(value: Any) -> Any:
    if isinstance(value, list):
        return [_untag(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and isinstance(value.get(_TAG), str):
        try:
            return json.loads(value[_TAG])
        except ValueError:  # another program's own
            return value
    return {key: _untag(item) for key, item in value.items()}


def _may_be_foreign(text: str) -> bool:
    return '"py/' in text or '"json://' in text


def _is_foreign(value: dict[Any, Any]) -> bool:
    """Return whether a reader of Sacred's records would take a dictionary for another value.

    It takes objects without a known form as they are: these stay readable.
    """
    tags = [key for key in value if isinstance(key, str) and key.startswith(_FOREIGN)]
    if tags != ["py/object"] or not isinstance(value["py/object"], str):
        return bool(tags)
    package = value["py/object"].partition(".")[0]
    return package in sys.stdlib_module_names or package in ("numpy", "pandas")


def _spell(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {_spell(key): _spell(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_spell(item) for item in value]
    return value


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return {_TAG: json.dumps(value)} if value in NON_FINITE else value
    return _tag(value) if isinstance(value, (dict, list)) else _spell(value)


def _cell_value(value: Any) -> Any:
    return _untag(value) if isinstance(value, (dict, list)) else number(value)


def encodable(text: str) -> str:
    """Return ``text`` with an escape like ``\\ud800`` for each half of a surrogate pair.

    In JSON text this is the escape of JSON; elsewhere it is only readable.
    """
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()
    return text
