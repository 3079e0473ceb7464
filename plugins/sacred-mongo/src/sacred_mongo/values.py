"""Between plain data and what BSON contains, and back without loss.

Keys that MongoDB or its users' queries would misread are written with a percent sign as in
URLs; a value that BSON lacks is its JSON text, as ``{"%json": "123456789012345678901234567890"}``.
"""

import json
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from bson import ObjectId

from sacred_core.serialization import SURROGATES, escape, unescape
from sacred_core.stores.run_ids import INT64

JSON = "%json"
#: A value that is stored in a separate file, see `sacred_mongo.documents`.
FILE = "%file"
#: The ``metrics`` of the user's own ``info``: under that name are those of the run.
OWN_METRICS = "%metrics"

_DEEPEST = 80  # MongoDB takes 100 levels, some of which the document needs
_UNSAFE = re.compile(
    rf"%(?=2E|24|25|00|u[0-9A-F]{{4}}|json$|file$|metrics$)|\.|^\$|\0|{SURROGATES}"
)
_ESCAPES = re.compile(r"%(2E|24|25|00|u[0-9A-F]{4})")
#: What names of files contain: other programs show them, so that they stay strings.
_UNSAFE_NAME = re.compile(rf"%(?=u[0-9A-F]{{4}})|{SURROGATES}")
_ESCAPES_OF_NAMES = re.compile(r"%(u[0-9A-F]{4})")
#: Types of items of a column that are stored and read as they are.
_STORED_TYPES = frozenset((float, bool, type(None), datetime))
_READ_TYPES = frozenset((float, bool, type(None), int, str))


def encode(value: Any, depth: int = 0) -> Any:
    """Return plain ``value`` as BSON can contain it."""
    kind = type(value)
    if kind is float or kind is bool or value is None:
        return value
    if kind is int:
        return value if value in INT64 else {JSON: str(value)}
    if kind is str:
        return value if is_unicode(value) else {JSON: json.dumps(value)}
    if kind is dict or kind is list:
        if depth == _DEEPEST:
            return {JSON: json.dumps(value)}
        if kind is list:
            return [encode(item, depth + 1) for item in value]
        return {encode_key(key): encode(item, depth + 1) for key, item in value.items()}
    return value  # what is BSON already: times and ids


def encode_column(values: Sequence[Any]) -> list[Any]:
    """Return the items of a column of a metric as BSON can hold them."""
    kinds = set(map(type, values))
    if kinds == {int} and min(values) in INT64 and max(values) in INT64:
        return list(values)
    return list(values) if kinds <= _STORED_TYPES else [encode(value) for value in values]


def decode_column(values: list[Any], decode_item: Callable[[Any], Any] | None = None) -> list[Any]:
    """Return the items of a column.

    Args:
        values: As they are stored.
        decode_item: `decode` by default, or `decode_foreign`.
    """
    if _READ_TYPES.issuperset(map(type, values)):
        return values
    return [(decode_item or decode)(value) for value in values]


def decode(value: Any) -> Any:
    """Return what `encode` made of plain data as that data."""
    if isinstance(value, dict):
        if len(value) == 1 and JSON in value:
            try:
                return json.loads(value[JSON])
            except (ValueError, TypeError, RecursionError):  # edited by hand
                return decode_foreign(value)
        return {decode_key(key): decode(item) for key, item in value.items()}
    if isinstance(value, list):
        return [decode(item) for item in value]
    return decode_foreign(value)


def decode_keeping_times(value: Any) -> Any:
    """Return what `encode` made of plain data and times as those."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, dict) and not (len(value) == 1 and JSON in value):
        return {decode_key(key): decode_keeping_times(item) for key, item in value.items()}
    if isinstance(value, list):
        return [decode_keeping_times(item) for item in value]
    return decode(value)


def decode_foreign(value: Any) -> Any:
    """Return what another program wrote as plain data; nothing in it is interpreted."""
    if isinstance(value, dict):
        return {key: decode_foreign(item) for key, item in value.items()}
    if isinstance(value, list):
        return [decode_foreign(item) for item in value]
    if isinstance(value, (ObjectId, datetime)):
        return str(value) if isinstance(value, ObjectId) else value.isoformat()
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return value if value is None else str(value)


def file_of(value: Any) -> Any:
    """Return the id of the file that has the value of a field, or None."""
    return value.get(FILE) if isinstance(value, dict) else None


def encode_key(key: Any) -> str:
    """Return a key as it is stored: text, without what MongoDB reads something into."""
    text = key if isinstance(key, str) else json.dumps(key)  # as JSON has true for True
    return escape(text, _UNSAFE)


def decode_key(key: str) -> str:
    """Return the key that `encode_key` was given."""
    return unescape(key, _ESCAPES)


def encode_name(name: str) -> str:
    """Return the name of a file as a string that UTF-8 has: ``caf%uDCE9`` for ``caf\\udce9``."""
    return escape(name, _UNSAFE_NAME, only_unicode=True)


def decode_name(name: str) -> str:
    """Return the name that `encode_name` was given."""
    return unescape(name, _ESCAPES_OF_NAMES)


def to_unicode(text: str) -> str:
    """Return ``text`` with a question mark for each half of a surrogate pair."""
    return text if is_unicode(text) else text.encode("utf-8", "replace").decode()


def is_unicode(text: str) -> bool:
    """Return whether ``text`` contains no half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
