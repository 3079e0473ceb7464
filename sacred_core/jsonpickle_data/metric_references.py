"""The references to metrics that Sacred's MongoObserver puts into ``info``."""

import re
from typing import Any

_OBJECT_ID = re.compile(r"[0-9a-f]{24}")


def without_metric_references(info: Any) -> Any:
    """Return ``info`` without the references to documents of MongoDB.

    If a run of Sacred has a MongoObserver and another observer, the MongoObserver adds
    ``{"metrics": [{"name": "loss", "id": "507f1f77bcf86cd799439011"}]}`` to the dictionary that
    the other observer records. They have no meaning outside of that database. A value of the user
    with the name ``metrics`` has another form.
    """
    if not isinstance(info, dict) or not _are_references(info.get("metrics")):
        return info
    return {name: value for name, value in info.items() if name != "metrics"}


def _are_references(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_reference, value))


def _is_reference(entry: Any) -> bool:
    is_entry = isinstance(entry, dict) and entry.keys() == {"name", "id"}
    return is_entry and isinstance(entry["id"], str) and bool(_OBJECT_ID.fullmatch(entry["id"]))
