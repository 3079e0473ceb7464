"""What ``run.json`` holds."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any


def new_entry(
    status: str, start_time: datetime | None, command: str, host_info: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the entry of a run that begins; what is not known yet is None."""
    return {
        "command": command,
        "host": dict(host_info),
        "start_time": time_text(start_time),
        "stop_time": None,
        "heartbeat": None,
        "status": status,
        "result": None,
        "resources": [],
        "artifacts": [],
    }


def time_text(time: datetime | None) -> str | None:
    """Return a time as the format documents it: UTC, without saying so."""
    if time is None:
        return None
    if time.tzinfo is not None:
        time = time.astimezone(UTC).replace(tzinfo=None)
    return time.isoformat(timespec="microseconds")
