"""What a child process records in a run."""

import atexit
import contextlib
import platform
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sacred_core import context
from sacred_core.children.ending import call_at_sigterm
from sacred_core.children.names import claim_name
from sacred_core.content_types import guess_content_type
from sacred_core.environment import RunAddress
from sacred_core.exceptions import (
    ArtifactNameTakenError,
    ForkedRunError,
    NoRunError,
    ObserverStartError,
    SacredError,
    SpoolError,
)
from sacred_core.file_locks import ProcessLock
from sacred_core.loggers import own_logger
from sacred_core.regular_files import FilePath, named_files
from sacred_core.run.conclusion import trace_lines
from sacred_core.run.lifecycle import Lifecycle
from sacred_core.run.metrics import MetricsBuffer
from sacred_core.run.state import RunState
from sacred_core.settings import SETTINGS
from sacred_core.spool.descriptions import SpoolTarget
from sacred_core.spool.parts import PartSpoolObserver
from sacred_core.stores.writers import MAIN, part_meta

_logger = own_logger(__name__)
#: Seconds between two heartbeats, at most: a pool may end its workers without notice.
_BEAT_INTERVAL = 1.0
#: Seconds for which `ChildRun.flush` waits for a slow disk.
_FLUSH_TIMEOUT = 60.0


class ChildRun:
    """What `sacred_core.attach` returns. Methods can be called from any thread.

    At the end of a ``with`` block everything is flushed; the process can go on recording.

    Attributes:
        name: The name of the writer: ``"child1"``, or the one that was passed to `attach`.
        info: A dictionary of the user's own, stored with the part of this process.
        asked_name: The name that was passed to `attach`; None if there was none.
        is_closed: Nothing more can be recorded.
    """

    name = ""
    asked_name: str | None = None
    is_closed = False

    def __init__(self) -> None:
        self.info: dict[str, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self.is_closed:
            self.flush()

    def log_scalar(self, metric_name: Any, value: Any, step: Any = None) -> None:
        """Add a point to a metric of this writer; see `Run.log_scalar`."""
        raise NotImplementedError

    def log_scalars(self, values: Mapping[Any, Any], step: Any = None) -> None:
        """Add points to several metrics of this writer; see `Run.log_scalars`."""
        raise NotImplementedError

    def add_artifact(
        self,
        filename: FilePath,
        name: str | None = None,
        metadata: dict[str, Any] | None = None,
        content_type: str | None = None,
    ) -> None:
        """Record a file that this process produced; see `Run.add_artifact`."""
        raise NotImplementedError

    def flush(self) -> None:
        """Write all that was logged to the disk: then it is not lost if the process is killed.

        Raises:
            SpoolError: it cannot be written. It is retained in memory and tried again.
        """

    def close(self) -> None:
        """End this writer; it is called at the end of the process. It can be called twice."""


class SilentRun(ChildRun):
    """Records nothing, as the run that started this process; values are checked all the same."""

    def __init__(self) -> None:
        super().__init__()
        self._metrics = MetricsBuffer(_logger)
        self._metrics.keeps_points = False

    def log_scalar(self, metric_name: Any, value: Any, step: Any = None) -> None:
        """Check a point."""
        self._metrics.log(metric_name, value, step)

    def log_scalars(self, values: Mapping[Any, Any], step: Any = None) -> None:
        """Check points."""
        self._metrics.log_many(values, step)

    def add_artifact(
        self,
        filename: FilePath,
        name: str | None = None,
        metadata: dict[str, Any] | None = None,
        content_type: str | None = None,
    ) -> None:
        """Check that the file can be read."""
        named_files(filename, name)


class OwnRun(ChildRun):
    """Records in the run of this process itself.

    Args:
        run: The run.
    """

    name = MAIN

    def __init__(self, run: Any) -> None:
        self._run = run
        self.log_scalar = run.log_scalar  # type: ignore[method-assign]
        self.log_scalars = run.log_scalars  # type: ignore[method-assign]
        self.add_artifact = run.add_artifact  # type: ignore[method-assign]

    @property
    def info(self) -> dict[str, Any]:
        """The dictionary of the run."""
        info: dict[str, Any] = self._run.info
        return info

    @info.setter
    def info(self, value: Mapping[str, Any]) -> None:
        self._run.info = value

    def flush(self) -> None:
        """Send what was logged to the observers of the run."""
        if self._run.lifecycle is not None:
            self._run.lifecycle.beat()


class RecordingRun(ChildRun):
    """Records as a writer of a run.

    Args:
        name: Of the writer.
        lock: Of its name.
        state: Of the part; its observer is a `PartSpoolObserver`.
    """

    def __init__(self, name: str, lock: ProcessLock, state: RunState) -> None:
        self.name = name
        self._lock, self._state = lock, state
        self.when_ended: Callable[[], None] = lambda: None
        self._ending = threading.RLock()
        self._artifacts: dict[str, Path] = {}
        self._lifecycle = Lifecycle(state)
        self._observer: PartSpoolObserver = state.observers[0]

    @property
    def info(self) -> dict[str, Any]:
        """A dictionary of the user's own, stored with the part of this process."""
        return self._state.info

    @info.setter
    def info(self, value: Mapping[str, Any]) -> None:
        self._state.info = value

    def start(self) -> None:
        """Record the start.

        Raises:
            SacredError: it cannot be recorded.
        """
        self._lifecycle.start()

    def log_scalar(self, metric_name: Any, value: Any, step: Any = None) -> None:
        """Add a point to a metric of this writer; see `Run.log_scalar`."""
        self._require_open("log_scalar")
        self._state.metrics.log(metric_name, value, step)

    def log_scalars(self, values: Mapping[Any, Any], step: Any = None) -> None:
        """Add points to several metrics of this writer; see `Run.log_scalars`."""
        self._require_open("log_scalars")
        self._state.metrics.log_many(values, step)

    def add_artifact(
        self,
        filename: FilePath,
        name: str | None = None,
        metadata: dict[str, Any] | None = None,
        content_type: str | None = None,
    ) -> None:
        """Record a file that this process produced; see `Run.add_artifact`."""
        self._require_open("add_artifact")
        for each, path in named_files(filename, name):
            if self._artifacts.setdefault(each, path) != path:
                raise ArtifactNameTakenError(
                    f"the artifact name {each!r} is already used by "
                    f"{str(self._artifacts[each])!r}: choose another name for {str(path)!r}"
                )
            kind = content_type or guess_content_type(each) or guess_content_type(path.name)
            self._lifecycle.artifact(
                name=each, filename=str(path), metadata=metadata, content_type=kind
            )

    def flush(self) -> None:
        """Write all that was logged to the disk: then it is not lost if the process is killed."""
        self._require_open("flush")
        self._lifecycle.beat()
        error = self._observer.wait_recorded(self._state.heartbeat_time, _FLUSH_TIMEOUT)
        if error:
            raise SpoolError(
                f"what this process logged cannot be written to {str(self._observer.folder)!r}: "
                f"{error}. It is retained in memory and tried again"
            )

    def close(self) -> None:
        """End this writer; it is called at the end of the process."""
        self._end(self._lifecycle.complete)

    def end_with_signal(self) -> None:
        """End this writer before SIGTERM ends the process, as a pool does with its workers."""
        with contextlib.suppress(SacredError):
            self._end(lambda: self._lifecycle.interrupt("INTERRUPTED", []))

    def end_with_process(self) -> None:
        """End this writer as the process ends: an exception that ended it is recorded."""
        error = getattr(sys, "last_value", None)
        with contextlib.suppress(SacredError):
            if isinstance(error, Exception):
                self._end(lambda: self._lifecycle.fail(trace_lines(error)))
            else:
                self._end(self._lifecycle.complete)

    def _end(self, record: Callable[[], None]) -> None:
        if self._state.is_forked:
            return
        # A worker of a pool may be ending by itself when it is terminated: that is waited for.
        with self._ending:
            if self.is_closed:
                return
            self.is_closed = True
            if context.attached_child is self:
                context.attached_child = None
            try:
                record()
            finally:
                self._lock.release()
                self.when_ended()

    def _require_open(self, what: str) -> None:
        if self._state.is_forked:
            raise ForkedRunError(
                f"{what}() of a writer cannot be used in a process that was forked later: call "
                "attach() there"
            )
        if self.is_closed:
            raise NoRunError(f"{what}() works only before close()")


def start_child(address: RunAddress, folder: Path, name: str | None) -> RecordingRun:
    """Start to record as a writer of a run, until the process ends.

    Args:
        address: Of the run.
        folder: Its private folder.
        name: The name that the user chose, or None.

    Raises:
        UsageError: a running process has the name, or it is not possible as one.
        SpoolError: nothing can be recorded.
    """
    targets = [SpoolTarget(observer=kind, location=place) for kind, place in address.stores]
    observer = PartSpoolObserver(targets, folder)
    try:
        own_name, lock = claim_name(folder, name, address.suffix)
        try:
            run = RecordingRun(own_name, lock, _new_state(address, own_name, observer))
            run.asked_name = name
            run.start()
        except BaseException:
            lock.release()
            raise
    except (OSError, ObserverStartError) as error:
        cause = error.__cause__ if isinstance(error, ObserverStartError) else error
        reason = (cause.strerror if isinstance(cause, OSError) else "") or cause or error
        raise SpoolError(f"this process cannot record in {str(folder)!r}: {reason}") from error
    _call_at_exit(run)
    return run


def _new_state(address: RunAddress, name: str, observer: PartSpoolObserver) -> RunState:
    meta = part_meta(address.uid, name)
    state = RunState(
        config={},
        command=address.command,
        observers=[observer],
        run_logger=_logger,
        experiment_info={"name": address.name, "base_dir": ".", "sources": [], "dependencies": []},
        host_info={"hostname": platform.node(), "python_version": platform.python_version()},
        meta_info={"command": address.command, "options": {}, **meta},
    )
    state.uid = state.meta_info["uid"] = meta["uid"]
    state.beat_interval = min(SETTINGS.DEFAULT_BEAT_INTERVAL, _BEAT_INTERVAL)
    return state


def _call_at_exit(run: RecordingRun) -> None:
    """End a writer with its process; processes of multiprocessing skip functions of atexit."""
    atexit.register(run.end_with_process)
    util = sys.modules.get("multiprocessing.util")
    if util is not None:
        util.Finalize(None, run.end_with_process, exitpriority=100)
    run.when_ended = call_at_sigterm(run.end_with_signal)
