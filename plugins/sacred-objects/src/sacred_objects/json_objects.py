"""JSON in a bucket, valid for every parser."""

import json
from collections.abc import Callable
from typing import Any

from sacred_core.exceptions import DamagedRecordError
from sacred_core.jsonpickle_data import decode_jsonpickle
from sacred_core.serialization import plain, strict_json
from sacred_objects.bucket import Bucket


class UnreadableError(DamagedRecordError):
    """An object holds no JSON."""


def json_bytes(value: Any) -> bytes:
    """Return anything as the bytes of a JSON file."""
    # Half a character, which UTF-8 lacks, is spelled as JSON spells it.
    return f"{strict_json(plain(value), indent=2)}\n".encode("utf-8", "backslashreplace")


def read_json(
    bucket: Bucket,
    key: str,
    default: Any = None,
    decode: Callable[[Any], Any] = decode_jsonpickle,
) -> Any:
    """Return what the object holds, or ``default`` if there is none.

    Args:
        bucket: Where the object is.
        key: Its name.
        default: What is returned if it does not exist.
        decode: Makes tags of Sacred plain data.

    Raises:
        UnreadableError: it holds no JSON.
        StoreError: the bucket cannot be read.
    """
    data = bucket.get(key)
    if data is None:
        return default
    try:
        loaded = json.loads(data.decode("utf-8"))
    except ValueError as error:
        raise UnreadableError(f"'{bucket.url}/{key}' holds no JSON: {error}") from None
    return decode(loaded) if b'"py/' in data or b'"json://' in data else loaded
