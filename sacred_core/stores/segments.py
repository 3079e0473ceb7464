"""The segments of a run: what one process after another recorded of it.

A run that was interrupted can be resumed by another process, as its next segment. Points and output
of all segments follow each other in the store. Where each segment begins is in the record of the
run, once it has more than one segment.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import attrs

from sacred_core.exceptions import DamagedRecordError
from sacred_core.shared_methods import ValueMethods

if TYPE_CHECKING:
    from sacred_core.events import RunStarted

#: A `sacred_core.stores.model.StoredRun`, whose module imports this one.
Run: TypeAlias = Any
#: The beginning of the names of sources that a later segment has in another version.
LATER_SOURCES = ".segments/"
_MARK = re.compile(r"(?:\A|(?<=\n))\[segment (\d+) of this run: [^\n]* UTC on [^\n]*\]\n\Z")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Segment(ValueMethods):
    """What one process recorded of a run. Times are in UTC and aware; unknown values are None.

    Attributes:
        start_time: When it started.
        stop_time: When it ended; of a segment whose process was killed, its last heartbeat or
            point. None while it is running.
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


class Ends(NamedTuple):
    """How much is stored of a run: where its next segment begins.

    Attributes:
        output: The number of characters of its output.
        points: The number of points of each metric.
    """

    output: int
    points: Mapping[str, int]


def resume_run(run: Run, start: "RunStarted", ends: Ends) -> None:
    """Add a segment to a run that is resumed; an end of the run is undone.

    Configuration, host, start and metadata of the run stay those of its first segment. Segments
    that the store missed are recorded as empty ones, so that a segment has one number everywhere.

    Args:
        run: As it is stored.
        start: The event with which it is resumed.
        ends: Where the new segment begins.
    """
    positions: dict[str, Any] = {"output": ends.output, "points": dict(ends.points)}
    code = _code_digest(start.ex_info.get("sources"), start.ex_info.get("dependencies"))
    earlier = [_closed(each, run, start, code) for each in run.segments[: start.segment]]
    missed = [Segment(**positions) for _ in range(len(earlier), start.segment)]
    repositories = [
        {key: each.get(key) for key in ("url", "commit", "dirty")}
        for each in start.ex_info.get("repositories") or ()
    ]
    new = Segment(
        start_time=start.start_time,
        status="RUNNING",
        host=dict(start.host_info),
        code=code,
        dependencies=list(map(str, start.ex_info.get("dependencies") or ())),
        repositories=repositories,
        group=str(start.meta_info.get("group", "")),
        **positions,
    )
    run.recorded_segments = [*earlier, *missed, new]
    run.recorded_status, run.stop_time, run.fail_trace = "RUNNING", None, []
    run.heartbeat, run.output_length = start.start_time, ends.output
    run.writers = list(dict.fromkeys((*run.writers, *start.other_ranks)))


def output_mark(start: "RunStarted", output: str) -> str:
    """Return the line that separates the output of a segment from that of earlier ones.

    Args:
        start: The event with which the run is resumed.
        output: Of the earlier segments; if its last line is not complete, a line end comes first.
    """
    time = start.start_time.astimezone(UTC)
    host = start.host_info.get("hostname") or "an unknown host"
    mark = f"[segment {start.segment + 1} of this run: {time:%Y-%m-%d %H:%M:%S} UTC on {host}]\n"
    return mark if output.endswith("\n") or not output else f"\n{mark}"


def without_mark(output: str, segment: int) -> str:
    """Return output without the mark of a segment at its end, from which nothing is stored yet."""
    found = _MARK.search(output)
    is_own = found is not None and int(found[1]) == segment + 1
    return output[: found.start()] if found is not None and is_own else output


def is_other_code(one: Segment, other: Segment) -> bool:
    """Return whether two segments are known to have other sources or packages."""
    return bool(one.code and other.code) and one.code != other.code


def changed_code(run: Run) -> list[int]:
    """Return the numbers, from 1, of segments whose code differs from that of the first one."""
    first, *others = run.segments
    return [number for number, own in enumerate(others, 2) if is_other_code(first, own)]


def with_first_code(run: Run) -> Run:
    """Return a run with the sources and packages of its first segment only."""
    sources = run.experiment.get("sources") or ()
    own = [each for each in sources if not str(each[0]).startswith(LATER_SOURCES)]
    packages = run.segments[0].dependencies or run.experiment.get("dependencies") or []
    experiment = {**run.experiment, "sources": own, "dependencies": list(packages)}
    return attrs.evolve(run, status=run.recorded_status, experiment=experiment)


def replace_segments(run: Run, stored: Iterable[Any]) -> None:
    """Use the segments of another record of the run, see `encode_segment`.

    If there are more than before, the run was resumed since: an end of it is undone.
    """
    segments = decode_segments(stored)
    if len(segments) > len(run.segments):
        run.recorded_status, run.stop_time, run.fail_trace = "RUNNING", None, []
    run.recorded_segments = segments


def end_segment(run: Run) -> None:
    """Record status and end of a run that was resumed in its last segment, too."""
    last = run.recorded_segments[-1]
    ended = attrs.evolve(last, status=run.recorded_status, stop_time=run.stop_time)
    run.recorded_segments = [*run.recorded_segments[:-1], ended]


def close_segment(run: Run) -> None:
    """Record the end of the last segment of a run that started and is to be resumed later."""
    if run.start_time is None:
        return
    *earlier, last = run.segments
    if last.status == "RUNNING":
        last = attrs.evolve(last, status="DEAD", stop_time=run.heartbeat or last.start_time)
    if last.status != "QUEUED":  # else it was closed already
        run.recorded_segments = [*earlier, last]


def _closed(segment: Segment, run: Run, start: "RunStarted", code: str) -> Segment:
    """Return an earlier segment; one without an end was the last one, and its process is dead."""
    if segment.status == "RUNNING":
        segment = attrs.evolve(segment, status="DEAD", stop_time=run.heartbeat or run.start_time)
    if segment.code:
        return segment
    own = _code_digest(run.sources.items(), segment.dependencies)
    return attrs.evolve(segment, code=code if _has_code(run, segment, start) else own)


def _has_code(run: Run, segment: Segment, start: "RunStarted") -> bool:
    """Return whether the first segment had all sources and packages of a start.

    It may have more: those that it imported later.
    """
    sources = run.sources
    return all(
        name in sources and sources[name] == md5 for name, md5 in start.ex_info.get("sources") or ()
    ) and set(segment.dependencies).issuperset(start.ex_info.get("dependencies") or ())


def _code_digest(sources: Any, dependencies: Any) -> str:
    """Return a digest of sources, pairs of a name and a digest, and of packages."""
    pairs = sorted([str(name), str(md5)] for name, md5 in sources or ())
    own = [pair for pair in pairs if not pair[0].startswith(LATER_SOURCES)]
    text = json.dumps([own, sorted(map(str, dependencies or ()))])
    return hashlib.md5(text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


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
