"""numpy's types of elements: from bytes to Python's values, and the strings of times."""

import array
import ast
import re
import struct
import sys
from datetime import date, datetime, timedelta
from typing import Any

import attrs

from sacred_core.jsonpickle_data.tags import UnreadableTagError

_NAME = re.compile(
    r"([<>|=]?)"
    r"(?:(bool|u?int|float|complex)(\d*)|([biufcUSmM])(\d*)|(datetime64|timedelta64))"
    r"(?:\[(\w+)\])?"
)
_KINDS = {"bool": "b", "int": "i", "uint": "u", "float": "f", "complex": "c"}
_TIMES = {"datetime64": "M", "timedelta64": "m"}
CODES = {
    "i1": "b", "i2": "h", "i4": "i", "i8": "q", "u1": "B", "u2": "H", "u4": "I", "u8": "Q",
    "f4": "f", "f8": "d", "b1": "B", "M8": "q", "m8": "q", "c8": "f", "c16": "d",
}  # fmt: skip
_NOT_A_TIME = -(2**63)
#: Units of times: microseconds, if they have a fixed length of some, and numpy's name.
_UNITS = {
    "Y": (0, "years"), "M": (0, "months"), "W": (604_800_000_000, "weeks"),
    "D": (86_400_000_000, "days"), "h": (3_600_000_000, "hours"), "m": (60_000_000, "minutes"),
    "s": (1_000_000, "seconds"), "ms": (1_000, "milliseconds"), "us": (1, "microseconds"),
    "ns": (0, "nanoseconds"),
}  # fmt: skip
#: Characters of a time in ISO 8601 that numpy writes.
_LENGTHS = {"Y": 4, "M": 7, "W": 10, "D": 10, "h": 13, "m": 16, "s": 19, "ms": 23, "us": 26}
_EPOCH = datetime(1970, 1, 1)


@attrs.frozen
class ElementType:
    """The type of the elements of an array.

    Attributes:
        kind: numpy's letter: b, i, u, f, c, U, S, M or m; V for a structure.
        size: Bytes of an element.
        order: ``<`` or ``>``.
        unit: Of a time.
        fields: The names and types of a structure.
    """

    kind: str
    size: int
    order: str
    unit: str = ""
    fields: tuple["ElementType", ...] = ()


def element_type(name: Any, order: Any) -> ElementType:
    """Return the type of a name such as ``float64``, ``<U5``, ``datetime64[D]``."""
    if not isinstance(name, str) or len(name) > 10_000:
        raise UnreadableTagError
    if name.startswith("["):
        return _structure(name)
    found = _NAME.fullmatch(name)
    if found is None:
        raise UnreadableTagError
    mark, word, bits, letter, count, time, unit = found.groups()
    own = mark if mark in ("<", ">") else order if order in ("<", ">") else "<"
    if time or letter in ("m", "M"):
        return ElementType(_TIMES[time] if time else letter, 8, own, unit or "")
    if word:
        return _checked(ElementType(_KINDS[word], 1 if word == "bool" else int(bits) // 8, own))
    size = int(count or 1)
    return _checked(ElementType(letter, size * 4 if letter == "U" else size, own))


def _checked(kind: ElementType) -> ElementType:
    is_known = f"{kind.kind}{kind.size}" in CODES or (kind.kind, kind.size) == ("f", 2)
    if not (is_known or kind.kind in "US") or not 0 < kind.size < 2**31:
        raise UnreadableTagError
    return kind


def _structure(name: str) -> ElementType:
    """Return the type of ``[('a', '<i4'), ('b', '<f8')]``, without gaps and nested arrays."""
    pairs = ast.literal_eval(name)
    if not pairs or not all(isinstance(each, tuple) and len(each) == 2 for each in pairs):
        raise UnreadableTagError
    fields = tuple(element_type(kind, None) for _, kind in pairs)
    return ElementType("V", sum(field.size for field in fields), "<", fields=fields)


def element_values(data: bytes, kind: ElementType) -> list[Any]:
    """Return the elements that follow each other in ``data``."""
    if kind.kind == "V":
        return _structures(data, kind)
    if kind.kind == "S":
        cells = [data[i : i + kind.size] for i in range(0, len(data), kind.size)]
        return [cell.rstrip(b"\0") for cell in cells]
    if kind.kind == "U":
        encoding = "utf-32-le" if kind.order == "<" else "utf-32-be"
        cells = [data[i : i + kind.size] for i in range(0, len(data), kind.size)]
        return [cell.decode(encoding, "surrogatepass").rstrip("\0") for cell in cells]
    if kind.kind == "f" and kind.size == 2:
        return list(struct.unpack(f"{kind.order}{len(data) // 2}e", data))
    numbers = array.array(CODES[f"{kind.kind}{kind.size}"], data)
    if (kind.order == "<") != (sys.byteorder == "little"):
        numbers.byteswap()
    listed = numbers.tolist()
    if kind.kind == "b":
        return [value != 0 for value in listed]
    if kind.kind == "c":
        return [complex(*pair) for pair in zip(listed[::2], listed[1::2], strict=True)]
    return [_time(each, kind) for each in listed] if kind.kind in "mM" else listed


def _structures(data: bytes, kind: ElementType) -> list[Any]:
    columns, start = [], 0
    for field in kind.fields:
        cells = [data[i : i + field.size] for i in range(start, len(data), kind.size)]
        columns.append(element_values(b"".join(cells), field))
        start += field.size
    return [list(row) for row in zip(*columns, strict=True)]


def time_string(value: Any, dtype: Any) -> Any:
    """Return a time or duration of numpy as ``str`` does: ``2020-02-29T12``, ``3 seconds``.

    Args:
        value: A number of units, or what jsonpickle wrote: a date, datetime or timedelta.
        dtype: Its type, such as ``datetime64[h]``.
    """
    kind = element_type(dtype, None)
    micro = timedelta(microseconds=1)
    step = _UNITS.get(kind.unit, (0, ""))[0]
    if isinstance(value, timedelta) and step:
        return _time(value // (step * micro), kind)
    if isinstance(value, date) and kind.unit in _LENGTHS:
        return value.isoformat() if step == 0 else _time(_since_epoch(value) // step, kind)
    return _time(value, kind) if type(value) is int else value


def _since_epoch(value: date) -> int:
    time = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
    return (time.replace(tzinfo=None) - _EPOCH) // timedelta(microseconds=1)


def _time(number: int, kind: ElementType) -> Any:
    """Return a number of units as numpy's ``str``; as it is where there is no such date."""
    if number == _NOT_A_TIME:
        return "NaT"
    if kind.unit not in _UNITS:
        return number
    step, name = _UNITS[kind.unit]
    if kind.kind == "m":
        return f"{number} {name}"
    try:
        if kind.unit in ("Y", "M"):
            months = number * (12 if kind.unit == "Y" else 1)
            text = f"{1970 + months // 12:04}-{months % 12 + 1:02}"
            return text[: _LENGTHS[kind.unit]]
        if kind.unit == "ns":
            time = _EPOCH + timedelta(microseconds=number // 1000)
            return f"{time.isoformat(timespec='microseconds')}{number % 1000:03}"
        time = _EPOCH + timedelta(microseconds=number * step)
        return time.isoformat(timespec="microseconds")[: _LENGTHS[kind.unit]]
    except OverflowError:
        return number
