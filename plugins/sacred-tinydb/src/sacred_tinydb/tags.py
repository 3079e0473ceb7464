"""Values in documents that are strings with a tag.

Of our own documents only fields for times and files have tags. Sacred writes them anywhere.
"""

import json
from datetime import UTC, datetime
from typing import Any

from sacred_core.serialization import plain

_DATE, _FILE = "{TinyDate}:", "{TinyFile}:"
#: Before the JSON text of numpy's and pandas' objects.
_JSON_TAGS = ("{TinyArray}:", "{TinyDataFrame}:", "{TinySeries}:")


def date_tag(time: datetime | None) -> str | None:
    """Return a time as it is stored: in UTC, without saying so."""
    if time is None:
        return None
    if time.tzinfo is not None:
        time = time.astimezone(UTC).replace(tzinfo=None)
    return _DATE + time.isoformat(timespec="microseconds")


def tagged_date(stored: Any) -> datetime | None:
    """Return the aware time that a field holds, or None."""
    if isinstance(stored, str) and stored.startswith(_DATE):
        try:
            stored = datetime.fromisoformat(stored[len(_DATE) :])
        except ValueError:
            return None
    if not isinstance(stored, datetime):  # as a serializer of the database made it
        return None
    try:
        return stored.replace(tzinfo=UTC) if stored.tzinfo is None else stored.astimezone(UTC)
    except OverflowError:
        return None


def file_tag(file_id: str) -> str:
    """Return what stands for the file with a given hash."""
    return _FILE + json.dumps(file_id)


def tagged_file(stored: Any) -> str | None:
    """Return the hash of the file that a field holds, or None."""
    if not isinstance(stored, str) or not stored.startswith(_FILE):
        return None
    return stored[len(_FILE) :].strip('"')


def untagged_values(value: Any) -> Any:
    """Return a value that Sacred recorded as plain data: arrays, tables and times without tags.

    A string that only begins with a tag stays as it is; a time has no zone, as Sacred wrote it.
    """
    if isinstance(value, dict):
        return {key: untagged_values(item) for key, item in value.items()}
    if isinstance(value, list):
        return [untagged_values(item) for item in value]
    if not isinstance(value, str) or not value.startswith("{Tiny"):
        return value
    try:
        if value.startswith(_DATE):
            return plain(datetime.fromisoformat(value[len(_DATE) :]))
        tag = next((tag for tag in _JSON_TAGS if value.startswith(tag)), None)
        return value if tag is None else json.loads(value[len(tag) :])
    except (ValueError, RecursionError):
        return value
