"""Records a run in a folder."""

import os
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sacred_core.atomic_files import create_folder, replace_bytes, write_new
from sacred_core.events import RunIdEvent
from sacred_core.hooks.targets import call_target
from sacred_core.observers.code_archive import CodeArchive
from sacred_core.observers.delivering import takes_time_columns
from sacred_core.observers.deprecated import DeprecatedCreate
from sacred_core.observers.documents import DocumentObserver
from sacred_core.serialization import from_json, plain
from sacred_core.stable_files import with_version
from sacred_core.stores.annotations import Annotation
from sacred_core.stores.claims import IdRequest, claim_id
from sacred_core.stores.facts import FACTS
from sacred_core.stores.folder_format import (
    ANNOTATIONS,
    CONFIG,
    INFO,
    METRIC_LINES,
    OUTPUT,
    RESOURCES,
    RUN,
    SOURCES,
    FileLists,
    annotation_line,
    entry_bytes,
    json_bytes,
    metric_lines,
    new_entry,
    update_entry,
)
from sacred_core.stores.leases import Lease, releasing
from sacred_core.stores.locations import FilePath, absolute_path, location_path, short_path
from sacred_core.stores.model import StoredRun
from sacred_core.stores.record_files import (
    AppendFile,
    AppendText,
    append_bytes,
    read_json,
)
from sacred_core.stores.recorded_files import FileInfo
from sacred_core.stores.tokens import TOKEN
from sacred_file import layout
from sacred_file.contents import (
    SharedContents,
    copy,
    path_below,
    restore_missing,
    store_version,
    stored_info,
    without_patches,
)
from sacred_file.ids import FolderIds, OwnFolder, current_token, lock_uid, write_beats
from sacred_file.metric_files import merge_metrics, reopen_metrics, split_metrics
from sacred_file.report import template_path, write_report

if TYPE_CHECKING:
    from sacred_core.stores.run_store import RunStore

#: Fields that are written with the next heartbeat where there are many files.
_LISTS = (FACTS - {"claim"}) | {"artifacts", "resources"}


class FileStorageObserver(DeprecatedCreate, DocumentObserver):
    """Records each run as files in a separate sub-folder.

    Args:
        basedir: The folder of all runs; the first run creates it.
        resource_dir: The folder for resources, by default ``_resources`` in ``basedir``.
        source_dir: The folder for sources, by default ``_sources`` in ``basedir``.
        template: A template that mako renders at the end of a run into ``report`` (with the
            suffix of the template); by default ``template.html`` in ``basedir``, if it exists.
        priority: See `sacred_core.RunObserver`.
        copy_artifacts: Copy resources that are in ``basedir`` already, such as the
            artifacts of other runs. False: ``run.json`` contains their paths.
        copy_sources: Store copies of the sources.

    Raises:
        FileNotFoundError: ``template`` does not exist.
        ModuleNotFoundError: a ``template`` is given, and mako is not installed.

    Attributes:
        basedir: The path as given, as a string; a relative path is not changed.
        resource_dir, source_dir, template: Absolute paths.
        dir: The folder of the current run, below ``basedir``; None before the first run.
        run_entry: The content of ``run.json``; change it and call `save` to add to it.
        config, info: The content of ``config.json`` and ``info.json``.
    """

    VERSION = "FileStorageObserver-0.1.0"

    dir: str | None
    _own: OwnFolder | None
    _lease: Lease | None
    run_entry: dict[str, Any]
    config: dict[str, Any]
    info: dict[str, Any]
    _output: AppendText | None
    _metrics: AppendFile | None
    _files: FileLists
    _is_listed: bool
    _is_together: bool
    _pending: frozenset[str]

    def __init__(
        self,
        basedir: FilePath,
        resource_dir: FilePath | None = None,
        source_dir: FilePath | None = None,
        template: FilePath | None = None,
        priority: int = 20,
        copy_artifacts: bool = True,
        copy_sources: bool = True,
    ) -> None:
        self.basedir = os.path.expanduser(os.fsdecode(basedir))  # noqa: PTH111 - stays as given
        self._root = absolute_path(basedir)
        self.resource_dir = absolute_path(resource_dir or self._root / RESOURCES)
        self.source_dir = absolute_path(source_dir or self._root / SOURCES)
        self.template = None if template is None else template_path(template)
        self.copy_artifacts = copy_artifacts
        self.copy_sources = copy_sources
        self.priority = priority
        self.display_name = repr(str(self._root))
        self.display_location = short_path(self._root)
        self.dir = self._own = self._lease = None
        self._reset()

    @classmethod
    def from_argument(cls, argument: FilePath) -> "FileStorageObserver":
        """Return the observer for the argument of ``-F``: a folder, or its ``file:`` URL."""
        return cls(location_path(argument, "file"))

    @property
    def spool_folder(self) -> Path | None:  # type: ignore[override]
        """The folder of the current run."""
        return None if self._own is None else self._own.path

    def recording_location(self) -> Hashable:
        """Return the absolute path of the folder of all runs."""
        return str(self._root)

    @property
    def store_location(self) -> str:  # type: ignore[override]
        """The folder of all runs."""
        return str(self._root)

    def open_store(self) -> "RunStore":
        """Return the store of the folder, which is created."""
        self.create_root()
        store: RunStore = call_target("sacred_file.store:FileStore", self._root)
        return store

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.basedir!r})"

    @contextmanager
    def translate_errors(self) -> Iterator[None]:
        """Return a context in which a missing folder is that of a run that was deleted."""
        try:
            yield
        except FileNotFoundError:
            if self._own is not None:
                self._own.require()
            raise

    def begin_run(self, event: RunIdEvent, _id: Any) -> Any:
        """Make the folder of the run, or take over that of the queued one; return its name."""
        self._reset()
        self.create_root()
        return str(super().begin_run(event, _id))

    def create_root(self) -> None:
        """Create the folder of all runs, unless it exists."""
        create_folder(self._root)

    def lock_uid(self, uid: str) -> AbstractContextManager[None]:
        """Claim the uid in a separate file: ``run.json`` is written after the id is chosen."""
        return lock_uid(self._root, uid)

    def claim_run(self, run: StoredRun, request: IdRequest) -> int | str:
        """Make the folder of the run, or claim that of the queued one."""
        ids = FolderIds(self._root, request.asked_id)
        run_id = claim_id(ids, request)
        folder = self._root / str(run_id)
        self._own, self._lease = OwnFolder(folder, self.token), ids.lease
        self.dir = os.path.join(self.basedir, folder.name)  # noqa: PTH118 - a string
        return run_id

    def start_run(self, run: StoredRun) -> None:
        """Write the files of the run, ``run.json`` last: it makes the folder one of a run."""
        own, lease, is_start = self._require_own(), self._lease, run.recorded_status == "RUNNING"
        with releasing(lease, always=not is_start):
            if is_start and lease is None:
                own.begin()  # first: it is the time since when the run may be storing content
            self.config = run.config
            if self.copy_sources:
                run.experiment = self._code.experiment(run.experiment)
            else:
                run.experiment = without_patches(run.experiment)
            queued = read_json(own.path / RUN, {})
            self.run_entry = new_entry(run, self.token, queued)
            self._files = FileLists(self.run_entry)
            self._write_start(own, lease, is_start)

    def continue_folder(self, run: StoredRun, folder: Path) -> None:
        """Record what follows for a run that is stored already; its store calls this."""
        self._reset()
        self.run_entry = read_json(folder / RUN, {}, from_json)
        self.continue_run(run, current_token(folder))
        if self.token:
            self.run_entry[TOKEN] = self.token
        self._files = FileLists(self.run_entry)
        self.config, self.info = run.config, run.info
        self._own = OwnFolder(folder, self.token, is_recorded=True)
        self.dir = str(folder)

    def replace_token(self, old: str, new: str) -> bool:
        """Replace the token in the folder; ``run.json`` gets it with the new segment."""
        return self._require_own().replace_token(old, new)

    def renew_claim(self, run: StoredRun) -> bool:
        """Write the number of renewals to a separate file."""
        write_beats(self._folder(), run.claim)
        return True

    def update_run(self, run: StoredRun, names: frozenset[str]) -> bool:
        """Write ``run.json``, and ``info.json`` if the information changed."""
        # Facts list all files: to encode them for each file would cost more with each.
        self._pending |= names
        if not self._is_listed and names <= _LISTS:
            return True
        folder = self._require_own().path
        is_last = "stop_time" in names  # what follows it needs the record of the end
        if is_last and run.stop_time is None:  # it is resumed
            reopen_metrics(self._folder())
        elif is_last:
            (self._folder() / layout.SPARE).unlink(missing_ok=True)
        if "info" in names:
            replace_bytes(folder / INFO, json_bytes(run.info), self._folder)
            self.info = run.info
        if is_last or not self._is_together:
            self._write_pending(folder, run, has_token=is_last and run.stop_time is not None)
        return True

    @contextmanager
    def write_together(self) -> Iterator[None]:
        """Return a context at the end of which ``run.json`` is written once, or before the end.

        After an error all of it may be written again: output and points have positions.
        """
        self._is_together = True
        try:
            yield
        finally:
            self._is_together = False
        if not self._pending <= _LISTS:
            self._write_pending(self._require_own().path, self.require_run())

    def end_run(self, run: StoredRun) -> None:
        """Merge the metrics and write the report, in the folder in which the end was stored."""
        folder = self._require_own().path
        restore_missing(self._root, self.run_entry)
        merge_metrics(folder)
        self._metrics = None
        template = self.template or self._root / layout.TEMPLATE
        if self.template or template.is_file():
            write_report(template, folder, self.run_entry, self.config, self.info)

    def append_output(self, text: str, offset: int) -> bool:
        """Append to ``cout.txt``."""
        own = self._require_own()
        if self._output is None:
            self._output = AppendText(own.path / OUTPUT, own.require)
        self._output.write(text, offset)
        return True

    @takes_time_columns
    def append_points(self, metrics: Mapping[str, Any], starts: Mapping[str, int]) -> bool:
        """Append the points; ``metrics.json`` is written from them at the end."""
        own = self._require_own()
        has_ended = self.require_run().stop_time is not None
        if self._metrics is None:
            if has_ended:
                split_metrics(own.require())
            self._metrics = AppendFile(own.path / METRIC_LINES, own.require)
        self._metrics.write(metric_lines(metrics, starts))
        if has_ended:
            merge_metrics(own.path)
            self._metrics = None
        return True

    def append_annotation(self, annotation: Annotation) -> bool:
        """Append a line to ``annotations.jsonl``, to which other processes append too."""
        append_bytes(self._folder() / ANNOTATIONS, annotation_line(annotation))
        return True

    def store_file(self, kind: str, name: str, filename: str, details: Mapping[str, Any]) -> None:
        """Copy an artifact under its name; store each content of resources once for all runs."""
        folder = self._folder()
        if kind == "artifact":
            target = layout.artifact_path(folder, name)
            size, md5 = copy(Path(filename), target, folder, self._folder)
            self.note_file(kind, name, FileInfo(size=size, md5=md5, **details))
            self._is_listed = self._files.add_artifact(name, **details)
        else:
            stored = self.find_or_save(filename, self.resource_dir)
            self.note_file(kind, str(name), stored_info(stored))
            name, stored_name = str(name), os.path.relpath(stored, self._root)
            self._is_listed = self._files.add_resource(name, stored_name)

    def store_sources(self, base_dir: str, sources: Iterable[Sequence[Any]]) -> list[Any]:
        """Store code that was imported after the start, and return pairs for the record."""
        if not self.copy_sources:
            return [list(pair) for pair in sources]
        return self._code.sources(base_dir, sources)

    def save(self) -> None:
        """Write ``run.json`` from `run_entry`."""
        self._write_entry(self._require_own().path)

    def _write_pending(self, folder: Path, run: StoredRun, has_token: bool = False) -> None:
        update_entry(self.run_entry, run, self._pending)
        self._write_entry(folder, has_token)
        self._is_listed, self._pending = False, frozenset()

    def _write_entry(self, folder: Path, has_token: bool = False) -> None:
        """Write ``run.json``, and check the token right before, unless that was just done."""
        check = None if has_token else self._folder
        try:
            replace_bytes(folder / RUN, entry_bytes(self.run_entry), check)
        except FileNotFoundError:
            self._folder()  # the run may be deleted
            raise

    def save_json(self, obj: Any, filename: str) -> None:
        """Write anything as a JSON file into the folder of the run."""
        replace_bytes(self._folder() / filename, json_bytes(plain(obj)))

    def save_file(self, filename: FilePath, target_name: str | None = None) -> None:
        """Copy a file into the folder of the run, by default under its own name."""
        folder = self._folder()
        copy(Path(filename), folder / (target_name or Path(filename).name), folder)

    def find_or_save(self, filename: FilePath, store_dir: FilePath) -> Path:
        """Return the copy of a file in ``store_dir``, which is made if its content is new there.

        Without ``copy_artifacts``, a file in ``basedir`` is returned itself.
        """
        found = None if self.copy_artifacts else path_below(self._root, Path(filename))
        return found or with_version(
            Path(filename), lambda version: store_version(version, Path(store_dir))
        )

    def _reset(self) -> None:
        self.run_entry = {}
        self._files = FileLists(self.run_entry)
        self.config = {}
        self.info = {}
        self._output = None
        self._metrics = None
        self._is_listed = self._is_together = False
        self._pending = frozenset()

    def _write_start(self, own: OwnFolder, lease: Lease | None, is_start: bool) -> None:
        folder = own.path
        if lease is not None:
            lease.require(folder.name)
        write_new(folder / CONFIG, json_bytes(self.config))
        # Clients open it, whatever it contains.
        write_new(folder / INFO, json_bytes(self.info))
        (folder / OUTPUT).touch()
        if lease is not None:
            lease.require(folder.name)
            if is_start:
                own.begin()
        self.save()  # last: a folder is a run once it contains this
        own.is_recorded = True

    @property
    def _code(self) -> CodeArchive:
        contents = SharedContents(self.source_dir, self._root)
        return CodeArchive(contents.store, contents.store_patch)

    def _require_own(self) -> OwnFolder:
        if self._own is None:
            raise RuntimeError(f"{self!r} has no run: the folder is created when a run starts")
        return self._own

    def _folder(self) -> Path:
        """Return the folder of the run, which is checked to be still that of this run."""
        return self._require_own().require()
