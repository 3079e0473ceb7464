"""From what is stored to the fields of a `StoredRun`."""

import contextlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import attrs

from sacred_core.exceptions import DamagedRecordError
from sacred_core.serialization import column_values, from_json, plain, to_json
from sacred_core.stores import Annotation, Read, first_items
from sacred_file.record import time_text


def run_fields(entry: Callable[[], dict[str, Any]]) -> dict[str, Read]:
    """Return what reads each field of a run from its ``run.json``; see `GuardedStore`.

    Args:
        entry: Returns what the file holds.
    """

    def field(name: str) -> Read:
        return lambda: entry().get(name)

    def time(name: str) -> Read:
        return lambda: _required_time(name, entry().get(name))

    def queue_time() -> datetime | None:
        meta = entry().get("meta")
        queued = meta.get("queue_time") if isinstance(meta, dict) else None
        return _required_time("queue_time", queued)

    plain_fields = (
        "run_id", "status", "command", "experiment", "host", "meta", "result", "fail_trace",
        "artifacts",
    )  # fmt: skip
    return {
        **{name: field(name) for name in plain_fields},
        **{name: time(name) for name in ("start_time", "stop_time", "heartbeat")},
        "queue_time": queue_time,
        "resources": lambda: first_items("resources", entry().get("resources")),
    }


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
        with contextlib.suppress(ValueError, TypeError, KeyError, RecursionError):
            said = from_json(line)  # unless a crash cut the line off
            yield Annotation(**{**said, "time": time_of(said["time"])})


def time_of(text: Any) -> datetime | None:
    """Return a time in UTC; None for what is not a time."""
    try:
        time = datetime.fromisoformat(text)
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def _required_time(name: str, text: Any) -> datetime | None:
    time = time_of(text)
    if time is None and text is not None:
        raise DamagedRecordError(f"{name} is not a time: {str(text)[:40]!r}")
    return time
