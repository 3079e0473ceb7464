"""The segments of a run: what one process after another recorded of it.

A run that was interrupted can be resumed by another process, as its next segment. Points and output
of all segments follow each other in the store. Where each segment begins is in the record of the
run, once it has more than one segment.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import attrs

from sacred_core.exceptions import DamagedRecordError
from sacred_core.shared_methods import ValueMethods


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Segment(ValueMethods):
    """What one process recorded of a run. Times are in UTC and aware; unknown values are None.

    Attributes:
        start_time: When it started.
        stop_time: When it ended; of a segment whose process was killed, its last heartbeat. None
            while it is running.
        status: Its status: of the last segment that of the run, of others as it was when the next
            one started (``"DEAD"``, ``"INTERRUPTED"``, ``"FAILED"``, ...).
        host: Information about the machine, as in `StoredRun.host`.
        code: A digest of the sources and packages; two segments with the same code have the same.
        dependencies: Its packages like ``"numpy==2.0"``.
        repositories: ``{"url", "commit", "dirty"}`` of the git repositories of its sources.
        output: Index of its first character in the output of the run.
        points: For metrics that earlier segments recorded, the index of its first point.
        group: What the processes of a parallel job have in common; empty without one.
    """

    start_time: datetime | None = None
    stop_time: datetime | None = None
    status: str = ""
    host: dict[str, Any] = attrs.field(factory=dict)
    code: str = ""
    dependencies: list[str] = attrs.field(factory=list)
    repositories: list[dict[str, Any]] = attrs.field(factory=list)
    output: int = 0
    points: dict[str, int] = attrs.field(factory=dict)
    group: str = ""

    @property
    def duration(self) -> timedelta | None:
        """Its duration, or None if it has not ended."""
        if self.start_time is None or self.stop_time is None:
            return None
        return self.stop_time - self.start_time


_TIMES = ("start_time", "stop_time")
_TYPES: dict[str, type] = {
    "status": str, "host": dict, "code": str, "dependencies": list, "repositories": list,
    "output": int, "points": dict, "group": str,
}  # fmt: skip


def encode_segment(segment: Segment) -> dict[str, Any]:
    """Return a segment as plain data; what is unknown or empty is omitted."""
    fields = {name: getattr(segment, name) for name in _TYPES}
    times = {name: time.isoformat() for name in _TIMES if (time := getattr(segment, name))}
    return times | {name: value for name, value in fields.items() if value}


def decode_segments(stored: Any) -> list[Segment]:
    """Return the segments of a run from its record.

    Args:
        stored: What `encode_segment` returned of each; None of a run that has one segment.

    Raises:
        DamagedRecordError: they have another form.
    """
    try:
        return [_decode(each) for each in stored or ()]
    except (AttributeError, TypeError, ValueError) as error:
        raise DamagedRecordError(f"a segment of the run is damaged: {error}") from None


def _decode(stored: Any) -> Segment:
    if not isinstance(stored, Mapping):
        raise TypeError(f"it is of the type {type(stored).__name__}")
    fields = {name: stored[name] for name in _TYPES if name in stored}
    for name, value in fields.items():
        if not isinstance(value, _TYPES[name]) or isinstance(value, bool):
            raise TypeError(f"{name} is of the type {type(value).__name__}")
    indexes = [fields.get("output", 0), *fields.get("points", {}).values()]
    if not all(type(index) is int and index >= 0 for index in indexes):
        raise ValueError("it has a position that is not one")
    times: dict[str, Any] = {
        name: datetime.fromisoformat(stored[name]) for name in _TIMES if name in stored
    }
    return Segment(**fields, **times)
