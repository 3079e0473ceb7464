"""What a record has beside the fields of Sacred: summaries of metrics, and facts about files.

Backends store it as one value of plain data.
"""

from collections.abc import Mapping
from typing import Any

import attrs

from sacred_core.exceptions import DamagedRecordError
from sacred_core.stores.guarded import Read
from sacred_core.stores.model import FileInfo, StoredRun
from sacred_core.stores.summaries import decode_summary, encode_summary

#: The fields of a run that are part of it.
FACTS = frozenset(("metrics", "files"))
_TYPES = {"size": int, "md5": str, "content_type": str, "metadata": dict}


def encode_facts(run: StoredRun) -> dict[str, Any]:
    """Return the facts of a run as plain data."""
    metrics = {name: encode_summary(own) for name, own in (run.metrics or {}).items()}
    files = {
        kind: {name: _encode_file(info) for name, info in own.items()}
        for kind, own in run.files.items()
    }
    return {"metrics": metrics, "files": files}


def facts_fields(read: Read) -> dict[str, Read]:
    """Return functions that read the fields of a run from its facts; see `GuardedStore`.

    Args:
        read: Returns what `encode_facts` returned, None of a run that has none.
    """
    return {
        "metrics": lambda: _decode_metrics(read()),
        "files": lambda: _decode_files(read()),
    }


def _encode_file(info: FileInfo) -> dict[str, Any]:
    return {name: value for name, value in attrs.asdict(info).items() if value is not None}


def _decode_metrics(stored: Any) -> dict[str, Any] | None:
    metrics = _part(stored, "metrics")
    if metrics is None:
        return None
    try:
        return {name: decode_summary(own) for name, own in metrics.items()}
    except (TypeError, ValueError) as error:
        raise DamagedRecordError(f"the summary of a metric is damaged: {error}") from None


def _decode_files(stored: Any) -> dict[str, dict[str, FileInfo]] | None:
    files = _part(stored, "files")
    if files is None:
        return None
    try:
        return {
            kind: {name: _decode_file(info) for name, info in own.items()}
            for kind, own in files.items()
        }
    except (AttributeError, TypeError) as error:
        raise DamagedRecordError(f"what is stored about files is damaged: {error}") from None


def _decode_file(stored: Mapping[str, Any]) -> FileInfo:
    info = FileInfo(**stored)
    for name, kind in _TYPES.items():
        value = getattr(info, name)
        if value is not None and (not isinstance(value, kind) or isinstance(value, bool)):
            raise TypeError(f"{name} is of the type {type(value).__name__}")
    return info


def _part(stored: Any, name: str) -> Mapping[str, Any] | None:
    if stored is None:
        return None
    if not isinstance(stored, Mapping) or not isinstance(stored.get(name), Mapping):
        raise DamagedRecordError(f"the facts of the run have no {name}")
    return stored[name]  # type: ignore[no-any-return]
