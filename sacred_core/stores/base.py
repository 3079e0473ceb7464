"""What a store is, and the one form in which runs are read from all of them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, runtime_checkable

import attrs

#: A run that missed this many heartbeats, and at least `_GRACE`, is dead.
_MISSED_BEATS = 3
_GRACE = timedelta(seconds=2)
_DEFAULT_INTERVAL = 10.0


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
        seconds = interval if isinstance(interval, (int, float)) else _DEFAULT_INTERVAL
        allowed = max(timedelta(seconds=seconds) * _MISSED_BEATS, _GRACE)
        return "DEAD" if (now or datetime.now(UTC)) - last > allowed else "RUNNING"


@attrs.frozen(kw_only=True)
class RunQuery:
    """Which runs to list: those that fulfil everything that is given.

    Attributes:
        status: Their current status, like ``"COMPLETED"`` or ``"DEAD"``.
        name: Of the experiment.
        limit: At most so many, the newest.
    """

    status: str | None = None
    name: str | None = None
    limit: int | None = None

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
