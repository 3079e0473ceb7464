"""Records runs in a bucket; a plugin provides the bucket."""

import contextlib
import os
import time
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Self

from sacred_core.events import RunIdEvent
from sacred_core.exceptions import OptionError, RunRemovedError, StoreError
from sacred_core.hooks.targets import call_target
from sacred_core.observers.delivering import takes_time_columns
from sacred_core.observers.deprecated import DeprecatedCreate
from sacred_core.observers.documents import DocumentObserver
from sacred_core.serialization import plain
from sacred_core.stable_files import FileVersion, file_version
from sacred_core.stores.annotations import Annotation
from sacred_core.stores.claims import IdRequest, claim_id
from sacred_core.stores.facts import FACTS
from sacred_core.stores.folder_format import CONFIG, json_bytes, new_entry
from sacred_core.stores.leases import releasing
from sacred_core.stores.model import StoredRun
from sacred_core.stores.recorded_files import FileInfo
from sacred_core.stores.run_store import RunStore
from sacred_core.stores.tokens import TOKEN
from sacred_objects import object_keys
from sacred_objects.bucket import Bucket, BucketMissingError
from sacred_objects.contents import Pending, SharedContents, UploadQueue
from sacred_objects.ids import ObjectIds, lock_uid
from sacred_objects.recorder import Recorder

#: Seconds. GCS takes one write a second to an object; a record waits so long for the next file.
_BETWEEN = 1.0
#: Entries at the end of a new record, in the order in which releases wrote them to buckets.
_LAST = ("token", "experiment", "run_id")
#: Fields whose change may wait for the next heartbeat.
_LISTS = (FACTS - {"claim"}) | {"artifacts", "resources", "experiment"}


class ObjectObserver(DeprecatedCreate, DocumentObserver):
    """Records each run as objects with the names of a `FileStorageObserver`.

    The observer of a plugin passes ``connect``, and documents its own arguments.

    Args:
        connect: Returns the bucket; called when the first run starts.
        url: The URL of the bucket, for messages.
        basedir: The prefix of the keys of all runs.
        resource_dir: The prefix for resources, by default ``_resources`` in ``basedir``.
        source_dir: The prefix for sources, by default ``_sources`` in ``basedir``.
        priority: See `sacred_core.RunObserver`.

    Attributes:
        scheme: The scheme of URLs of the plugin's buckets.
        option_names: Keyword arguments of the plugin's observer that can be options of a URL.
        basedir: The prefix of all runs, without slashes at its ends.
        dir: The prefix of the current run; None before the first run.
        run_entry: The content of ``run.json``; change it and call `save` to add to it.
    """

    scheme: ClassVar[str]
    option_names: ClassVar[tuple[str, ...]] = ()
    lists_files_with_heartbeats = True
    dir: str | None
    _uploads: UploadQueue
    _contents: SharedContents
    _ids: ObjectIds

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
        self.basedir = object_keys.normalize_prefix(basedir)
        self.display_name = f"{url}/{self.basedir}".rstrip("/")
        for folder in (resource_dir, source_dir):
            object_keys.normalize_prefix(folder or "")
        self.priority = priority
        self.dir = None
        self.run_entry: dict[str, Any] = {}
        self._layout: object_keys.BucketLayout | None = None
        self._active_recorder: Recorder | None = None
        self._removed: RunRemovedError | None = None
        self._is_listed = False
        self._saved = 0.0

    @classmethod
    def from_argument(cls, argument: str) -> Self:
        """Return the plugin's observer for the argument of its flag."""
        location = object_keys.parse_location(argument, cls.scheme, cls.option_names)
        make: Callable[..., Self] = cls
        try:
            return make(location.bucket, location.basedir, **location.options)
        except ValueError as error:
            raise OptionError(str(error)) from None

    @classmethod
    def from_layout(cls, layout: object_keys.BucketLayout) -> "ObjectObserver":
        """Return an observer that writes to a place."""
        self = ObjectObserver(lambda: layout.bucket, layout.bucket.url, layout.root)
        self._layout = layout
        return self

    def __repr__(self) -> str:
        return f"{type(self).__name__}({f'{self._url}/{self.basedir}'.rstrip('/')!r})"

    def recording_location(self) -> Hashable:
        """Return the URL of the bucket, with the prefix of the keys of all runs."""
        return self._url, self.basedir

    @property
    def store_location(self) -> str:  # type: ignore[override]
        """The URL of the runs."""
        return f"{self._url}/{self.basedir}".rstrip("/")

    def open_store(self) -> RunStore:
        """Return the store of the same bucket, which is created if the observer creates it."""
        try:
            next(iter(self.layout.bucket.list(f"{self.layout.root}_")), None)
        except BucketMissingError as error:
            self.make_bucket(error)
        store: RunStore = call_target("sacred_objects.store:ObjectStore", self.layout)
        return store

    @property
    def layout(self) -> object_keys.BucketLayout:
        """The location of the runs; the first use connects to the bucket."""
        if self._layout is None:
            self._layout = object_keys.bucket_layout(self._connect(), *self._folders)
        return self._layout

    def begin_run(self, event: RunIdEvent, _id: Any) -> Any:
        """Write the run, or take over the queued one; return the name of its folder."""
        self._active_recorder = self._removed = self.dir = None
        try:
            return str(super().begin_run(event, _id))
        except BucketMissingError as error:
            self.make_bucket(error)
            return str(super().begin_run(event, _id))

    def prepare_run(self, run: StoredRun) -> None:
        """Send the code: what the record names is there before the record."""
        self._uploads = UploadQueue(self.layout, Pending(self.layout, self.token))
        self._contents = SharedContents(self.layout, self._uploads)
        run.experiment = self._contents.archive.experiment(run.experiment)
        self._uploads.send()

    def lock_uid(self, uid: str) -> AbstractContextManager[None]:
        """Claim the uid in a separate object: ``run.json`` is written after the id is chosen."""
        return lock_uid(self.layout, uid)

    def claim_run(self, run: StoredRun, request: IdRequest) -> int | str:
        """Write the configuration of the run; that of the queued run is replaced."""
        self._ids = ObjectIds(self.layout, request.asked_id, json_bytes(run.config))
        return claim_id(self._ids, request)

    def start_run(self, run: StoredRun) -> None:
        """Write the record."""
        ids = self._ids
        with releasing(ids.lease, always=run.recorded_status != "RUNNING"):
            entry = new_entry(run, self.token, ids.queued)
            self.run_entry = {name: entry[name] for name in sorted(entry, key=_LAST.count)}
            recorder = Recorder(self.layout, str(run.id), self.run_entry, self._uploads)
            if ids.lease is not None:
                ids.lease.require(run.id)
            while not recorder.send_start(ids.version):
                ids.read_again(run.id)
            recorder.note_copy(CONFIG, ids.config_version, json_bytes(run.config))
        self.dir = recorder.prefix.rstrip("/")
        self._active_recorder = recorder

    def update_run(self, run: StoredRun, names: frozenset[str]) -> bool:
        """Write ``run.json``, and ``info.json`` if the information changed."""
        recorder = self._recorder
        recorder.update(run, names)
        has_code = "experiment" in names
        if has_code:
            self._send(recorder.send_files)
        if names <= _LISTS:
            self._save_soon(has_code or self._is_listed)
        else:
            self.save()
        return True

    def replace_token(self, old: str, new: str) -> bool:
        """Replace the token in ``run.json``, if it is still the version that was read."""
        return self._recorder.replace_token(old, new)

    def append_output(self, text: str, offset: int) -> bool:
        """Add a part to the output; ``cout.txt`` is written at the end."""
        recorder = self._recorder
        recorder.output(text, offset)
        self._send(recorder.send_growth)
        return True

    @takes_time_columns
    def append_points(self, metrics: Mapping[str, Any], starts: Mapping[str, int]) -> bool:
        """Add a part to the points; ``metrics.json`` is written at the end."""
        recorder = self._recorder
        recorder.metrics(metrics, starts)
        self._send(recorder.send_growth)
        return True

    def append_annotation(self, annotation: Annotation) -> bool:
        """Write a separate object."""
        self._send(partial(self._recorder.send_annotation, annotation))
        return True

    def store_file(self, kind: str, name: str, filename: str, details: Mapping[str, Any]) -> None:
        """Send an artifact to its name; send each content of resources once for all runs."""
        recorder = self._recorder
        if kind == "artifact":
            recorder.add_artifact(
                name,
                filename,
                details.get("content_type"),
                partial(self._note, kind, name, details),
            )
            listed = partial(recorder.files.add_artifact, name, **details)
        else:
            stored, version = self._contents.resource(Path(filename))
            self._note(kind, str(name), details, version)
            listed = partial(recorder.files.add_resource, str(name), stored)
        self._send(recorder.send_files)
        self._is_listed = listed()

    def store_sources(self, base_dir: str, sources: Iterable[Sequence[Any]]) -> list[Any]:
        """Return pairs for the record; the files are sent before it."""
        return self._contents.archive.sources(base_dir, sources)

    def continue_folder(
        self, run: StoredRun, entry: dict[str, Any], output: str, metrics: Mapping[str, Any]
    ) -> None:
        """Record further events of a stored run.

        Args:
            run: The stored run.
            entry: The content of its ``run.json``.
            output, metrics: The stored output and metrics.
        """
        self.continue_run(run, str(entry.get(TOKEN) or ""))
        self._uploads = UploadQueue(self.layout, Pending(self.layout, self.token))
        self._contents = SharedContents(self.layout, self._uploads)
        recorder = Recorder(self.layout, str(run.id), entry, self._uploads)
        recorder.adopt(run, output, metrics)
        self.run_entry, self.dir = entry, recorder.prefix.rstrip("/")
        self._active_recorder = recorder

    def join(self) -> None:
        """Send the record of a run that was continued after its end."""
        if self._active_recorder is not None and self._removed is None:
            self._send(self._active_recorder.complete)

    def _note(self, kind: str, name: str, details: Mapping[str, Any], version: FileVersion) -> None:
        self.note_file(kind, name, FileInfo(size=version.size, md5=version.md5, **details))

    def save(self) -> None:
        """Write ``run.json`` from `run_entry`."""
        self._send(self._recorder.send_record)
        self._saved = time.monotonic()

    def save_json(self, obj: Any, filename: str) -> None:
        """Write anything as a JSON object into the folder of the run."""
        recorder = self._recorder
        self.layout.bucket.put(recorder.prefix + filename, json_bytes(plain(obj)), object_keys.JSON)

    def save_file(self, filename: str | os.PathLike[str], target_name: str | None = None) -> None:
        """Copy a file into the folder of the run, by default under its own name."""
        path = Path(filename)
        with file_version(path).open() as file:
            self.layout.bucket.put(self._recorder.prefix + (target_name or path.name), file)

    def make_bucket(self, missing: BucketMissingError) -> None:
        """Create the bucket, which is missing; where that is not done, raise the error."""
        raise missing

    def _save_soon(self, is_due: bool) -> None:
        """Write the record, unless that was just done: then the next heartbeat does it."""
        if is_due and time.monotonic() - self._saved > _BETWEEN:
            self.save()

    def _send(self, send: Callable[[], None]) -> None:
        """Call a method of the recorder; remove what was sent of a run that was deleted."""
        if self._removed is not None:
            raise self._removed
        try:
            send()
        except RunRemovedError as error:
            self._removed = error
            with contextlib.suppress(StoreError):
                self._recorder.remove_parts()
            raise

    @property
    def _recorder(self) -> Recorder:
        if self._active_recorder is None:
            raise RuntimeError(f"{self!r} has no run: the folder is created when a run starts")
        return self._active_recorder
