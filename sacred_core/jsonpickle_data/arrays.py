"""numpy's arrays as nested lists, from the bytes that jsonpickle stores of large ones.

Their ``values`` are base64 of zlib of the memory; a view has its ``base`` with ``offset`` and
``strides`` in bytes, as numpy defines them. Nothing is larger than the stored data allows.
"""

import array
import ast
import base64
import binascii
import itertools
import json
import math
import re
import struct
import sys
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import attrs

from sacred_core.jsonpickle_data.tags import Decoder, Tag, UnreadableTagError, family

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
#: Elements of an array that repeats those of its base.
_MOST_REPEATED = 1_000_000
_MOST_DIMENSIONS = 64  # that of numpy 2
#: Bytes of JSON text for each element of an array of objects.
_MOST_TEXT = 10_000


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
        return _check_size(ElementType(_KINDS[word], 1 if word == "bool" else int(bits) // 8, own))
    size = int(count or 1)
    return _check_size(ElementType(letter, size * 4 if letter == "U" else size, own))


def _check_size(kind: ElementType) -> ElementType:
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
    """Return a number of units as numpy's ``str``; as it is where the date does not exist."""
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


@attrs.frozen
class _Memory:
    """What an array occupies: where its first element is, and the steps between elements."""

    data: bytes
    type: ElementType
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int = 0


def read_array(tag: Tag, decoder: Decoder) -> Any:
    """Return an array as nested lists, that of no dimension as its value.

    Raises:
        UnreadableTagError: its data does not fit its shape, or the type is not known.
    """
    values = tag.get("values")
    if "values" in tag and not isinstance(values, (str, dict)):
        return _to_list(tag, decoder)
    if isinstance(values, dict) and tag.get("shape", []) == []:
        return decoder.decode(values)  # an array of no dimension
    try:
        if tag.get("dtype") == "object":
            return _objects(tag, decoder)
        memory = _memory(tag, decoder)
        decoder.spend(math.prod(memory.shape))
        return _reshape(_elements(memory), memory.shape)
    except (TypeError, ValueError, KeyError, OverflowError, struct.error, zlib.error) as error:
        raise UnreadableTagError from error


def _to_list(tag: Tag, decoder: Decoder) -> Any:
    """Return the values of a small array, which are lists already."""
    values = decoder.decode(tag["values"])
    if str(tag.get("dtype")).startswith(("datetime64", "timedelta64")):
        return _with_times(values, tag["dtype"])
    if values == [] and "shape" in tag:
        shape = _shape(tag)
        if math.prod(shape) == 0 and math.prod(filter(None, shape)) <= _MOST_REPEATED:
            return _reshape([], shape)
    return values


def _with_times(values: Any, dtype: Any) -> Any:
    if isinstance(values, list):
        return [_with_times(each, dtype) for each in values]
    return "NaT" if values is None else time_string(values, dtype)


def _objects(tag: Tag, decoder: Decoder) -> Any:
    """Return an array of objects, which is stored as separate JSON text."""
    shape = _shape(tag)
    most = min(math.prod(shape) * _MOST_TEXT, _most_inflated(tag["values"]))
    values = decoder.decode_document(json.loads(_inflate(tag["values"], most)))
    if not isinstance(values, list):
        raise UnreadableTagError
    decoder.spend(len(values))
    return values


def _memory(tag: Tag, decoder: Decoder) -> _Memory:
    kind = element_type(tag["dtype"], tag.get("byteorder"))
    if "base" in tag:
        return _view(tag, kind, decoder)
    shape = _shape(tag)
    size = math.prod(shape) * kind.size
    values = tag["values"]
    data = _inflate(values, size) if isinstance(values, str) else _pack(values, kind, size)
    if len(data) != size:
        raise UnreadableTagError
    return _Memory(data, kind, shape, _strides(shape, kind.size, tag.get("order") == "F"))


def _view(tag: Tag, kind: ElementType, decoder: Decoder) -> _Memory:
    base = decoder.resolve(tag["base"])
    if not isinstance(base, dict) or family(base) != "array":
        raise UnreadableTagError
    if "shape" not in base:
        base = {**base, "shape": _shape_of(base.get("values"))}
    whole = _memory(base, decoder)
    shape = _shape(tag)
    given = tag.get("strides")
    strides = _strides(shape, kind.size) if given is None else tuple(map(_integer, given))
    view = _Memory(whole.data, kind, shape, strides, whole.offset + _integer(tag.get("offset", 0)))
    _check(view)
    return view


def _check(view: _Memory) -> None:
    """Raise an error if an element of the view is outside of the data, or too many repeat."""
    count = math.prod(view.shape)
    if len(view.strides) != len(view.shape):
        raise UnreadableTagError
    if count > max(_MOST_REPEATED, len(view.data) // view.type.size):
        raise UnreadableTagError
    steps = [(n - 1) * step for n, step in zip(view.shape, view.strides, strict=True)]
    lowest = view.offset + sum(step for step in steps if step < 0)
    highest = view.offset + sum(step for step in steps if step > 0) + view.type.size
    if count and (lowest < 0 or highest > len(view.data)):
        raise UnreadableTagError


def _elements(memory: _Memory) -> list[Any]:
    """Return the elements, the last dimension fastest."""
    size = memory.type.size
    is_whole = memory.offset == 0 and memory.strides == _strides(memory.shape, size)
    if is_whole:
        return element_values(memory.data[: math.prod(memory.shape) * size], memory.type)
    data, starts = memory.data, _starts(memory)
    return element_values(b"".join([data[start : start + size] for start in starts]), memory.type)


def _starts(memory: _Memory) -> Iterator[int]:
    """Yield where the elements begin, the last dimension fastest."""
    steps = [
        [number * step for number in range(length)]
        for length, step in zip(memory.shape, memory.strides, strict=True)
    ]
    return (memory.offset + sum(each) for each in itertools.product(*steps))


def _reshape(flat: Sequence[Any], shape: tuple[int, ...]) -> Any:
    if not shape:
        return flat[0]
    for position in range(len(shape) - 1, 0, -1):
        length, count = shape[position], math.prod(shape[:position])
        flat = [list(flat[i * length : (i + 1) * length]) for i in range(count)]
    return list(flat)


def _inflate(text: str, size: int) -> bytes:
    """Return what was compressed, but not more than ``size`` bytes and one."""
    try:
        packed = base64.b64decode(text)
    except binascii.Error:
        raise UnreadableTagError from None
    if size > _most_inflated(text):
        raise UnreadableTagError
    return zlib.decompressobj().decompress(packed, size + 1)


def _most_inflated(text: str) -> int:
    """Return the most bytes that can be in compressed text: the shape alone allocates nothing."""
    return 1100 * len(text) + 1100  # zlib compresses to a thousandth at best


def _pack(values: Any, kind: ElementType, size: int) -> bytes:
    """Return listed numbers as the bytes that an array of them has."""
    flat = list(_flat(values))
    if len(flat) * kind.size != size or kind.kind not in "biuf":
        raise UnreadableTagError
    code = CODES.get(f"{kind.kind}{kind.size}", "e")
    return struct.pack(f"{kind.order}{len(flat)}{code}", *flat)


def _flat(values: Any) -> Iterator[Any]:
    for each in values if isinstance(values, list) else [values]:
        if isinstance(each, list):
            yield from _flat(each)
        else:
            yield each


def _shape_of(values: Any) -> list[int]:
    shape = []
    while isinstance(values, list):
        shape.append(len(values))
        values = values[0] if values else None
    return shape


def _shape(tag: Tag) -> tuple[int, ...]:
    shape = tuple(map(_integer, tag["shape"]))
    if len(shape) > _MOST_DIMENSIONS or any(length < 0 for length in shape):
        raise UnreadableTagError
    return shape


def _strides(shape: tuple[int, ...], size: int, is_fortran: bool = False) -> tuple[int, ...]:
    lengths = shape[:-1] if is_fortran else shape[:0:-1]
    found = list(itertools.accumulate(lengths, lambda a, b: a * b, initial=size))[: len(shape)]
    return tuple(found if is_fortran else found[::-1])


def _integer(value: Any) -> int:
    if type(value) is not int:
        raise UnreadableTagError
    return value
