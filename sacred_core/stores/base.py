"""What a store is, and the one form in which runs are read from all of them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, runtime_checkable

import attrs

from sacred_core.events import Event
from sacred_core.stores.applying import apply_event

if TYPE_CHECKING:
    from sacred_core.stores.query.nodes import Query

#: A run that missed this many heartbeats, and at least `_GRACE`, is dead.
_MISSED_BEATS = 3
_GRACE = timedelta(seconds=2)
_DEFAULT_INTERVAL = 10.0
_LONGEST_INTERVAL = 1e8  # seconds; what is stored may be anything
#: The status of a run whose record cannot be read in full.
DAMAGED = "DAMAGED"


@attrs.define(kw_only=True)
class StoredRun:
    """One run as a store holds it. Times are in UTC and aware; what is unknown is None.

    Attributes:
        id: Its id in this store.
        run_id: The id that the run itself has, where the store had to use another.
        status: As it was stored; `current_status` knows better. `DAMAGED` where a part of the
            record cannot be read; that part is then as if it were missing.
        name: Of the experiment.
        experiment, host, config, meta, info: Plain data, as the observers were told.
        result: What the command returned.
        fail_trace: Lines of the traceback of a run that did not complete.
        artifacts: Names of its artifacts.
        resources: Paths of its resources.
        tags: Words that were put on it.
        notes: ``{"text", "time", "user"}`` of what was said of it, the oldest first.
        damage: Why a part of the record cannot be read; None if all of it can.
        stored_status: Of a damaged run, the status in its record, empty if that cannot be read;
            else None.
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
    damage: str | None = None
    stored_status: str | None = None

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
        apply_event(self, event)

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
        return "RUNNING" if self._is_beating(last, now) else "DEAD"

    def is_running(self, now: datetime | None = None) -> bool:
        """Return whether the run has not ended: it must not be deleted.

        Of a damaged run this is what the readable parts of its record say.

        Args:
            now: An aware time, by default the present.
        """
        if self.damage is None:
            return self.current_status(now) == "RUNNING"
        last = self.heartbeat or self.start_time
        return self.stored_status == "RUNNING" and last is not None and self._is_beating(last, now)

    def _is_beating(self, last: datetime, now: datetime | None) -> bool:
        interval = self.meta.get("beat_interval")
        is_sound = isinstance(interval, (int, float)) and 0 < interval < _LONGEST_INTERVAL
        seconds = float(interval) if is_sound else _DEFAULT_INTERVAL  # type: ignore[arg-type]
        allowed = max(timedelta(seconds=seconds) * _MISSED_BEATS, _GRACE)
        return (now or datetime.now(UTC)) - last <= allowed


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
    """What reads the runs that one kind of observer wrote. Reading executes nothing.

    A run whose record cannot be read has the status `DAMAGED`; it raises nothing in `list` and
    `get`. Stores derive from `sacred_core.stores.GuardedStore`, which does that.
    """

    def list(self, query: RunQuery | None = None) -> Iterator[StoredRun]:
        """Yield runs from the oldest to the newest, damaged ones too.

        Raises:
            StoreError: the store as a whole cannot be read, as where the connection is lost.
        """

    def get(self, run_id: int | str) -> StoredRun:
        """Return one run, also a damaged one.

        Raises:
            StoreError: there is no such run.
        """

    def output(self, run_id: int | str) -> str:
        """Return what the run printed.

        Raises:
            DamagedRecordError: it cannot be read.
            StoreError: there is no such run.
        """

    def metrics(self, run_id: int | str) -> dict[str, dict[str, Any]]:
        """Return ``{"steps", "values", "timestamps"}``, lists of equal length, by metric.

        Raises:
            DamagedRecordError: they cannot be read.
            StoreError: there is no such run.
        """

    def open_file(self, run_id: int | str, kind: str, name: str) -> BinaryIO:
        """Open a file of a run for reading.

        Args:
            run_id: The run.
            kind: ``"artifact"``, ``"resource"`` or ``"source"``.
            name: As in `StoredRun.artifacts`, `StoredRun.resources`, or the name of a source.

        Raises:
            StoreError: there is no such run or file, or it is outside of the store.
        """

    def delete(self, run_id: int | str) -> None:
        """Remove a run, and what no other run uses.

        Raises:
            StoreError: there is no such run, or it is still running. A damaged one is deleted,
                and files that other runs may use stay.
        """

    def annotate(self, run_id: int | str, annotation: Annotation) -> None:
        """Keep what somebody said of a run, beside its record.

        Raises:
            StoreError: there is no such run.
        """
