"""JSON in a bucket."""

from collections.abc import Callable
from typing import Any

from sacred_core.exceptions import DamagedRecordError
from sacred_core.jsonpickle_data import decode_jsonpickle
from sacred_core.serialization import from_json
from sacred_objects.bucket import Bucket


class UnreadableError(DamagedRecordError):
    """An object is not valid JSON."""


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
        UnreadableError: it is not valid JSON.
        StoreError: the bucket cannot be read.
    """
    data = bucket.get(key)
    if data is None:
        return default
    try:
        return from_json(data, decode)
    except ValueError as error:
        raise UnreadableError(f"'{bucket.url}/{key}' is not valid JSON: {error}") from None
