"""The form of each type that is neither plain data nor a dictionary; see ``docs/values.md``.

Types of libraries are looked up among the loaded modules: no library is imported for them.
"""

import array
import sys
from collections import UserList, deque
from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from datetime import date, time, timedelta
from enum import Enum
from itertools import islice
from numbers import Real
from pathlib import PurePath
from types import BuiltinFunctionType, FunctionType, MethodType, SimpleNamespace
from typing import Any, NamedTuple

_LISTS = (list, tuple, set, frozenset, deque, UserList, KeysView, ValuesView, ItemsView)
_FUNCTIONS = (type, FunctionType, BuiltinFunctionType, MethodType)
#: Types of the standard library that are imported only with their modules.
_AS_STRINGS = (("decimal", "Decimal"), ("fractions", "Fraction"), ("uuid", "UUID"))
#: Modules of objects that contain whole runs.
_RUNS = ("sacred_core.run.", "sacred_core.experiment", "sacred_core.ingredient")
_NO_FIELD: Any = object()


class Again(NamedTuple):
    """Another value, whose form is that of the original."""

    value: Any


class Items(NamedTuple):
    """Values that become lists."""

    items: Iterable[Any]


class Fields(NamedTuple):
    """What becomes a dictionary, with the name of the class where that is part of the form."""

    fields: Mapping[str, Any]
    class_name: str | None = None


class Table(NamedTuple):
    """Columns of pandas, or the one of a series, with the keys of columns and rows."""

    names: list[Any]
    labels: list[Any]
    columns: list[list[Any]]
    is_series: bool


def form(value: Any) -> Any:
    """Return `Again`, `Items`, `Fields` or a `Table`, or else plain data.

    Raises:
        Exception: what the value's own code raises.
    """
    for find in (_builtin, _of_library, _with_fields):
        found = find(value)
        if found is not _NO_FIELD:
            return found
    return _describe(value)


def _builtin(value: Any) -> Any:
    if isinstance(value, Enum) and not isinstance(value, (str, int, float)):
        return str(value)
    for kind in (str, int, float):
        if isinstance(value, kind):
            return Again(getattr(kind, f"__{kind.__name__}__")(value))
    if isinstance(value, tuple) and hasattr(type(value), "_fields"):
        return Fields(dict(zip(value._fields, value, strict=True)))  # type: ignore[attr-defined]
    if isinstance(value, _LISTS):
        return Items(_sort(islice(value, len(value)), value))
    if isinstance(value, (bytes, bytearray, memoryview)):
        return repr(bytes(value))
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, (PurePath, complex, timedelta)):
        return str(value)
    if isinstance(value, array.array):
        return Items(value.tolist())
    return _NO_FIELD


def _sort(items: Iterable[Any], origin: Any) -> list[Any]:
    """Return a set sorted, where that is possible: its own order changes from run to run."""
    listed = list(items)
    if isinstance(origin, (set, frozenset)):
        kinds = set(map(type, listed))
        if kinds == {str} or kinds <= {int, float, bool}:
            listed.sort()
    return listed


def _of_library(value: Any) -> Any:
    if any(_is_a(value, *names) for names in _AS_STRINGS):
        return str(value)
    if _is_a(value, "pandas", "DataFrame"):
        columns = [value.iloc[:, number].tolist() for number in range(value.shape[1])]
        return Table(value.columns.tolist(), value.index.tolist(), columns, is_series=False)
    if _is_a(value, "pandas", "Series"):
        return Table([value.name], value.index.tolist(), [value.tolist()], is_series=True)
    if value is getattr(sys.modules.get("pandas"), "NA", _NO_FIELD):
        return None
    if _is_a(value, "polars", "DataFrame"):
        return Fields(value.to_dict(as_series=False))
    if hasattr(type(value), "__array__"):
        return _array(value)
    return _NO_FIELD


def _array(value: Any) -> Any:
    """Return the lists of an array, a tensor or an index of any library, or the one value."""
    dtype = getattr(value, "dtype", None)
    kind, char = getattr(dtype, "kind", ""), getattr(dtype, "char", "")
    if kind in ("M", "m") and _is_a(value, "numpy", "generic"):
        return str(value)
    if kind in ("M", "m") and _is_a(value, "numpy", "ndarray"):
        return Items(list(value)) if value.ndim else str(value[()])
    if hasattr(type(value), "tolist"):
        listed = value.tolist()
    else:
        listed = sys.modules["numpy"].asarray(value).tolist()
    if kind in ("b", "i", "u", "f", "U") and char != "g" and _is_a(value, "numpy", "ndarray"):
        return listed
    if type(listed) is not type(value):
        return Items(listed) if isinstance(listed, list) else Again(listed)
    return float(value) if isinstance(value, Real) else repr(value)


def _with_fields(value: Any) -> Any:
    kind = type(value)
    if isinstance(value, _FUNCTIONS):
        return _dotted_name(value)
    if _is_a(value, "functools", "partial"):
        fields = {"func": value.func, "args": value.args, "keywords": value.keywords}
        return Fields(fields, "functools.partial")
    if hasattr(kind, "get_secret_value"):  # of pydantic, whose attributes contain the secret
        return str(value)
    for list_names in (_dataclass_names, _attrs_names, _pydantic_names, _namespace_names):
        names = list_names(value)
        if names is not None:
            found = {name: getattr(value, name, _NO_FIELD) for name in names}
            return Fields({key: item for key, item in found.items() if item is not _NO_FIELD})
    return _NO_FIELD


def _dataclass_names(value: Any) -> list[str] | None:
    if not hasattr(type(value), "__dataclass_fields__"):
        return None
    from dataclasses import fields

    return [field.name for field in fields(value)]


def _attrs_names(value: Any) -> list[str] | None:
    attributes = getattr(type(value), "__attrs_attrs__", None)
    return None if attributes is None else [attribute.name for attribute in attributes]


def _pydantic_names(value: Any) -> list[str] | None:
    kind = type(value)
    if not hasattr(kind, "__pydantic_fields__") and not hasattr(kind, "__fields_set__"):
        return None
    return [*vars(value), *(getattr(value, "__pydantic_extra__", None) or ())]


def _namespace_names(value: Any) -> list[str] | None:
    is_namespace = isinstance(value, SimpleNamespace) or _is_a(value, "argparse", "Namespace")
    return list(vars(value)) if is_namespace else None


def _describe(value: Any) -> Any:
    """Return the text that a class has for its objects, or else their attributes."""
    kind = type(value)
    module = str(kind.__module__)
    is_opaque = module.partition(".")[0] in sys.stdlib_module_names or module.startswith(_RUNS)
    has_text = getattr(kind, "__repr__", None) is not object.__repr__
    if is_opaque or has_text or isinstance(value, (Iterator, BaseException)):
        return str.__str__(repr(value))
    attributes = _attributes(value)
    return repr(value) if attributes is None else Fields(attributes, _dotted_name(kind))


def _attributes(value: Any) -> dict[str, Any] | None:
    found = dict(getattr(value, "__dict__", None) or {})
    for kind in type(value).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in [slots] if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__"):
                found[name] = getattr(value, name, _NO_FIELD)
    return {str(key): item for key, item in found.items() if item is not _NO_FIELD}


def _dotted_name(value: Any) -> str:
    module = getattr(value, "__module__", None)
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None) or repr(value)
    return f"{module}.{name}" if module and module != "builtins" else str(name)


def _is_a(value: Any, module: str, name: str) -> bool:
    """Return whether ``value`` is an instance, without importing the module for it."""
    kind = getattr(sys.modules.get(module), name, None)
    return isinstance(kind, type) and isinstance(value, kind)
