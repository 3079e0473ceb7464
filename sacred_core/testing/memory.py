"""Runs in memory: the reference that every backend is compared with."""

import contextlib
import copy
import functools
import io
import threading
from collections.abc import Hashable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import attrs

from sacred_core.events import (
    Announcement,
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
from sacred_core.exceptions import RunIdError, StoreError
from sacred_core.observers import RunObserver
from sacred_core.observers.delivering import (
    MetricPositions,
    artifact_details,
    asked_id,
    id_elsewhere,
    interrupt_trace,
    optional_host_info,
)
from sacred_core.provenance.sources import stored_version
from sacred_core.stable_files import ChangingFileError, FileVersion, with_version
from sacred_core.stores import Annotation, Found, GuardedStore, RunQuery, StoredRun, checked_metrics
from sacred_core.stores.run_ids import next_number, normalize_id
from sacred_core.stores.tokens import run_removed

_NOBODY: dict[str, Any] = {"run": "", "segment": 0, "writer": "", "seq": 0}


@attrs.define
class MemoryRun:
    """All that is kept of one run."""

    run: StoredRun
    output: str = ""
    metrics: dict[str, dict[str, list[Any]]] = attrs.field(factory=dict)
    files: dict[tuple[str, str], bytes] = attrs.field(factory=dict)


class Memory:
    """The runs of one memory, which observers write to and stores read from."""

    def __init__(self) -> None:
        self.runs: dict[int | str, MemoryRun] = {}
        self.highest_deleted = 0
        self.lock = threading.Lock()


class MemoryObserver(RunObserver):
    """Keeps runs in ``memory``."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self._kept: MemoryRun | None = None
        self._positions = MetricPositions()

    @optional_host_info
    def queued_event(
        self, ex_info: Any, command: str, host_info: Any, queue_time: datetime, config: Any,
        meta_info: Any, _id: Any,
    ) -> Any:  # fmt: skip
        """Keep the run with the status QUEUED."""
        event = RunQueued(
            **_NOBODY, ex_info=ex_info, command=command, host_info=host_info,
            queue_time=queue_time, config=config, meta_info=meta_info,
        )  # fmt: skip
        return self._begin(event, _id)

    def started_event(
        self, ex_info: Any, command: str, host_info: Any, start_time: datetime, config: Any,
        meta_info: Any, _id: Any,
    ) -> Any:  # fmt: skip
        """Keep the run, or take over the queued one."""
        event = RunStarted(
            **_NOBODY, ex_info=ex_info, command=command, host_info=host_info,
            start_time=start_time, config=config, meta_info=meta_info,
        )  # fmt: skip
        return self._begin(event, _id)

    def heartbeat_event(
        self, info: Any, captured_out: str | None = None, beat_time: Any = None, result: Any = None
    ) -> None:
        """Keep that it is alive."""
        del captured_out
        self._apply(Heartbeat(**_NOBODY, info=info, beat_time=beat_time, result=result))

    def recording_location(self) -> Hashable:
        """Return what identifies the memory."""
        return id(self.memory)

    def output_event(self, text: str, offset: int) -> None:
        """Keep what it printed."""
        kept = self._current()
        kept.output = kept.output[:offset] + text

    def log_metrics(self, metrics_by_name: Mapping[str, Any], info: Any = None) -> None:
        """Keep its points, each in its place."""
        del info
        starts = self._positions.starts(metrics_by_name)
        for name, metric in metrics_by_name.items():
            columns = self._current().metrics.setdefault(
                name, {"steps": [], "values": [], "timestamps": []}
            )
            for column, values in columns.items():
                values[starts[name] : starts[name] + len(metric[column])] = metric[column]

    def resource_event(self, filename: str) -> None:
        """Keep a file that it read."""
        self._current().files["resource", filename] = with_version(Path(filename), _content)
        self._apply(ResourceAdded(**_NOBODY, filename=filename))

    def artifact_event(
        self, name: str, filename: str, metadata: Any = None, content_type: str | None = None
    ) -> None:
        """Keep a file that it made."""
        metadata, content_type = artifact_details(filename, metadata, content_type)
        self._current().files["artifact", name] = with_version(Path(filename), _content)
        details = {"metadata": metadata, "content_type": content_type}
        self._apply(ArtifactAdded(**_NOBODY, name=name, filename=filename, **details))

    def code_event(self, sources: Any, dependencies: Any, base_dir: str) -> None:
        """Keep what it imported later."""
        self._keep_sources(base_dir, sources)
        self._apply(
            CodeLoaded(**_NOBODY, sources=sources, dependencies=dependencies, base_dir=base_dir)
        )

    def completed_event(self, stop_time: datetime, result: Any) -> None:
        """Keep its result."""
        self._apply(RunCompleted(**_NOBODY, stop_time=stop_time, result=result))

    def interrupted_event(
        self, interrupt_time: datetime, status: str, fail_trace: list[str] | None = None
    ) -> None:
        """Keep why it was stopped."""
        trace = interrupt_trace(fail_trace)
        self._apply(
            RunInterrupted(
                **_NOBODY, interrupt_time=interrupt_time, status=status, fail_trace=trace
            )
        )

    def failed_event(self, fail_time: datetime, fail_trace: list[str]) -> None:
        """Keep why it failed."""
        self._apply(RunFailed(**_NOBODY, fail_time=fail_time, fail_trace=fail_trace))

    def _begin(self, event: Announcement, _id: Any) -> Any:
        with self.memory.lock:
            run_id, self._kept = self._claim(_id, asked_id(_id))
            self.memory.runs[run_id] = self._kept
        self._positions = MetricPositions()
        self._keep_sources(event.ex_info.get("base_dir", "."), event.ex_info.get("sources", ()))
        self._apply(attrs.evolve(event, _id=_id))
        return run_id

    def _keep_sources(self, base_dir: str, sources: Any) -> None:
        for name, md5 in sources:
            version = stored_version(Path(base_dir, name), md5)
            if version is not None:
                with contextlib.suppress(ChangingFileError):
                    self._current().files["source", name] = _content(version)

    def _claim(self, _id: Any, asked: Any) -> tuple[Any, MemoryRun]:
        runs = self.memory.runs
        if asked is not None and asked in runs:
            if runs[asked].run.status != "QUEUED":
                raise RunIdError(f"the id {asked!r} is taken")
            return asked, MemoryRun(runs[asked].run)
        wanted = id_elsewhere(_id)
        if wanted is not None and wanted not in runs:
            return wanted, MemoryRun(StoredRun(id=wanted, status=""))
        free = next_number([*runs, self.memory.highest_deleted])
        elsewhere = None if _id is None else normalize_id(_id)
        return free, MemoryRun(StoredRun(id=free, run_id=elsewhere, status=""))

    def _apply(self, event: Event) -> None:
        self._current().run.apply(copy.deepcopy(event))

    def _current(self) -> MemoryRun:
        assert self._kept is not None, "an event before the start"
        run_id = self._kept.run.id
        if self.memory.runs.get(run_id) is not self._kept:  # the object is its own token
            raise run_removed(run_id, "the memory")
        return self._kept


def _content(version: FileVersion) -> bytes:
    with version.open() as file:
        return file.read()


#: What a store reads of a run, in the order of `StoredRun`.
_FIELDS = [
    field.alias or field.name
    for field in attrs.fields(StoredRun)
    if field.name not in ("id", "notes", "damage")
]


class MemoryStore(GuardedStore):
    """Reads the runs of ``memory``."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._runs = memory.runs

    def get(self, run_id: int | str) -> StoredRun:
        """Return one run."""
        return self._read(self._kept(run_id).run)

    def output(self, run_id: int | str) -> str:
        """Return what the run printed."""
        return self._kept(run_id).output

    def complete_output(self, run_id: int | str, text: str) -> None:
        """Let ``text`` be the whole output."""
        self._kept(run_id).output = text

    def metrics(self, run_id: int | str) -> dict[str, dict[str, Any]]:
        """Return the metrics of a run."""
        return checked_metrics(copy.deepcopy(self._kept(run_id).metrics))

    def open_file(self, run_id: int | str, kind: str, name: str) -> BinaryIO:
        """Open a file of a run."""
        try:
            return io.BytesIO(self._kept(run_id).files[kind, name])
        except KeyError:
            raise StoreError(f"the run {run_id!r} has no {kind} {name!r}") from None

    def delete(self, run_id: int | str) -> None:
        """Remove a run that is not under way."""
        if self.get(run_id).is_running():
            raise StoreError(f"the run {run_id!r} is under way")
        run_id = normalize_id(run_id)
        with self._memory.lock:
            if self._runs.pop(run_id, None) is None:
                raise StoreError(f"run {run_id!r} not found")
            used = (run_id, self._memory.highest_deleted)
            self._memory.highest_deleted = next_number(used) - 1

    def annotate(self, run_id: int | str, annotation: Annotation) -> None:
        """Keep what somebody said of a run."""
        self._kept(run_id).run.annotate(annotation)

    def _found(self, query: RunQuery, newest_first: bool) -> Iterator[Found]:
        runs = [kept.run for kept in self._runs.values()]
        for run in reversed(runs) if newest_first else runs:
            yield run.id, self._read(run, query)

    def _read(self, run: StoredRun, query: RunQuery | None = None) -> StoredRun:
        values = attrs.asdict(copy.deepcopy(run), recurse=False)
        notes, values["status"] = values.pop("notes"), values["recorded_status"]
        fields = {name: functools.partial(values.get, name) for name in _FIELDS}
        found = self._run(run.id, fields, query)
        found.notes = notes
        return found

    def _kept(self, run_id: int | str) -> MemoryRun:
        try:
            return self._runs[normalize_id(run_id)]
        except KeyError:
            raise StoreError(f"run {normalize_id(run_id)!r} not found") from None
