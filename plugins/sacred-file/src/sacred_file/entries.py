"""From what is stored to a `StoredRun`."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import attrs

from sacred_core.serialization import column_values, from_json, plain, to_json
from sacred_core.stores import Annotation, StoredRun
from sacred_core.stores.run_ids import normalize_id
from sacred_file.record import time_text


def stored_run(name: str, entry: dict[str, Any]) -> StoredRun:
    """Return the run in the folder ``name`` without its configuration and information."""
    meta = entry.get("meta") or {}
    return StoredRun(
        id=normalize_id(name),
        run_id=entry.get("run_id"),
        status=entry.get("status") or "",
        command=entry.get("command") or "",
        experiment=entry.get("experiment") or {},
        host=entry.get("host") or {},
        meta=meta,
        result=entry.get("result"),
        queue_time=time_of(meta.get("queue_time")),
        start_time=time_of(entry.get("start_time")),
        stop_time=time_of(entry.get("stop_time")),
        heartbeat=time_of(entry.get("heartbeat")),
        fail_trace=entry.get("fail_trace") or [],
        artifacts=list(entry.get("artifacts") or []),
        resources=[original for original, _ in entry.get("resources") or []],
    )


def typed_metrics(stored: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the content of ``metrics.json`` with numbers and times."""
    return {
        name: {
            "steps": column_values(metric["steps"]),
            "values": column_values(metric["values"]),
            "timestamps": [time_of(time) for time in metric["timestamps"]],
        }
        for name, metric in stored.items()
    }


def annotation_line(annotation: Annotation) -> bytes:
    """Return what somebody said as it is kept."""
    data = {**attrs.asdict(annotation), "time": time_text(annotation.time)}
    return f"{to_json(plain(data))}\n".encode()


def annotations(data: bytes) -> Iterator[Annotation]:
    """Yield what is in lines of `annotation_line`."""
    for line in data.decode("utf-8", "replace").splitlines():
        with contextlib.suppress(ValueError, TypeError, KeyError):  # a line that a crash cut off
            said = from_json(line)
            yield Annotation(**{**said, "time": time_of(said["time"])})


def time_of(text: Any) -> datetime | None:
    """Return a time in UTC; None for what is no time."""
    try:
        time = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
