"""The stored run, the same for all stores: the result of applying the events of a run."""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs

from sacred_core import events
from sacred_core.serialization import plain
from sacred_core.shared_methods import StateMethods
from sacred_core.stores.annotations import Annotation, annotation_of
from sacred_core.stores.recorded_files import FileInfo, RecordedFiles, merge_code, source_files
from sacred_core.stores.stored_in import StoredIn

if TYPE_CHECKING:
    from sacred_core.stores.segments import Segment
    from sacred_core.stores.summaries import MetricSummary
    from sacred_core.stores.worker_claims import WorkerClaim

#: A run that missed this many heartbeats, and at least `_GRACE`, is dead.
_MISSED_BEATS = 3
_GRACE = timedelta(seconds=2)
_DEFAULT_INTERVAL = 10.0
_LONGEST_INTERVAL = 1e8  # seconds; what is stored may be anything
_EPOCH, _MILLISECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)
_UID = re.compile(r"[0-9a-f]{32}")
#: The status of a run whose record cannot be read in full.
DAMAGED = "DAMAGED"


@attrs.define(kw_only=True, eq=False, repr=False)
class StoredRun(RecordedFiles, StoredIn, StateMethods):
    """One run in a store. Times are in UTC and aware; unknown values are None.

    Attributes:
        id: The id in this store.
        run_id: The id in the first store, if it differs.
        recorded_status: The status in the record, empty if it cannot be read. The argument is
            ``status``; the attribute `status` is the current status.
        name: The name of the experiment.
        experiment, host, config, meta, info: Plain data, as the observers received it.
        result: The return value of the command.
        fail_trace: Lines of the traceback of a run that did not complete.
        artifacts: Names of its artifacts.
        resources: Paths of its resources.
        files: Facts about its files, by kind (``"artifact"``, ``"resource"`` and ``"source"``)
            and name.
        output_length: The number of characters of its output, recorded at its end and with other
            facts: that of a run in progress may be less than what is stored.
        annotations: What changed its tags and notes, in the order in which it was stored.
        tags: Its tags.
        notes: ``{"text", "time", "user"}`` of its notes, the oldest first.
        metrics: The stored summary of each metric; None if the store has none, see
            `sacred_core.stores.curves.summaries`.
        recorded_segments: The segments of a run that was resumed, see `segments`; empty of one with
            a single segment. The argument is ``segments``.
        writers: The other processes that record in the run, such as ``"rank3"``.
        claim: The claim of a worker that executes runs of a queue, see
            `sacred_core.stores.worker_claims`; None of a run that no worker had.
        damage: The reason why a part of the record cannot be read; this part is treated as
            missing. None if the whole record can be read.
    """

    id: int | str
    run_id: int | str | None = None
    recorded_status: str = attrs.field(alias="status")
    command: str = ""
    experiment: dict[str, Any] = attrs.field(factory=dict)
    host: dict[str, Any] = attrs.field(factory=dict)
    config: dict[str, Any] = attrs.field(factory=dict)
    meta: dict[str, Any] = attrs.field(factory=dict)
    info: dict[str, Any] = attrs.field(factory=dict)
    result: Any = None
    queue_time: datetime | None = None
    start_time: datetime | None = None
    stop_time: datetime | None = None
    heartbeat: datetime | None = None
    fail_trace: list[str] = attrs.field(factory=list)
    artifacts: list[str] = attrs.field(factory=list)
    resources: list[str] = attrs.field(factory=list)
    files: dict[str, dict[str, FileInfo]] = attrs.field(factory=dict)
    output_length: int | None = None
    annotations: list[Annotation] = attrs.field(factory=list)
    tags: list[str] = attrs.field(factory=list)
    notes: list[dict[str, Any]] = attrs.field(factory=list)
    metrics: "dict[str, MetricSummary] | None" = None
    recorded_segments: "list[Segment]" = attrs.field(factory=list, alias="segments")
    writers: list[str] = attrs.field(factory=list)
    claim: "WorkerClaim | None" = None
    damage: str | None = None

    def __repr__(self) -> str:
        # Only what shows runs needs it.
        from sacred_core.stores.run_display import run_line

        return run_line(self)

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        from sacred_core.stores.run_display import run_html

        return run_html(self)

    def annotate(self, annotation: Annotation) -> None:
        """Change tags and notes by an annotation of the run."""
        self.annotations = [*self.annotations, annotation]
        tags = [tag for tag in self.tags if tag not in annotation.removed]
        self.tags = list(dict.fromkeys((*tags, *annotation.added)))
        if annotation.note:
            note = {"text": annotation.note, "time": annotation.time, "user": annotation.user}
            self.notes.append(note)

    def apply(self, event: events.Event) -> None:
        """Change the run as ``event`` describes; applying it twice changes nothing.

        Output and points are not part of a `StoredRun`, but how much there is of them.
        """
        if type(event) in _APPLY:
            _APPLY[type(event)](self, event)
        if event.final and self.recorded_segments:
            from sacred_core.stores.segments import end_segment

            end_segment(self)

    @property
    def segments(self) -> "list[Segment]":
        """What one process after another recorded of the run, in order; at least one."""
        from sacred_core.stores.segments import Segment  # few readers need it

        if self.recorded_segments:
            return list(self.recorded_segments)
        return [
            Segment(
                start_time=self.start_time,
                stop_time=self.stop_time,
                status=self.recorded_status,
                host=self.host,
                dependencies=list(map(str, self.experiment.get("dependencies") or ())),
                repositories=self.repositories,
                group=str(self.meta.get("group", "")),
            )
        ]

    @property
    def uid(self) -> str:
        """32 hexadecimal digits that identify the run in all stores.

        For a run that was recorded without one, for example by Sacred, it is a digest of name,
        command, start, host and configuration, and of the id if no time is recorded.
        """
        recorded = self.meta.get("uid")
        is_uid = isinstance(recorded, str) and _UID.fullmatch(recorded)
        return str(recorded) if is_uid else self._derived_uid()

    def _derived_uid(self) -> str:
        start = self.start_time or self.queue_time
        # Stores differ in how exactly they contain times: MongoDB has milliseconds.
        started = None if start is None else (start - _EPOCH) // _MILLISECOND
        parts = [self.name, self.command, started, self.host.get("hostname"), self.config]
        if started is None:  # as Sacred queued it in a SQL database: two may be equal
            parts.append(str(self.id))
        text = json.dumps(plain(parts), sort_keys=True, default=str)
        return hashlib.md5(text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()

    @property
    def seed(self) -> Any:
        """The root seed, None if it is not recorded."""
        return self.config.get("seed")

    @property
    def origins(self) -> dict[str, str]:
        """The origin of each entry of the configuration, by its dotted path.

        Like ``"command line"``, ``"update"``, ``"named config small"``, ``"scope config"``,
        ``"file conf.yaml"``, ``"dictionary"``, ``"config hook adapt"`` and ``"seed"``. Empty where
        it is not recorded.
        """
        recorded = self.meta.get("origins")
        if not isinstance(recorded, dict):
            return {}
        return {
            path: origin
            for origin, paths in recorded.items()
            if isinstance(origin, str) and isinstance(paths, list)
            for path in paths
            if isinstance(path, str)
        }

    @property
    def name(self) -> str:
        """The name of the experiment."""
        return str(self.experiment.get("name", ""))

    @property
    def duration(self) -> timedelta | None:
        """The duration of the run, or None if it has not ended.

        Of a run that was resumed, it is from its first start to its end, with the time in between;
        each of `segments` has its own duration.
        """
        if self.start_time is None or self.stop_time is None:
            return None
        return self.stop_time - self.start_time

    @property
    def status(self) -> str:
        """The current status; see `status_at`."""
        return self.status_at(datetime.now(UTC))

    def status_at(self, now: datetime) -> str:
        """Return the status at an aware time.

        Returns:
            ``"DEAD"`` for a run whose heartbeats ended without another end, `DAMAGED` for one whose
            record cannot be read in full, else `recorded_status`.
        """
        if self.damage is not None:
            return DAMAGED
        is_dead = self.recorded_status == "RUNNING" and not self.is_running(now)
        return "DEAD" if is_dead else self.recorded_status

    def is_running(self, now: datetime | None = None) -> bool:
        """Return whether the run is still running, so that it must not be deleted.

        For a damaged run, the readable parts of its record are used.

        Args:
            now: An aware time, by default the present.
        """
        last = self.heartbeat or self.start_time
        if self.recorded_status != "RUNNING" or last is None:
            return self.recorded_status == "RUNNING" and self.damage is None
        return (now or datetime.now(UTC)) - last <= self.grace_period

    @property
    def grace_period(self) -> timedelta:
        """For how long a running run may send no heartbeat."""
        interval = self.meta.get("beat_interval")
        is_sound = isinstance(interval, (int, float)) and 0 < interval < _LONGEST_INTERVAL
        seconds = float(interval) if is_sound else _DEFAULT_INTERVAL  # type: ignore[arg-type]
        return max(timedelta(seconds=seconds) * _MISSED_BEATS, _GRACE)


def _apply_start_info(run: StoredRun, event: Any) -> None:
    run.command, run.experiment = event.command, dict(event.ex_info)
    run.host, run.files = dict(event.host_info), source_files(event.ex_info.get("sources"))
    run.config, run.meta = dict(event.config), dict(event.meta_info)


def _apply_queued(run: StoredRun, event: events.RunQueued) -> None:
    _apply_start_info(run, event)
    run.recorded_status, run.queue_time = "QUEUED", event.queue_time


def _apply_started(run: StoredRun, event: events.RunStarted) -> None:
    if event.resumed and run.start_time is not None:
        _apply_resumed(run, event)
        return
    _apply_start_info(run, event)
    run.recorded_status, run.start_time = "RUNNING", event.start_time
    run.writers = event.other_ranks
    if event.claim is not None:
        from sacred_core.stores.worker_claims import decode_claim

        run.claim = decode_claim(event.claim)


def _apply_resumed(run: StoredRun, event: events.RunStarted) -> None:
    from sacred_core.stores.segments import Ends, resume_run

    if len(run.segments) <= event.segment:  # else it was applied already
        points = {name: own.stop for name, own in (run.metrics or {}).items()}
        resume_run(run, event, Ends(run.output_length or 0, points))


def _apply_heartbeat(run: StoredRun, event: events.Heartbeat) -> None:
    run.heartbeat, run.info, run.result = event.beat_time, dict(event.info), event.result
    if event.captured:
        run.experiment = {**run.experiment, "captured": event.captured}
    if event.segments:
        from sacred_core.stores.segments import replace_segments

        replace_segments(run, event.segments)
    run.writers = list(dict.fromkeys((*run.writers, *(event.writers or ()))))
    if event.claim:
        from sacred_core.stores.worker_claims import decode_claim

        run.claim = decode_claim(event.claim)
        if run.claim is not None and not run.claim.worker:
            run.recorded_status, run.stop_time, run.fail_trace = "QUEUED", None, []


def _apply_output(run: StoredRun, event: events.OutputCaptured) -> None:
    segment = _segment_of(run, event)
    start = segment.output if segment else 0
    run.output_length = start + event.offset + len(event.text)


def _segment_of(run: StoredRun, event: events.Event) -> "Segment | None":
    """Return the segment in which an event has its positions, None for the whole run."""
    segments = run.recorded_segments
    return segments[event.segment] if 0 < event.segment < len(segments) else None


def _apply_metrics(run: StoredRun, event: events.MetricsLogged) -> None:
    # A script that logs nothing does not import them.
    from sacred_core.stores.summaries import merge_summaries, summarize

    merged, segment = dict(run.metrics or {}), _segment_of(run, event)
    for name, metric in event.metrics_by_name.items():
        start = event.starts.get(name, 0) + (segment.points.get(name, 0) if segment else 0)
        new = summarize(metric["steps"], metric["values"], start)
        old = merged.get(name)
        if old is None:
            merged[name] = new
        elif start >= old.stop:  # else it was applied already
            merged[name] = merge_summaries((old, new))
    run.metrics = merged


def _apply_resource(run: StoredRun, event: events.ResourceAdded) -> None:
    if event.filename not in run.resources:
        run.resources.append(event.filename)


def _apply_artifact(run: StoredRun, event: events.ArtifactAdded) -> None:
    if event.name not in run.artifacts:
        run.artifacts.append(event.name)


def _apply_code(run: StoredRun, event: events.CodeLoaded) -> None:
    run.experiment = merge_code(run.experiment, event.sources, event.dependencies)


def _apply_annotation(run: StoredRun, event: events.RunAnnotated) -> None:
    annotation = annotation_of(event)
    if annotation not in run.annotations:  # else it was applied already
        run.annotate(annotation)


def _apply_completed(run: StoredRun, event: events.RunCompleted) -> None:
    run.recorded_status, run.stop_time = "COMPLETED", event.stop_time
    if event.result is not None:  # else that of the last heartbeat stays
        run.result = event.result


def _apply_interrupted(run: StoredRun, event: events.RunInterrupted) -> None:
    run.recorded_status, run.stop_time = event.status, event.interrupt_time
    run.fail_trace = list(event.fail_trace)


def _apply_failed(run: StoredRun, event: events.RunFailed) -> None:
    run.recorded_status, run.stop_time = "FAILED", event.fail_time
    run.fail_trace = list(event.fail_trace)


_APPLY: dict[type[events.Event], Callable[[StoredRun, Any], None]] = {
    events.RunQueued: _apply_queued,
    events.RunStarted: _apply_started,
    events.Heartbeat: _apply_heartbeat,
    events.OutputCaptured: _apply_output,
    events.MetricsLogged: _apply_metrics,
    events.ResourceAdded: _apply_resource,
    events.ArtifactAdded: _apply_artifact,
    events.CodeLoaded: _apply_code,
    events.RunAnnotated: _apply_annotation,
    events.RunCompleted: _apply_completed,
    events.RunInterrupted: _apply_interrupted,
    events.RunFailed: _apply_failed,
}
