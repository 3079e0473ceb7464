"""The functions that read the supported tags."""

import base64
import binascii
import collections
import datetime
import decimal
import fractions
import ipaddress
import pathlib
import uuid
from collections.abc import Callable
from typing import Any

from sacred_core.jsonpickle_data.tags import (
    Decoder,
    Reader,
    Tag,
    UnreadableTagError,
    arguments,
    type_name,
)

#: Numbers of a range, whose tag has three of them only.
_LONGEST_RANGE = 1_000_000


def read_subclass(node: Tag, decoder: Decoder) -> list[Any] | dict[Any, Any]:
    """Return the items of an object of a class derived from list, tuple, set or dict.

    Raises:
        UnreadableTagError: it is another object, or has attributes too.
    """
    if node.get("__dict__") == {}:  # jsonpickle writes it for dictionaries only
        return _read_dict(node, decoder)
    items = node.get("py/seq")
    if not isinstance(items, list) or set(node) - {"py/object", "py/seq", "py/newargs"}:
        raise UnreadableTagError
    return [decoder.decode(item) for item in items]


def _make(kind: Callable[..., Any], *types: type) -> Reader:
    """Return what makes an object of its arguments, all of which must be of the ``types``."""

    def read(node: Tag, decoder: Decoder) -> Any:
        given = arguments(node, decoder)
        if not all(type(each) in types for each in given):
            raise UnreadableTagError
        try:
            return kind(*given)
        except (TypeError, ValueError, ArithmeticError):
            raise UnreadableTagError from None

    return read


def _read_bytes(node: Tag, decoder: Decoder) -> bytes:
    try:
        if "py/b64" in node:
            return base64.b64decode(node["py/b64"])
        return base64.b85decode(node["py/b85"])
    except (TypeError, ValueError, binascii.Error):
        raise UnreadableTagError from None


def _read_bytearray(node: Tag, decoder: Decoder) -> bytearray:
    """Read the numbers, which jsonpickle 2 and later omit."""
    try:
        return bytearray(node["py/seq"])
    except (KeyError, TypeError, ValueError):
        raise UnreadableTagError from None


def _read_items(node: Tag, decoder: Decoder) -> dict[Any, Any]:
    """Read the pairs of an OrderedDict."""
    parts = node["py/reduce"] if isinstance(node.get("py/reduce"), list) else []
    pairs = parts[4] if len(parts) > 4 else None
    if pairs is None and arguments(node, decoder) == []:
        return {}
    decoded = decoder.decode(pairs)
    if not isinstance(decoded, list):
        raise UnreadableTagError
    try:
        return {_hashable(key): value for key, value in decoded}
    except (TypeError, ValueError):
        raise UnreadableTagError from None


def _read_counter(node: Tag, decoder: Decoder) -> dict[Any, Any]:
    given = arguments(node, decoder)
    if len(given) != 1 or not isinstance(given[0], dict):
        raise UnreadableTagError
    return given[0]


def _read_set(node: Tag, decoder: Decoder) -> Any:
    given = arguments(node, decoder)
    if len(given) != 1 or not isinstance(given[0], list):
        raise UnreadableTagError
    return as_set(given[0])


def as_set(items: list[Any]) -> Any:
    """Return a set where that is possible: `plain` sorts what it can."""
    return set(items) if all(type(item) in (str, int, float, bool) for item in items) else items


def _read_deque(node: Tag, decoder: Decoder) -> Any:
    parts = node.get("py/reduce")
    items = decoder.decode(parts[3]) if isinstance(parts, list) and len(parts) > 3 else []
    given = arguments(node, decoder)
    limit = given[1] if len(given) > 1 else None
    if not isinstance(items or [], list) or not (limit is None or type(limit) is int):
        raise UnreadableTagError
    try:
        return collections.deque(items or [], limit)
    except (ValueError, OverflowError):
        raise UnreadableTagError from None


def _read_dict(node: Tag, decoder: Decoder) -> dict[Any, Any]:
    """Read a dictionary whose class has no state that matters."""
    own = ("py/object", "__dict__", "default_factory")
    decoded: dict[Any, Any] = decoder.decode({k: v for k, v in node.items() if k not in own})
    return decoded


def _read_list(node: Tag, decoder: Decoder) -> list[Any]:
    items = node.get("py/seq")
    if not isinstance(items, list):
        raise UnreadableTagError
    return [decoder.decode(item) for item in items]


def _read_uuid(node: Tag, decoder: Decoder) -> uuid.UUID:
    try:
        return uuid.UUID(node["hex"])
    except (KeyError, AttributeError, TypeError, ValueError):
        raise UnreadableTagError from None


def _pickled_reader(*kinds: type) -> Reader:
    """Return what reads a date or time from the bytes that it is pickled as."""
    kind = kinds[0]
    lengths = {datetime.date: 4, datetime.time: 6, datetime.datetime: 10}

    def read(node: Tag, decoder: Decoder) -> Any:
        try:
            (packed, *zones) = node["__reduce__"][1]
            data = base64.b64decode(packed)
            zone = [decoder.decode(each) for each in zones]
            if len(data) != lengths[kind] or not all(_is_zone(each) for each in zone):
                raise UnreadableTagError
            return _unpack(kind, data, zone[0] if zone else None)
        except (KeyError, IndexError, TypeError, ValueError, OverflowError):
            raise UnreadableTagError from None

    return read


def _unpack(kind: type, data: bytes, zone: datetime.tzinfo | None) -> Any:
    """Build a date or time from the bytes of its pickle (CPython's ``Lib/_pydatetime.py``)."""
    if kind is datetime.time:
        fold, hour = divmod(data[0], 0x80)
        micro = int.from_bytes(data[3:6], "big")
        return datetime.time(hour, data[1], data[2], micro, zone, fold=fold)
    year = int.from_bytes(data[:2], "big")
    fold, month = divmod(data[2], 0x80)
    if kind is datetime.date:
        return datetime.date(year, data[2], data[3])
    micro = int.from_bytes(data[7:10], "big")
    day, hour, minute, second = data[3:7]
    return datetime.datetime(year, month, day, hour, minute, second, micro, zone, fold=fold)


def _is_zone(value: Any) -> bool:
    return value is None or isinstance(value, datetime.tzinfo)


def _timezone(offset: datetime.timedelta, name: str | None = None) -> datetime.timezone:
    return datetime.timezone(offset) if name is None else datetime.timezone(offset, name)


def _utc() -> datetime.timezone:
    return datetime.UTC


def _read_timestamp(node: Tag, decoder: Decoder) -> Any:
    """Read a time of pandas; one with nanoseconds is the string that was stored."""
    try:
        text = node["meta"]["isoformat"]
        if not isinstance(text, str):
            raise UnreadableTagError
    except (KeyError, TypeError):
        raise UnreadableTagError from None
    try:
        return datetime.datetime.fromisoformat(text) if len(text.partition(".")[2]) < 7 else text
    except ValueError:
        return text


def _read_scalar(node: Tag, decoder: Decoder) -> Any:
    if "value" not in node:
        raise UnreadableTagError
    value = decoder.decode(node["value"])
    if type_name(node) in ("numpy.datetime64", "numpy.timedelta64"):
        from sacred_core.jsonpickle_data.arrays import time_string

        return time_string(value, node.get("dtype"))
    return value


def _read_array(node: Tag, decoder: Decoder) -> Any:
    from sacred_core.jsonpickle_data.arrays import read_array

    return read_array(node, decoder)


def _read_masked_array(node: Tag, decoder: Decoder) -> Any:
    """Read an array whose mask is written only where its items are listed."""
    if not isinstance(node.get("values"), list):
        raise UnreadableTagError
    return decoder.decode(node["values"])


def _read_frame(node: Tag, decoder: Decoder) -> Any:
    from sacred_core.jsonpickle_data.frames import read_frame

    return read_frame(node, decoder)


def _read_series(node: Tag, decoder: Decoder) -> Any:
    from sacred_core.jsonpickle_data.frames import read_series

    return read_series(node, decoder)


def _read_index(node: Tag, decoder: Decoder) -> Any:
    from sacred_core.jsonpickle_data.frames import read_index

    return read_index(node, decoder)


def _bounded_range(*numbers: int) -> range:
    """Return a range whose numbers may all be listed: a few bytes must not fill the memory."""
    found = range(*numbers)
    if len(found) > _LONGEST_RANGE:
        raise UnreadableTagError
    return found


def _hashable(key: Any) -> Any:
    return tuple(key) if isinstance(key, list) else key


DECODERS: dict[str, Reader] = {
    "bytes": _read_bytes,
    "builtins.bytearray": _read_bytearray,
    "builtins.complex": _make(complex, int, float),
    "builtins.range": _make(_bounded_range, int),
    "builtins.frozenset": _read_set,
    "builtins.set": _read_set,
    "collections.OrderedDict": _read_items,
    "collections.Counter": _read_counter,
    "collections.defaultdict": _read_dict,
    "collections.deque": _read_deque,
    "dict": _read_dict,
    "list": _read_list,
    "decimal.Decimal": _make(decimal.Decimal, str),
    "fractions.Fraction": _make(fractions.Fraction, int, str),
    "uuid.UUID": _read_uuid,
    "datetime.date": _pickled_reader(datetime.date),
    "datetime.time": _pickled_reader(datetime.time),
    "datetime.datetime": _pickled_reader(datetime.datetime),
    "datetime.timedelta": _make(datetime.timedelta, int, float),
    "datetime.timezone": _make(_timezone, datetime.timedelta, str),
    "pytz._UTC": _make(_utc),
    "pathlib.PurePosixPath": _make(pathlib.PurePosixPath, str),
    "pathlib.PosixPath": _make(pathlib.PurePosixPath, str),
    "pathlib.PureWindowsPath": _make(pathlib.PureWindowsPath, str),
    "pathlib.WindowsPath": _make(pathlib.PureWindowsPath, str),
    "ipaddress.IPv4Address": _make(ipaddress.IPv4Address, int, str),
    "ipaddress.IPv6Address": _make(ipaddress.IPv6Address, int, str),
    "timestamp": _read_timestamp,
    "scalar": _read_scalar,
    "array": _read_array,
    "masked array": _read_masked_array,
    "frame": _read_frame,
    "series": _read_series,
    "index": _read_index,
}
