"""Between plain data and what BSON holds, and back without loss.

Keys that MongoDB or its users' queries would stumble over are written with a percent sign as in
URLs; a value that BSON lacks is its JSON text, as ``{"%json": "123456789012345678901234567890"}``.
"""

import json
import re
from datetime import datetime
from typing import Any

from bson import ObjectId

JSON = "%json"
#: A value that is kept in a file of its own, see `sacred_mongo.places`.
FILE = "%file"
#: The ``metrics`` of the user's own ``info``: under that name stand those of the run.
OWN_METRICS = "%metrics"

#: What a BSON integer can be.
INTEGERS = range(-(2**63), 2**63)
_DEEPEST = 80  # MongoDB takes 100 levels, some of which the document needs
_AWKWARD = re.compile(
    r"%(?=2E|24|25|00|u[0-9A-F]{4}|json$|file$|metrics$)|\.|^\$|\0|[\ud800-\udfff]"
)
_ESCAPED = re.compile(r"%(2E|24|25|00|u[0-9A-F]{4})")
#: What names of files hold: other programs show them, so that they stay strings.
_AWKWARD_NAME = re.compile(r"%(?=u[0-9A-F]{4})|[\ud800-\udfff]")
_ESCAPED_NAME = re.compile(r"%u([0-9A-F]{4})")


def stored(value: Any, depth: int = 0) -> Any:
    """Return plain ``value`` as BSON can hold it."""
    kind = type(value)
    if kind is float or kind is bool or value is None:
        return value
    if kind is int:
        return value if value in INTEGERS else {JSON: str(value)}
    if kind is str:
        return value if is_unicode(value) else {JSON: json.dumps(value)}
    if kind is dict or kind is list:
        if depth == _DEEPEST:
            return {JSON: json.dumps(value)}
        if kind is list:
            return [stored(item, depth + 1) for item in value]
        return {stored_key(key): stored(item, depth + 1) for key, item in value.items()}
    return value  # what is BSON already: times and ids


def loaded(value: Any) -> Any:
    """Return what `stored` made of plain data as that data."""
    if isinstance(value, dict):
        if len(value) == 1 and JSON in value:
            try:
                return json.loads(value[JSON])
            except (ValueError, TypeError, RecursionError):  # edited by hand
                return foreign(value)
        return {loaded_key(key): loaded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [loaded(item) for item in value]
    return foreign(value)


def loaded_keeping_times(value: Any) -> Any:
    """Return what `stored` made of plain data and times as those."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, dict) and not (len(value) == 1 and JSON in value):
        return {loaded_key(key): loaded_keeping_times(item) for key, item in value.items()}
    if isinstance(value, list):
        return [loaded_keeping_times(item) for item in value]
    return loaded(value)


def foreign(value: Any) -> Any:
    """Return what another program wrote as plain data; nothing in it is interpreted."""
    if isinstance(value, dict):
        return {key: foreign(item) for key, item in value.items()}
    if isinstance(value, list):
        return [foreign(item) for item in value]
    if isinstance(value, (ObjectId, datetime)):
        return str(value) if isinstance(value, ObjectId) else value.isoformat()
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return value if value is None else str(value)


def stored_key(key: Any) -> str:
    """Return a key as it is stored: text, without what MongoDB reads something into."""
    text = key if isinstance(key, str) else json.dumps(key)  # as JSON has true for True
    return _AWKWARD.sub(_escape, text)


def loaded_key(key: str) -> str:
    """Return the key that `stored_key` was given."""
    return _ESCAPED.sub(lambda found: chr(int(found[1].lstrip("u"), 16)), key)


def stored_name(name: str) -> str:
    """Return the name of a file as a string that UTF-8 has: ``caf%uDCE9`` for ``caf\\udce9``."""
    return _AWKWARD_NAME.sub(lambda found: f"%u{ord(found[0]):04X}", name)


def loaded_name(name: str) -> str:
    """Return the name that `stored_name` was given."""
    return _ESCAPED_NAME.sub(lambda found: chr(int(found[1], 16)), name)


def unicode_text(text: str) -> str:
    """Return ``text`` with a question mark for each half of a surrogate pair."""
    return text if is_unicode(text) else text.encode("utf-8", "replace").decode()


def is_unicode(text: str) -> bool:
    """Tell whether ``text`` holds no half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"%{code:02X}" if code < 0x80 else f"%u{code:04X}"
