"""What ``run.json`` holds."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sacred_core.serialization import plain

#: Files for each of which the entry is written; later ones wait for the heartbeat.
_SAVED_AT_ONCE = 50


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


class FileLists:
    """The artifacts and resources in an entry.

    The entry lists them all, so that writing it for each file would cost more with each. A
    method returns whether it is to be written now.

    Args:
        entry: As `new_entry` makes it.
    """

    def __init__(self, entry: dict[str, Any]) -> None:
        self._entry = entry
        self._artifacts: set[str] = set()
        self._resources: set[tuple[str, str]] = set()

    def add_artifact(
        self, name: str, metadata: Mapping[str, Any] | None, content_type: str | None
    ) -> bool:
        """Note an artifact, and what is known of it; what is known already is replaced."""
        details: dict[str, Any] = {}
        if metadata is not None:
            details["metadata"] = plain(metadata)
        if content_type is not None:
            details["content_type"] = content_type
        is_new = name not in self._artifacts
        if is_new:
            self._artifacts.add(name)
            self._entry["artifacts"].append(name)
        known = self._entry.get("artifact_details", {})
        if details != known.get(name, {}):
            self._entry.setdefault("artifact_details", {})[name] = details
            is_new = True
        return is_new and self._are_few

    def add_resource(self, filename: str, kept: str) -> bool:
        """Note a resource and where it is kept."""
        if (filename, kept) in self._resources:
            return False
        self._resources.add((filename, kept))
        self._entry["resources"].append([filename, kept])
        return self._are_few

    @property
    def _are_few(self) -> bool:
        return len(self._artifacts) + len(self._resources) <= _SAVED_AT_ONCE
