"""From any Python value to plain data: None, bool, int, float, str, list, and dict.

What goes into an event, a configuration or a JSON file passes through `plain`. The way back
(`strict_json`, `loads`) yields plain data only: nothing that was stored is ever executed.
"""

import json
import math
import sys
from collections.abc import Iterator, Mapping
from datetime import date, time, timedelta
from pathlib import PurePath
from typing import Any

_PLAIN = (type(None), bool, int, float, str)
#: How JSON text, which has no such numbers, spells them (the JSON mapping of protocol buffers).
NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def plain(value: Any) -> Any:
    """Return ``value`` as plain data that shares nothing mutable with it.

    Tuples and sets become lists, arrays and tensors nested lists, numpy scalars numbers, pandas
    frames and series dictionaries, paths, times and complex numbers text; other objects become
    what jsonpickle makes of them, and a container inside itself the text ``"<recursion>"``. Keys
    become text unless they are numbers, booleans or None. What raises when it is looked at becomes
    a text that says so: one bad value must not cost the others.
    """
    return _plain(value, set())


def _plain(value: Any, inside: set[int]) -> Any:
    if type(value) in _PLAIN:
        return value
    try:
        return _from_other(value, inside)
    except Exception as error:  # noqa: BLE001 - foreign code
        reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        return f"<{type(value).__qualname__} that cannot be stored: {reason}>"


def _from_other(value: Any, inside: set[int]) -> Any:
    if isinstance(value, (Mapping, list, tuple, set, frozenset)):
        if id(value) in inside:
            return "<recursion>"
        inside.add(id(value))
        try:
            if isinstance(value, Mapping):
                return {_key(key): _plain(item, inside) for key, item in _items(value)}
            return [_plain(item, inside) for item in list(value)]
        finally:
            inside.discard(id(value))
    return _from_object(value, inside)


def _items(mapping: Mapping[Any, Any]) -> list[tuple[Any, Any]]:
    """Copy the items in one step: another thread may be adding some."""
    return list(mapping.items())


def _key(key: Any) -> Any:
    if type(key) in _PLAIN:
        return key
    for kind in (str, bool, int, float):
        if isinstance(key, kind):
            return kind(key)
    return str(key)


def _from_object(value: Any, inside: set[int]) -> Any:
    if _is_a(value, "numpy", "ndarray"):
        listed = value.tolist()
        return listed if value.dtype.kind in "biufU" else _plain(listed, inside)
    if _is_a(value, "pandas", "DataFrame") or _is_a(value, "pandas", "Series"):
        return _plain(value.to_dict(), inside)
    if hasattr(value, "tolist") and hasattr(value, "__array__"):
        # An index or a tensor of any library; the one value of a scalar, which may be itself.
        listed = value.tolist()
        return _pickled(value) if type(listed) is type(value) else _plain(listed, inside)
    for kind in (str, int, float):
        if isinstance(value, kind):
            return kind(value)
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, (PurePath, complex, timedelta)):
        return str(value)
    if value is getattr(sys.modules.get("pandas"), "NA", _pickled):
        return None
    return _pickled(value)


def _is_a(value: Any, module: str, name: str) -> bool:
    """Tell whether ``value`` is an instance, without importing the module for it."""
    kind = getattr(sys.modules.get(module), name, None)
    return isinstance(kind, type) and isinstance(value, kind)


def _pickled(value: Any) -> Any:
    import jsonpickle

    try:
        flat = jsonpickle.pickler.Pickler(warn=False).flatten(value)
        return json.loads(json.dumps(flat, default=repr))
    except Exception:  # noqa: BLE001 - foreign code: the class's own __getstate__
        return repr(value)


def strict_json(value: Any, indent: int | None = None) -> str:
    """Return plain data as JSON text that every parser accepts.

    NaN and the infinities, for which JSON has no form, become the texts of `NON_FINITE`.
    """
    try:
        return json.dumps(value, indent=indent, allow_nan=False, ensure_ascii=False)
    except ValueError:
        return json.dumps(_finite(value), indent=indent, allow_nan=False, ensure_ascii=False)


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {_finite(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return value


def number(value: Any) -> Any:
    """Return what `strict_json` wrote for a number as the number."""
    return NON_FINITE.get(value, value) if isinstance(value, str) else value


def leaves(tree: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the dotted path and the value of everything in ``tree`` that is no dictionary."""
    for key, value in tree.items():
        path = f"{prefix}.{key}" if prefix else str(key)
        if isinstance(value, dict) and value:
            yield from leaves(value, path)
        else:
            yield path, value
