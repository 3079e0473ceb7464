"""What a store is, and the one form in which runs are read from all of them."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, runtime_checkable

import attrs

from sacred_core.events import (
    ArtifactAdded,
    CodeLoaded,
    Event,
    Heartbeat,
    ResourceAdded,
    RunCompleted,
    RunFailed,
    RunInterrupted,
    RunQueued,
    RunStarted,
)

if TYPE_CHECKING:
    from sacred_core.stores.query.nodes import Query

#: A run that missed this many heartbeats, and at least `_GRACE`, is dead.
_MISSED_BEATS = 3
_GRACE = timedelta(seconds=2)
_DEFAULT_INTERVAL = 10.0
_LONGEST_INTERVAL = 1e8  # seconds; what is stored may be anything


@attrs.define(kw_only=True)
class StoredRun:
    """One run as a store holds it. Times are in UTC and aware; what is unknown is None.

    Attributes:
        id: Its id in this store.
        run_id: The id that the run itself has, where the store had to use another.
        status: As it was stored; `current_status` knows better.
        name: Of the experiment.
        experiment, host, config, meta, info: Plain data, as the observers were told.
        result: What the command returned.
        fail_trace: Lines of the traceback of a run that did not complete.
        artifacts: Names of its artifacts.
        resources: Paths of its resources.
        tags: Words that were put on it.
        notes: ``{"text", "time", "user"}`` of what was said of it, the oldest first.
    """

    id: int | str
    run_id: int | str | None = None
    status: str
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
    tags: list[str] = attrs.field(factory=list)
    notes: list[dict[str, Any]] = attrs.field(factory=list)

    def annotate(self, annotation: "Annotation") -> None:
        """Change tags and notes by what somebody said of the run."""
        kept = [tag for tag in self.tags if tag not in annotation.removed]
        self.tags = kept + [tag for tag in annotation.added if tag not in kept]
        if annotation.note:
            said = {"text": annotation.note, "time": annotation.time, "user": annotation.user}
            self.notes.append(said)

    def apply(self, event: Event) -> None:
        """Change the run by what ``event`` tells; given again it changes nothing.

        Output and metrics, which a store keeps apart, are not part of it.
        """
        apply = _APPLY.get(type(event))
        if apply is not None:
            apply(self, event)

    @property
    def name(self) -> str:
        """The name of the experiment."""
        return str(self.experiment.get("name", ""))

    @property
    def duration(self) -> timedelta | None:
        """How long it ran, or None if it did not end."""
        if self.start_time is None or self.stop_time is None:
            return None
        return self.stop_time - self.start_time

    def current_status(self, now: datetime | None = None) -> str:
        """Return the status, or ``"DEAD"`` for a run whose heartbeats ended without it.

        Args:
            now: An aware time, by default the present.
        """
        last = self.heartbeat or self.start_time
        if self.status != "RUNNING" or last is None:
            return self.status
        interval = self.meta.get("beat_interval")
        is_sound = isinstance(interval, (int, float)) and 0 < interval < _LONGEST_INTERVAL
        seconds = float(interval) if is_sound else _DEFAULT_INTERVAL  # type: ignore[arg-type]
        allowed = max(timedelta(seconds=seconds) * _MISSED_BEATS, _GRACE)
        return "DEAD" if (now or datetime.now(UTC)) - last > allowed else "RUNNING"


@attrs.frozen(kw_only=True)
class Annotation:
    """What somebody said of a run, perhaps long after it ended: the record itself stays.

    Attributes:
        time: When, in UTC and aware.
        user: Who.
        note: A text.
        added, removed: Tags.
    """

    time: datetime
    user: str
    note: str | None = None
    added: tuple[str, ...] = attrs.field(default=(), converter=tuple)
    removed: tuple[str, ...] = attrs.field(default=(), converter=tuple)


def _announced(run: StoredRun, event: Any) -> None:
    run.command = event.command
    run.experiment, run.host = dict(event.ex_info), dict(event.host_info)
    run.config, run.meta = dict(event.config), dict(event.meta_info)


def _queued(run: StoredRun, event: RunQueued) -> None:
    _announced(run, event)
    run.status, run.queue_time = "QUEUED", event.queue_time


def _started(run: StoredRun, event: RunStarted) -> None:
    _announced(run, event)
    run.status, run.start_time = "RUNNING", event.start_time


def _alive(run: StoredRun, event: Heartbeat) -> None:
    run.heartbeat, run.info, run.result = event.beat_time, dict(event.info), event.result


def _read(run: StoredRun, event: ResourceAdded) -> None:
    if event.filename not in run.resources:
        run.resources.append(event.filename)


def _made(run: StoredRun, event: ArtifactAdded) -> None:
    if event.name not in run.artifacts:
        run.artifacts.append(event.name)


def _loaded(run: StoredRun, event: CodeLoaded) -> None:
    for key, new in (("sources", event.sources), ("dependencies", event.dependencies)):
        old = run.experiment.get(key, [])
        run.experiment[key] = [*old, *(each for each in new if each not in old)]


def _completed(run: StoredRun, event: RunCompleted) -> None:
    run.status, run.stop_time, run.result = "COMPLETED", event.stop_time, event.result


def _interrupted(run: StoredRun, event: RunInterrupted) -> None:
    run.status, run.stop_time = event.status, event.interrupt_time
    run.fail_trace = list(event.fail_trace)


def _failed(run: StoredRun, event: RunFailed) -> None:
    run.status, run.stop_time = "FAILED", event.fail_time
    run.fail_trace = list(event.fail_trace)


_APPLY: dict[type[Event], Callable[[StoredRun, Any], None]] = {
    RunQueued: _queued,
    RunStarted: _started,
    Heartbeat: _alive,
    ResourceAdded: _read,
    ArtifactAdded: _made,
    CodeLoaded: _loaded,
    RunCompleted: _completed,
    RunInterrupted: _interrupted,
    RunFailed: _failed,
}


@attrs.frozen(kw_only=True)
class RunQuery:
    """Which runs to list: those that fulfil everything that is given.

    Attributes:
        status: Their current status, like ``"COMPLETED"`` or ``"DEAD"``.
        name: Of the experiment.
        limit: At most so many, the newest.
        where: A hint that comes without a limit: runs that do not fulfil it may be left out, and
            whoever lists asks `matches` of those that come. `sacred_core.stores.query.narrowed`
            helps to use it.
    """

    status: str | None = None
    name: str | None = None
    limit: int | None = None
    where: "Query | None" = None

    def accepts(self, run: StoredRun) -> bool:
        """Tell whether ``run`` is one of those asked for, whatever the limit."""
        return self.status in (None, run.current_status()) and self.name in (None, run.name)


@runtime_checkable
class RunStore(Protocol):
    """What reads the runs that one kind of observer wrote. Reading executes nothing."""

    def list(self, query: RunQuery | None = None) -> Iterator[StoredRun]:
        """Yield runs from the oldest to the newest."""

    def get(self, run_id: int | str) -> StoredRun:
        """Return one run.

        Raises:
            StoreError: there is no such run.
        """

    def output(self, run_id: int | str) -> str:
        """Return what the run printed."""

    def metrics(self, run_id: int | str) -> dict[str, dict[str, Any]]:
        """Return ``{"steps", "values", "timestamps"}``, lists of equal length, by metric."""

    def open_file(self, run_id: int | str, kind: str, name: str) -> BinaryIO:
        """Open a file of a run for reading.

        Args:
            run_id: The run.
            kind: ``"artifact"``, ``"resource"`` or ``"source"``.
            name: As in `StoredRun.artifacts`, `StoredRun.resources`, or the name of a source.

        Raises:
            StoreError: there is no such run or file.
        """

    def delete(self, run_id: int | str) -> None:
        """Remove a run, and what no other run uses.

        Raises:
            StoreError: there is no such run, or it is under way.
        """

    def annotate(self, run_id: int | str, annotation: Annotation) -> None:
        """Keep what somebody said of a run, beside its record.

        Raises:
            StoreError: there is no such run.
        """
