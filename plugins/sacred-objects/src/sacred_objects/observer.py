"""Records runs in a bucket; a plugin says in whose."""

import os
import time
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from sacred_core import RunObserver
from sacred_core.exceptions import UnavailableError
from sacred_core.observers import delivering
from sacred_core.observers.deprecated import warn_of_create
from sacred_core.serialization import plain
from sacred_core.stable_files import file_version
from sacred_core.stores.claims import IdRequest, claim_id
from sacred_core.stores.folder_format import format_time, json_bytes, new_entry
from sacred_core.stores.leases import releasing
from sacred_core.stores.run_ids import normalize_id
from sacred_core.stores.tokens import TOKEN, new_token
from sacred_objects import layout
from sacred_objects.bucket import Bucket, BucketMissingError
from sacred_objects.ids import ObjectIds
from sacred_objects.kept import KeptFiles, Uploads
from sacred_objects.pending import Pending
from sacred_objects.recorder import Recorder
from sacred_objects.sending import Sending

#: Seconds. GCS takes one write a second to an object; a record waits so long for the next file.
_BETWEEN = 1.0


class ObjectObserver(RunObserver):
    """Keeps each run as objects that look like the files of a `FileStorageObserver`.

    A plugin's observer gives ``connect`` and documents its own arguments.

    Args:
        connect: Returns the bucket; called when the first run starts.
        url: Of the bucket, to be shown.
        basedir: What the keys of all runs begin with.
        resource_dir: The same for resources, by default ``_resources`` in ``basedir``.
        source_dir: The same for sources, by default ``_sources`` in ``basedir``.
        priority: See `sacred_core.RunObserver`.

    Attributes:
        basedir: Without slashes at its ends.
        dir: The prefix of the current run; None before the first one.
        run_entry: What ``run.json`` holds; change it and call `save` to add to it.
    """

    dir: str | None

    def __init__(
        self,
        connect: Callable[[], Bucket],
        url: str,
        basedir: str,
        resource_dir: str | None = None,
        source_dir: str | None = None,
        priority: int = 20,
    ) -> None:
        self._connect = connect
        self._url = url
        self._folders = basedir, resource_dir, source_dir
        self.basedir = layout.cleaned(basedir)
        for folder in (resource_dir, source_dir):
            layout.cleaned(folder or "")
        self.priority = priority
        self.dir = None
        self.run_entry: dict[str, Any] = {}
        self._place: layout.Place | None = None
        self._sending: Sending | None = None
        self._positions = delivering.MetricPositions()
        self._saved = 0.0

    @classmethod
    def create(cls, *args: Any, **kwargs: Any) -> Self:
        """Return an observer. Deprecated: call the class."""
        warn_of_create(cls)
        return cls(*args, **kwargs)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({f'{self._url}/{self.basedir}'.rstrip('/')!r})"

    def recording_location(self) -> Hashable:
        """Return the URL of the bucket, with the prefix of the keys of all runs."""
        return self._url, self.basedir

    @property
    def store_location(self) -> str:  # type: ignore[override]
        """The URL of the runs."""
        return f"{self._url}/{self.basedir}".rstrip("/")

    @property
    def place(self) -> layout.Place:
        """Where the runs are; the bucket is connected to when this is first asked for."""
        if self._place is None:
            self._place = layout.place(self._connect(), *self._folders)
        return self._place

    @delivering.optional_host_info
    def queued_event(
        self,
        ex_info: Mapping[str, Any],
        command: str,
        host_info: Mapping[str, Any],
        queue_time: datetime,
        config: Mapping[str, Any],
        meta_info: Mapping[str, Any],
        _id: Any,
    ) -> Any:
        """Write the run, with the status QUEUED."""
        entry = new_entry("QUEUED", None, command, host_info)
        entry["meta"] = {**meta_info, "queue_time": format_time(queue_time)}
        return self._begin(entry, ex_info, config, _id, is_start=False)

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
        """Write the run, or take over the queued one."""
        entry = new_entry("RUNNING", start_time, command, host_info)
        entry["meta"] = dict(meta_info)
        return self._begin(entry, ex_info, config, _id, is_start=True)

    def heartbeat_event(
        self,
        info: Mapping[str, Any],
        captured_out: str | None = None,
        beat_time: datetime | None = None,
        result: Any = None,
    ) -> None:
        """Note that the run is alive, and its ``info`` if it changed."""
        del captured_out
        self._active.recorder.heartbeat(info, beat_time, result)
        self.save()

    def output_event(self, text: str, offset: int) -> None:
        """Add a part to the output; ``cout.txt`` is written at the end."""
        recorder = self._active.recorder
        recorder.output(text, offset)
        self._active.send(recorder.send_growth)

    def log_metrics(
        self,
        metrics_by_name: Mapping[str, Any],
        info: Mapping[str, Any] | None = None,
    ) -> None:
        """Add a part to the points; ``metrics.json`` is written at the end."""
        del info
        recorder = self._active.recorder
        recorder.metrics(metrics_by_name, self._positions.starts(metrics_by_name))
        self._active.send(recorder.send_growth)

    def completed_event(self, stop_time: datetime, result: Any) -> None:
        """Finish the record."""
        self._end("COMPLETED", stop_time, result=result)

    def interrupted_event(
        self, interrupt_time: datetime, status: str, fail_trace: list[str] | None = None
    ) -> None:
        """Finish the record with where and why it was stopped."""
        self._end(status, interrupt_time, fail_trace=delivering.interrupt_trace(fail_trace))

    def failed_event(self, fail_time: datetime, fail_trace: list[str]) -> None:
        """Finish the record with the traceback."""
        self._end("FAILED", fail_time, fail_trace=fail_trace)

    def resource_event(self, filename: str) -> None:
        """Keep the file; the same content is kept once for all runs."""
        recorder = self._active.recorder
        kept = recorder.add_resource(filename)
        self._file_sent(lambda: recorder.list_resource(filename, kept))

    def artifact_event(
        self,
        name: str,
        filename: str,
        metadata: Mapping[str, Any] | None = None,
        content_type: str | None = None,
    ) -> None:
        """Keep the file under its name, in place of an earlier version."""
        metadata, content_type = delivering.artifact_details(filename, metadata, content_type)
        recorder = self._active.recorder
        recorder.add_artifact(name, filename, content_type)
        self._file_sent(lambda: recorder.list_artifact(name, metadata, content_type))

    def code_event(
        self, sources: Iterable[Sequence[str]], dependencies: Iterable[str], base_dir: str
    ) -> None:
        """Add what was imported after the start to the sources and dependencies."""
        recorder = self._active.recorder
        recorder.code(sources, dependencies, base_dir)
        self._active.send(recorder.send_files, is_kept=False)
        self._save_soon(True)

    def join(self) -> None:
        """Send what could not be sent before, or else leave it in a folder."""
        if self._sending is not None:
            self._sending.finish()

    def save(self) -> None:
        """Write ``run.json`` from `run_entry`."""
        self._active.send(self._active.recorder.send_record)
        self._saved = time.monotonic()

    def save_json(self, obj: Any, filename: str) -> None:
        """Write anything as a JSON object into the folder of the run."""
        recorder = self._active.recorder
        self.place.bucket.put(recorder.prefix + filename, json_bytes(plain(obj)), layout.JSON)

    def save_file(self, filename: str | os.PathLike[str], target_name: str | None = None) -> None:
        """Copy a file into the folder of the run, by default under its own name."""
        path = Path(filename)
        with file_version(path).open() as file:
            self.place.bucket.put(self._active.recorder.prefix + (target_name or path.name), file)

    def make_bucket(self, missing: BucketMissingError) -> None:
        """Create the bucket, which is missing; where that is not done, raise the error."""
        raise missing

    def _begin(
        self,
        entry: dict[str, Any],
        ex_info: Mapping[str, Any],
        config: Mapping[str, Any],
        _id: Any,
        is_start: bool,
    ) -> Any:
        wanted = IdRequest(other_id=_id, asked_id=delivering.asked_id(_id), is_start=is_start)
        self._sending, self.dir = None, None
        self._positions = delivering.MetricPositions()
        try:
            return self._begun(entry, ex_info, config, wanted)
        except BucketMissingError as error:
            self.make_bucket(error)
            return self._begun(entry, ex_info, config, wanted)

    def _begun(
        self,
        entry: dict[str, Any],
        ex_info: Mapping[str, Any],
        config: Mapping[str, Any],
        wanted: IdRequest,
    ) -> Any:
        token = new_token()
        uploads = Uploads(self.place, Pending(self.place, token))
        entry = {
            **entry,
            TOKEN: token,
            "experiment": KeptFiles(self.place, uploads).experiment(ex_info),
        }
        uploads.send()  # last comes the record: what it names is there
        ids = ObjectIds(self.place, wanted.asked_id, json_bytes(dict(config)))
        name = str(claim_id(ids, wanted))
        with releasing(ids.lease, always=not wanted.is_start):
            if queue_time := (ids.queued.get("meta") or {}).get("queue_time"):
                entry["meta"] = {"queue_time": queue_time, **entry["meta"]}
            if wanted.other_id is not None and name != str(wanted.other_id):
                entry["run_id"] = normalize_id(wanted.other_id)
            recorder = Recorder(self.place, name, entry, uploads)
            if ids.lease is not None:
                ids.lease.require(name)
            recorder.send_start(ids.version)
        self.run_entry, self.dir = entry, recorder.prefix.rstrip("/")
        self._sending = Sending(recorder)
        return name

    def _end(
        self,
        status: str,
        time: datetime,
        result: Any = None,
        fail_trace: list[str] | None = None,
    ) -> None:
        self._active.recorder.end(status, time, result, fail_trace)
        self.save()

    def _file_sent(self, listed: Callable[[], bool]) -> None:
        """Send a file and list it: where it is refused it is not listed."""
        try:
            self._active.send(self._active.recorder.send_files, is_kept=False)
        except UnavailableError:  # it will be sent
            listed()
            raise
        self._save_soon(listed())

    def _save_soon(self, is_due: bool) -> None:
        """Write the record, unless that was just done: then the next heartbeat does it."""
        if is_due and time.monotonic() - self._saved > _BETWEEN:
            self.save()

    @property
    def _active(self) -> Sending:
        if self._sending is None:
            raise RuntimeError(f"{self!r} has no run yet: its folder is made when one starts")
        return self._sending
