"""The state of one run, shared by the run and its life cycle."""

import logging
import os
import weakref
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import attrs

from sacred_core import context
from sacred_core.events import MAIN
from sacred_core.exceptions import ForkedRunError
from sacred_core.run.metrics import MetricsBuffer
from sacred_core.run.output import OutputCapture
from sacred_core.serialization import plain
from sacred_core.settings import SETTINGS
from sacred_core.stores.model import StoredRun

if TYPE_CHECKING:
    from sacred_core.provenance.experiment_info import Code
    from sacred_core.run.resumption import Resumption
    from sacred_core.stores.worker_claims import WorkerClaim


@attrs.define(kw_only=True, eq=False, repr=False, slots=False)
class RunState:
    """The state of one run.

    Attributes:
        config: The final configuration; captured functions get read-only containers.
        command: The name of the command.
        observers: Those that receive the events of this run.
        run_logger: The logger of the run.
        experiment_info: Name, sources and dependencies of the experiment.
        host_info: About the machine.
        meta_info: Command, options, comment and what the caller added.
        code: Finds the code that is imported during the run; None if it is not recorded.
        status: QUEUED, RUNNING, COMPLETED, FAILED, INTERRUPTED, or an interrupt's ``STATUS``.
        start_time, stop_time, heartbeat_time: In UTC and aware; None before.
        result: What the command returned.
        fail_trace: Lines of the traceback of a run that did not complete.
        beat_interval: Seconds between two heartbeats.
        output: What is printed.
        metrics: The points that are logged.
        uid: 32 hexadecimal digits that identify the run, the same in all stores.
        writer: The name under which this process records in the run: ``"main"``, or that of a rank
            like ``"rank3"``, which records a part of the run of rank 0.
        is_forked: This process is a child that was forked off the process of the run.
        resumption: The stored run that this one resumes, or was forked from; else None.
        segment: The number of the segment of the run: 0 unless it was resumed.
        part_segment: Of a rank in a run that was resumed, the number of the segment of its part.
        claim: The claim of the worker that starts the run; None without one.
        is_unique: Its uid may be that of a run in the store: the run is not queued once more.
    """

    config: Mapping[str, Any]
    command: str
    observers: list[Any]
    run_logger: logging.Logger
    experiment_info: dict[str, Any]
    host_info: dict[str, Any]
    meta_info: dict[str, Any]
    code: "Code | None" = None
    _info: dict[str, Any] = attrs.field(factory=dict, alias="info")
    _id: Any = attrs.field(default=None, init=False)
    status: str | None = attrs.field(default=None, init=False)
    start_time: datetime | None = attrs.field(default=None, init=False)
    stop_time: datetime | None = attrs.field(default=None, init=False)
    heartbeat_time: datetime | None = attrs.field(default=None, init=False)
    result: Any = attrs.field(default=None, init=False)
    fail_trace: list[str] | None = attrs.field(default=None, init=False)
    beat_interval: float = attrs.field(init=False, factory=lambda: SETTINGS.DEFAULT_BEAT_INTERVAL)
    output: OutputCapture = attrs.field(init=False, factory=OutputCapture)
    metrics: MetricsBuffer = attrs.field(init=False)
    uid: str = attrs.field(init=False, factory=lambda: os.urandom(16).hex())
    writer: str = attrs.field(default=MAIN, init=False)
    is_forked: bool = attrs.field(default=False, init=False)
    resumption: "Resumption | None" = attrs.field(default=None, init=False)
    segment: int = attrs.field(default=0, init=False)
    part_segment: int | None = attrs.field(default=None, init=False)
    claim: "WorkerClaim | None" = attrs.field(default=None, init=False)
    is_unique: bool = attrs.field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self.metrics = MetricsBuffer(self.run_logger)
        self.meta_info["uid"] = self.uid

    def __repr__(self) -> str:
        from sacred_core.stores.run_display import run_line

        return run_line(self._stored(), "Run")

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        from sacred_core.stores.run_display import run_html

        return run_html(self._stored())

    def _stored(self) -> StoredRun:
        """Return what is shown of the run as a store would have it."""
        config = plain(self.config)
        return StoredRun(
            id=self._id,
            status=self.status or "",
            command=self.command,
            experiment={"name": self.experiment_info.get("name", "")},
            config=config if isinstance(config, dict) else {},
            result=plain(self.result),
            start_time=self.start_time,
            stop_time=self.stop_time,
            heartbeat=datetime.now(UTC),  # an active run is not DEAD
            fail_trace=self.fail_trace or [],
        )

    @property
    def own_segment(self) -> int:
        """The number of the segment that this process records, in the run or in its part."""
        return self.segment if self.part_segment is None else self.part_segment

    @property
    def is_resumed(self) -> bool:
        """Whether this process records a later segment of the run itself, not of a part."""
        return self.segment > 0 and not self.is_part

    @property
    def is_part(self) -> bool:
        """Whether another process has started the run, and this one records a part of it."""
        return self.writer != MAIN

    @property
    def info(self) -> dict[str, Any]:
        """A dictionary of the user's own, sent to the observers with every heartbeat."""
        if self.is_forked:
            info: dict[str, Any] = self.attached_child("info").info
            return info
        return self._info

    @info.setter
    def info(self, value: Mapping[str, Any]) -> None:
        self._info = dict(value)

    def executed_functions(self) -> list[list[Any]]:
        """Return the captured functions that were called, as a `Heartbeat` has them."""
        return []

    def attached_child(self, name: str) -> Any:
        """Return what `sacred_core.attach` returned in this forked child process.

        Raises:
            ForkedRunError: it was not called.
        """
        if context.attached_child is None:
            self.refuse_fork(name)
        return context.attached_child

    def refuse_fork(self, name: str) -> None:
        """Check that this is the process of the run, from where ``name`` reaches the record.

        Raises:
            ForkedRunError: it is a forked child.
        """
        if self.is_forked:
            raise ForkedRunError(
                f"{name} cannot be used in a forked child process (pid {os.getpid()}): return "
                "the values to the process that started the run and use it there, or call "
                "sacred_core.attach() first"
            )

    def own_process(self) -> None:
        """Make this process the one of the run: in children that it forks, `is_forked` is set."""
        _started_here.add(self)


#: The runs that were started in this process.
_started_here: "weakref.WeakSet[RunState]" = weakref.WeakSet()


def _mark_forked() -> None:
    for state in _started_here:
        state.is_forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_mark_forked)
