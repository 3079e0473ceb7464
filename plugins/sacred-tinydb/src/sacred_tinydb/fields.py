"""From the document of a run to the fields of a `StoredRun`."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sacred_core.exceptions import DamagedRecordError
from sacred_core.stores import Annotation, Read, first_items
from sacred_tinydb.database import Document
from sacred_tinydb.tags import tagged_date


def document_fields(document: Callable[[], Document]) -> dict[str, Read]:
    """Return what reads each field of a run; see `sacred_core.stores.GuardedStore`.

    Args:
        document: Returns what is stored, with values as the user gave them.
    """

    def field(name: str) -> Read:
        return lambda: document().get(name)

    def time(name: str) -> Read:
        return lambda: _required_date(name, document().get(name))

    names = (
        "run_id", "status", "command", "experiment", "host", "config", "info", "result",
        "fail_trace",
    )  # fmt: skip
    return {
        **{name: field(name) for name in names},
        **{name: time(name) for name in ("start_time", "stop_time", "heartbeat")},
        "meta": lambda: _meta(document()),
        "queue_time": lambda: _queue_time(document()),
        "artifacts": lambda: first_items("artifacts", document().get("artifacts")),
        "resources": lambda: list(
            dict.fromkeys(first_items("resources", document().get("resources")))
        ),
        "annotations": lambda: [_annotation(said) for said in document().get("annotations") or ()],
    }


def _meta(document: Document) -> Any:
    meta, queued = document.get("meta"), _queue_time(document)
    return meta if queued is None else {**document["meta"], "queue_time": queued.isoformat()}


def _queue_time(document: Document) -> datetime | None:
    meta = document.get("meta")
    return _required_date("queue_time", meta.get("queue_time")) if isinstance(meta, dict) else None


def _required_date(name: str, stored: Any) -> datetime | None:
    time = tagged_date(stored)
    if time is None and stored is not None:
        raise DamagedRecordError(f"{name} is not a time: {str(stored)[:40]!r}")
    return time


def _annotation(said: Any) -> Annotation:
    return Annotation(**{**said, "time": tagged_date(said["time"])})
