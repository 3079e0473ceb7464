"""Values of a run that would not fit into its document: they become files that it names."""

import json
from collections.abc import Mapping
from typing import Any

import bson

from sacred_mongo.connection import Document
from sacred_mongo.places import Place, RunKey
from sacred_mongo.values import FILE, OWN_METRICS, loaded, stored

#: Bytes, which with 7 MB of output and the lists of files stay below 16 MB.
_LARGEST = {"info": 3_000_000, "config": 2_000_000, "result": 1_000_000}
_LARGEST_OTHER = 500_000


def fitted(place: Place, run: RunKey, name: str, value: Any) -> Any:
    """Return plain ``value`` as the field ``name`` of a run holds it."""
    kept = stored(value) if name != "info" else stored_info(value)
    if len(bson.encode({name: kept})) <= _LARGEST.get(name, _LARGEST_OTHER):
        return kept
    data = json.dumps(kept, default=str).encode()
    file = place.files.keep_bytes(data, f"{name}.json", f"{place.owner(run)}/{name}")
    return {FILE: file.id, "bytes": len(data)}


def whole(place: Place, value: Any) -> Any:
    """Return what `fitted` was given."""
    if isinstance(value, dict) and FILE in value:
        value = json.loads(place.files.read(value[FILE]))
    return loaded(value)


def file_of(value: Any) -> Any:
    """Return the id of the file with the value of a field, or None."""
    return value.get(FILE) if isinstance(value, dict) else None


def stored_info(info: Mapping[str, Any]) -> Document:
    """Return ``info`` as it is stored: its ``metrics`` make room for those of the run."""
    kept: Document = stored(dict(info))
    if "metrics" in kept:
        kept[OWN_METRICS] = kept.pop("metrics")
    return kept


def loaded_info(place: Place, value: Any) -> Any:
    """Return what `stored_info` was given, without the list of metrics."""
    info = {key: item for key, item in (value or {}).items() if key != "metrics"}
    if FILE in info:
        info = json.loads(place.files.read(info[FILE]))
    own = {"metrics": loaded(info.pop(OWN_METRICS))} if OWN_METRICS in info else {}
    return {**loaded(info), **own}
