"""The base class of observers that store runs as documents.

All backends share ids, tokens, positions of points, lists of files, code that is imported late, and
skipped writes of unchanged fields. A backend implements the primitives of `DocumentObserver`.
"""

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from sacred_core import events
from sacred_core.observers import delivering
from sacred_core.observers.replays import ReplayingObserver
from sacred_core.provenance.sources import stored_version
from sacred_core.serialization import is_same_data
from sacred_core.stable_files import ChangingFileError, FileVersion, with_version
from sacred_core.stores.annotations import Annotation
from sacred_core.stores.claims import IdRequest, ObserverIds, claim_id
from sacred_core.stores.model import StoredRun
from sacred_core.stores.recorded_files import FileInfo
from sacred_core.stores.run_ids import normalize_id

#: A document has no identity of the event that changed it.
_NO_IDENTITY: dict[str, Any] = {"run": "", "segment": 0, "writer": "", "seq": 0}


class DocumentObserver(ReplayingObserver, ABC):
    """Records each run as a document (the fields of a `StoredRun`), output, points and files.

    A backend implements `insert_run`, `take_over_run`, `highest_number` and the abstract methods.
    If a run was deleted, methods that write to it write nothing and return False. Calls arrive one
    at a time, may be repeated, and other processes may write at the same time.

    Attributes:
        overwrite: The id of a run that the next one replaces, if `claim_run` supports it; or None.
        needs_sha256: The `FileVersion` of `put_file` has a sha256.
    """

    needs_sha256 = False
    overwrite: int | str | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.display_name})"

    def recording_location(self) -> Hashable:
        """Return the location of the store."""
        return self.store_location

    def translate_errors(self) -> AbstractContextManager[None]:
        """Return the context of calls of the backend; it may translate errors of the driver.

        Errors that a retry may fix become `UnavailableError`.
        """
        return contextlib.nullcontext()

    def insert_run(self, run: StoredRun) -> bool:
        """Insert a run atomically if its id is free; return whether it was inserted."""
        raise NotImplementedError(f"{type(self).__name__} must implement insert_run")

    def take_over_run(self, run: StoredRun) -> bool:
        """Replace the queued run of the same id by the starting run, atomically.

        The queue time, the tags and the notes of the queued run are retained.

        Returns:
            False if the status of the run in the store is not ``QUEUED``.
        """
        raise NotImplementedError(
            f"{type(self).__name__} must implement take_over_run to start queued runs"
        )

    def highest_number(self) -> int:
        """Return the highest number of all runs, also deleted ones; 0 if there is none.

        Only ids for which `sacred_core.stores.run_ids.countable_id` returns a number count.
        """
        raise NotImplementedError(
            f"{type(self).__name__} must implement highest_number to choose ids of runs"
        )

    @abstractmethod
    def update_run(self, run: StoredRun, names: frozenset[str]) -> bool:
        """Write the named fields; the other fields did not change."""

    @abstractmethod
    def append_output(self, text: str, offset: int) -> bool:
        """Replace the output from the character ``offset`` on by ``text``."""

    @abstractmethod
    def append_points(self, metrics: Mapping[str, Any], starts: Mapping[str, int]) -> bool:
        """Store points of metrics.

        Args:
            metrics: For each metric ``{"steps", "values", "timestamps"}``, lists of equal length.
            starts: For each metric the index of the first point; existing points are replaced.
        """

    def append_annotation(self, annotation: Annotation) -> bool:
        """Store an annotation after those of the run; by default the store of this observer does.

        It may be stored more than once, because readers skip duplicates.
        """
        from sacred_core.stores.opening import annotate_run  # imports what reading needs

        return annotate_run(self.open_store(), self.require_run(), annotation)

    def put_file(
        self, kind: str, name: str, version: FileVersion, details: Mapping[str, Any]
    ) -> bool:
        """Store a file of the run, in place of an earlier one of this kind and name.

        Args:
            kind: ``"artifact"``, ``"resource"`` or ``"source"``.
            name: Any string; it may be invalid as the name of a file.
            version: Its content and digests; ``version.open()`` opens it for reading.
            details: ``metadata`` and ``content_type`` of an artifact, if known.
        """
        raise NotImplementedError(f"{type(self).__name__} must implement put_file to store files")

    def store_file(self, kind: str, name: str, filename: str, details: Mapping[str, Any]) -> None:
        """Store one version of a file of the user with `put_file`.

        A backend that overrides this and `store_sources` needs no `put_file`.

        Raises:
            OSError: the file cannot be read, or changes repeatedly.
        """

        def put(version: FileVersion) -> None:
            self.write(self.put_file, kind, name, version, details)
            self.note_file(kind, name, FileInfo(size=version.size, md5=version.md5, **details))

        with_version(Path(filename), put, has_sha256=self.needs_sha256)

    def note_file(self, kind: str, name: str, info: FileInfo) -> None:
        """Record size, digest and details of a stored file; called by `store_file`."""
        self.require_run().files.setdefault(kind, {})[name] = info
        self._unsaved.add("files")

    def prepare_run(self, run: StoredRun) -> None:
        """Called for a new run before it has an id; a backend may store code here."""

    def end_run(self, run: StoredRun) -> None:
        """Complete the record of a run that ended, after its last fields were written."""

    def claim_run(self, run: StoredRun, request: IdRequest) -> int | str:
        """Insert a run, or start a queued one, and return its id.

        A backend that overrides this needs no `insert_run`, `take_over_run` and `highest_number`.

        Raises:
            RunIdError: see `sacred_core.stores.claims.claim_id`.
        """
        return claim_id(ObserverIds(self, run), request)

    def store_sources(self, base_dir: str, sources: Iterable[Sequence[Any]]) -> list[Any]:
        """Store source files, and return their entries in the record."""
        entries = list(sources)
        for name, md5 in entries:
            version = stored_version(Path(base_dir, name), md5, has_sha256=self.needs_sha256)
            if version is not None:
                with contextlib.suppress(ChangingFileError):
                    self.write(self.put_file, "source", name, version, {})
        return entries

    @delivering.optional_host_info
    def queued_event(
        self,
        ex_info: Mapping[str, Any],
        command: str,
        host_info: Mapping[str, Any],
        queue_time: datetime | None,
        config: Mapping[str, Any],
        meta_info: Mapping[str, Any],
        _id: Any,
    ) -> Any:
        """Store the run with the status QUEUED."""
        event = events.RunQueued(
            **_NO_IDENTITY, ex_info=ex_info, command=command, host_info=host_info,
            queue_time=queue_time, config=config, meta_info=meta_info,
        )  # fmt: skip
        return self.begin_run(event, _id)

    def started_event(
        self,
        ex_info: Mapping[str, Any],
        command: str,
        host_info: Mapping[str, Any],
        start_time: datetime,
        config: Mapping[str, Any],
        meta_info: Mapping[str, Any],
        _id: Any,
    ) -> Any:
        """Store the run, or start the queued one."""
        event = events.RunStarted(
            **_NO_IDENTITY, ex_info=ex_info, command=command, host_info=host_info,
            start_time=start_time, config=config, meta_info=meta_info,
            claim=delivering.current_claim(),
        )  # fmt: skip
        return self.begin_run(event, _id)

    def heartbeat_event(
        self,
        info: Mapping[str, Any],
        captured_out: str | None = None,
        beat_time: datetime | None = None,
        result: Any = None,
    ) -> None:
        """Store that the run is alive, and what of ``info`` and ``result`` changed."""
        del captured_out
        run = self.require_run()
        added = delivering.beat_additions(run)
        if self.is_stored_beat(beat_time) and not added:
            self._save_fields()
            return
        changed = {"heartbeat"}
        changed |= {"info"} if not is_same_data(run.info, dict(info)) else set()
        changed |= {"result"} if not is_same_data(run.result, result) else set()
        captured = delivering.captured_calls()
        if captured and captured != run.experiment.get("captured"):
            changed.add("experiment")
        fields = {"info": info, "beat_time": beat_time, "result": result, "captured": captured}
        if {"segments", "claim"} & {*added}:  # a copy of a resumed run: an end of it is undone
            changed |= {"status", "stop_time", "fail_trace"}
        event = events.Heartbeat(**_NO_IDENTITY, **fields, **added)
        self._save(event, *changed, *added)

    def output_event(self, text: str, offset: int) -> None:
        """Add to the output."""
        self.require_run()
        offset += self.output_start()
        self.write(self.append_output, text, offset)
        self.require_run().apply(events.OutputCaptured(**_NO_IDENTITY, text=text, offset=offset))

    @delivering.takes_time_columns
    def log_metrics(
        self, metrics_by_name: Mapping[str, Any], info: Mapping[str, Any] | None = None
    ) -> None:
        """Add points."""
        del info
        self.require_run()
        starts = self._positions.starts(metrics_by_name)
        new = delivering.points_for(self.append_points, metrics_by_name)
        self.write(self.append_points, new, starts)
        fields = {"metrics_by_name": metrics_by_name, "info": {}, "starts": starts}
        self.require_run().apply(events.MetricsLogged(**_NO_IDENTITY, **fields))  # type: ignore[arg-type]
        self._unsaved.add("metrics")  # with the heartbeat, which follows

    def resource_event(self, filename: str) -> None:
        """Store a file that the run read."""
        self.require_run()
        with self.writing():
            self.store_file("resource", filename, delivering.resource_content(filename), {})
        self._save(events.ResourceAdded(**_NO_IDENTITY, filename=filename), "resources")

    def artifact_event(
        self,
        name: str,
        filename: str,
        metadata: Mapping[str, Any] | None = None,
        content_type: str | None = None,
    ) -> None:
        """Store a file that the run made, in place of an earlier version."""
        self.require_run()
        metadata, content_type = delivering.artifact_details(filename, metadata, content_type)
        details = {"metadata": metadata, "content_type": content_type}
        known = {key: value for key, value in details.items() if value is not None}
        with self.writing():
            self.store_file("artifact", name, filename, known)
        self._save(events.ArtifactAdded(**_NO_IDENTITY, name=name, filename=filename), "artifacts")

    def code_event(
        self, sources: Iterable[Sequence[str]], dependencies: Iterable[str], base_dir: str
    ) -> None:
        """Add what was imported after the start to the sources and dependencies."""
        run, sources = self.require_run(), list(sources)
        with self.writing():
            entries = self.store_sources(base_dir, sources)
        new = {str(name): FileInfo(md5=md5) for name, md5 in sources}
        run.files["source"] = new | run.files.get("source", {})
        event = events.CodeLoaded(
            **_NO_IDENTITY, sources=entries, dependencies=list(dependencies), base_dir=base_dir
        )
        self._save(event, "experiment", "files")

    def annotation_event(
        self, time: datetime, user: str, note: str | None, added: list[str], removed: list[str]
    ) -> None:
        """Store tags and a note beside the record, where other processes add them too."""
        run = self.require_run()
        new = Annotation(time=time, user=user, note=note, added=added, removed=removed)
        if new not in run.annotations:  # else it is sent again
            self.write(self.append_annotation, new)
            run.annotate(new)

    def completed_event(self, stop_time: datetime, result: Any) -> None:
        """Complete the record."""
        changed = ("result",) if result is not None else ()
        self._end(events.RunCompleted(**_NO_IDENTITY, stop_time=stop_time, result=result), *changed)

    def interrupted_event(
        self, interrupt_time: datetime, status: str, fail_trace: list[str] | None = None
    ) -> None:
        """Complete the record with where and why the run was stopped."""
        trace = delivering.interrupt_trace(fail_trace)
        event = events.RunInterrupted(
            **_NO_IDENTITY, interrupt_time=interrupt_time, status=status, fail_trace=trace
        )
        self._end(event, *(("fail_trace",) if trace else ()))

    def failed_event(self, fail_time: datetime, fail_trace: list[str]) -> None:
        """Complete the record with the traceback."""
        event = events.RunFailed(**_NO_IDENTITY, fail_time=fail_time, fail_trace=fail_trace)
        self._end(event, "fail_trace")

    def begin_run(self, event: events.RunIdEvent, _id: Any) -> Any:
        """Store a run that is queued or starts, and return its id.

        If the event is replayed and the run is stored already, it is continued. A run that is
        resumed is taken over from the process that recorded it before.
        """
        run_id = self.begin_resumed(_id)
        if run_id is not None:
            return run_id
        self.set_run(None, self.start_token())
        run = StoredRun(id="", status="")
        run.apply(event)
        uid = delivering.replayed_uid()
        if uid is None:
            return self._begin_new(run, _id, delivering.asked_id(_id))
        return self.begin_replayed(run, uid, _id, partial(self._begin_new, run))

    def _begin_new(self, run: StoredRun, _id: Any, asked_id: Any) -> Any:
        is_start = run.recorded_status != "QUEUED"
        if asked_id is not None and is_start:
            from sacred_core.observers.queued_starts import find_queued  # few request an id

            asked_id = find_queued(self, run, asked_id)
        request = IdRequest(
            other_id=_id, asked_id=asked_id, is_start=is_start, overwrite=self.overwrite
        )
        with self.translate_errors():
            self.prepare_run(run)
            run.id = self.claim_run(run, request)
            if _id is not None and str(run.id) != str(_id):
                run.run_id = normalize_id(_id)
            self.stored_run = run
            self.start_run(run)
        return run.id

    def _save(self, event: events.Event, *changed: str) -> None:
        """Apply an event and write changed fields, also those that could not be written before."""
        run = self.require_run()
        run.apply(event)
        self._unsaved.update(changed)
        self._save_fields()

    def _save_fields(self) -> None:
        """Write fields that changed."""
        if self._unsaved:
            self.write(self.update_run, self.require_run(), frozenset(self._unsaved))
            self._unsaved.clear()

    def _end(self, event: events.Event, *changed: str) -> None:
        if self.require_run().output_length is not None:  # a heartbeat would write all facts
            changed = ("output_length", *changed)
        if self.require_run().recorded_segments:
            changed = ("segments", *changed)
        self._save(event, "status", "stop_time", *changed)
        with self.writing():
            self.end_run(self.require_run())
