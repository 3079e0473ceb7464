"""The event with which an observer is called, for what a method's signature does not name.

A subclass may override a method with the signature that Sacred documents and call ``super()``. Such
a call passes no more than these arguments; everything else is read from the event.
"""

import functools
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar, cast

from sacred_core.content_types import guess_content_type
from sacred_core.events import (
    WHOLE_RUN,
    ArtifactAdded,
    Event,
    Heartbeat,
    MetricsLogged,
    ResourceAdded,
    RunIdEvent,
    RunInterrupted,
    RunQueued,
    RunStarted,
)
from sacred_core.stores.model import StoredRun
from sacred_core.stores.run_ids import validate_id

E = TypeVar("E", bound=Event)
F = TypeVar("F", bound=Callable[..., Any])

#: By method the arguments that Sacred documents, in their order.
DOCUMENTED: Mapping[str, tuple[str, ...]] = {
    "queued_event": ("ex_info", "command", "queue_time", "config", "meta_info", "_id"),
    "started_event": (
        "ex_info", "command", "host_info", "start_time", "config", "meta_info", "_id",
    ),
    "heartbeat_event": ("info", "captured_out", "beat_time", "result"),
    "completed_event": ("stop_time", "result"),
    "interrupted_event": ("interrupt_time", "status"),
    "failed_event": ("fail_time", "fail_trace"),
    "resource_event": ("filename",),
    "artifact_event": ("name", "filename"),
    "log_metrics": ("metrics_by_name", "info"),
}  # fmt: skip


class Attempt:
    """One call of an observer with ``event``; each retry is another attempt."""

    def __init__(self, event: Event) -> None:
        self.event = event


_attempt: ContextVar[Attempt | None] = ContextVar("sacred_attempt", default=None)


@contextmanager
def delivering(event: Event) -> Iterator[None]:
    """Make ``event`` the current event of this thread, within the block."""
    token = _attempt.set(Attempt(event))
    try:
        yield
    finally:
        _attempt.reset(token)


def current_event(kind: type[E]) -> E | None:
    """Return the event with which an observer is being called in this thread.

    Args:
        kind: Its class, one of `sacred_core.events`.

    Returns:
        The event; None if there is none of this kind: then the method was called by hand.
    """
    attempt = _attempt.get()
    return attempt.event if attempt is not None and isinstance(attempt.event, kind) else None


def named_arguments(
    method: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the arguments of a call of ``method`` by name; ``args`` are those by position."""
    names = list(DOCUMENTED.get(method, ()))
    if method == "queued_event" and len(args) + len(kwargs) > len(names):
        names.insert(2, "host_info")  # as in Sacred 0.8
    return {**dict(zip(names, args, strict=False)), **kwargs}


def asked_id(_id: Any) -> Any:
    """Return ``_id`` if it is the id that the user requested (``--id``), otherwise None.

    Raises:
        RunIdError: no run can have this id, see `sacred_core.stores.run_ids.validate_id`.
    """
    event = current_event(RunIdEvent)
    asked = None if event is None else event.asked_id
    return validate_id(_id) if asked is not None and asked == _id else None


def replayed_uid() -> str | None:
    """Return the uid of the run whose replayed first event is the current event, else None.

    It comes from the event, as an override may change the metadata.
    """
    event = current_event(RunIdEvent)
    if event is None or not event.replayed:
        return None
    run = StoredRun(id="", status="")
    run.apply(event)
    return run.uid


def resumed() -> RunStarted | None:
    """Return the event with which a run is resumed, if it is the current event, else None."""
    event = current_event(RunStarted)
    return event if event is not None and event.resumed else None


def current_claim() -> dict[str, Any] | None:
    """Return `RunStarted.claim` of the current event, None of another one."""
    event = current_event(RunStarted)
    return None if event is None else event.claim


def current_segment() -> int:
    """Return the segment of the current event; `WHOLE_RUN` of a replayed run.

    The highest possible number if a method was called by hand: it is about the last segment.
    """
    event = current_event(Event)
    return sys.maxsize if event is None else event.segment


def optional_host_info(queued_event: F) -> F:
    """Make ``host_info`` of ``queued_event`` optional; by default it comes from the event.

    Sacred's manual has no such argument; Sacred 0.8 has it as the third one. Both may be passed
    by position.
    """

    @functools.wraps(queued_event)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        event = current_event(RunQueued)
        known = {"host_info": {} if event is None else event.host_info}
        return queued_event(self, **(known | named_arguments("queued_event", args, kwargs)))

    return cast("F", call)


def captured_calls() -> list[list[Any]] | None:
    """Return the captured functions of the heartbeat that is the current event; None if unknown."""
    event = current_event(Heartbeat)
    return None if event is None else event.captured


def beat_additions(run: StoredRun) -> dict[str, Any]:
    """Return ``segments``, ``writers`` and ``claim`` of the heartbeat that is the current event, if
    they are not those of ``run`` already.
    """
    event = current_event(Heartbeat)
    found: dict[str, Any] = {}
    if event is not None and event.segments is not None:
        from sacred_core.stores.segments import encode_segment  # few runs are resumed

        if event.segments != list(map(encode_segment, run.recorded_segments)):
            found["segments"] = event.segments
    if event is not None and not set(event.writers or ()) <= set(run.writers):
        found["writers"] = event.writers
    if event is not None and event.claim is not None:
        from sacred_core.stores.worker_claims import decode_claim  # few runs are queued

        if decode_claim(event.claim) != run.claim:
            found["claim"] = event.claim
    return found


def interrupt_trace(fail_trace: list[str] | None) -> list[str]:
    """Return ``fail_trace``, or if it is None that of the run that was interrupted."""
    if fail_trace is not None:
        return fail_trace
    event = current_event(RunInterrupted)
    return [] if event is None else event.fail_trace


def artifact_details(
    filename: str, metadata: Mapping[str, Any] | None, content_type: str | None
) -> tuple[Mapping[str, Any] | None, str | None]:
    """Return metadata and content type of an artifact; what is None comes from the event.

    Only for the file of the event: an override may store other files beside it. The type of these
    is guessed from their names.
    """
    event = current_event(ArtifactAdded)
    if event is None or event.filename != filename:
        return metadata, content_type or guess_content_type(filename)
    return (
        event.metadata if metadata is None else metadata,
        event.content_type if content_type is None else content_type,
    )


def takes_time_columns(method: F) -> F:
    """Mark a method as one that takes any sequence as ``timestamps`` of points.

    Others, such as overrides of it, are called with lists: their authors expect what Sacred
    documents. The sequence is a `sacred_core.stores.times.TimeColumn`, which has no object for
    each time.
    """
    method.takes_time_columns = True  # type: ignore[attr-defined]
    return method


def points_for(method: Callable[..., Any], metrics_by_name: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return points as ``method`` takes them, see `takes_time_columns`."""
    if getattr(method, "takes_time_columns", False):
        return metrics_by_name
    return {
        name: {**metric, "timestamps": list(metric["timestamps"])}
        for name, metric in metrics_by_name.items()
    }


def resource_content(filename: str) -> str:
    """Return the path from which to read the resource ``filename``.

    That is a copy where the observer records the resource late: the file may have changed since.
    """
    event = current_event(ResourceAdded)
    if event is None or event.filename != filename:
        return filename
    return event.content_path or filename


class MetricPositions:
    """Positions of the points of each ``log_metrics`` call in their metrics, for one run.

    Points that are passed as the event has them have the position that the event gives. An
    override may drop points, rename metrics, or log others: these are appended. A retry of an
    event returns the positions of the first attempt.

    Args:
        offsets: Of a run that was resumed: for each metric that earlier segments recorded, the
            index of the first point of this segment.
    """

    def __init__(self, offsets: Mapping[str, int] | None = None) -> None:
        self._offsets = dict(offsets or {})
        self._ends = dict(self._offsets)
        self._ends_before: dict[str, int] = {}
        self._changed: set[str] = set()
        self._last: Attempt | None = None

    def starts(self, metrics_by_name: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
        """Return for each metric the index of its first point, and note where its last one is."""
        event = current_event(MetricsLogged)
        self._begin_attempt(_attempt.get() if event is not None else None)
        return {
            name: self._start(event, name, len(metric["steps"]))
            for name, metric in metrics_by_name.items()
        }

    def copy(self) -> "MetricPositions":
        """Return what continues independently from the same positions."""
        same = MetricPositions(self._offsets)
        same._ends, same._ends_before = dict(self._ends), dict(self._ends_before)
        same._changed, same._last = set(self._changed), self._last
        return same

    def _begin_attempt(self, attempt: Attempt | None) -> None:
        last, self._last = self._last, attempt
        if last is attempt:
            return
        if last is not None and attempt is not None and _is_same(last.event, attempt.event):
            self._ends.update(self._ends_before)
        self._ends_before = {}

    def _start(self, event: MetricsLogged | None, name: str, count: int) -> int:
        end = self._ends.get(name, 0)
        self._ends_before.setdefault(name, end)
        sent = None if event is None else event.metrics_by_name.get(name)
        if event is None or sent is None or len(sent["steps"]) != count:
            self._changed.add(name)
        if event is None or name in self._changed:
            start = end
        else:
            offset = 0 if event.segment == WHOLE_RUN else self._offsets.get(name, 0)
            start = event.starts[name] + offset
        self._ends[name] = start + count
        return start


def _is_same(one: Event, other: Event) -> bool:
    return (one.run, one.segment, one.writer, one.seq) == (
        other.run, other.segment, other.writer, other.seq,
    )  # fmt: skip
