"""Times and files in documents: texts with a tag, which only fields meant for them may hold."""

import json
from datetime import UTC, datetime
from typing import Any

_DATE, _FILE = "{TinyDate}:", "{TinyFile}:"


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
    return stored.replace(tzinfo=UTC) if stored.tzinfo is None else stored.astimezone(UTC)


def file_tag(file_id: str) -> str:
    """Return what stands for the file with a given hash."""
    return _FILE + json.dumps(file_id)


def tagged_file(stored: Any) -> str | None:
    """Return the hash of the file that a field holds, or None."""
    if not isinstance(stored, str) or not stored.startswith(_FILE):
        return None
    return stored[len(_FILE) :].strip('"')
