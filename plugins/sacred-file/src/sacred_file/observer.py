"""Records a run in a folder."""

import os
from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sacred_core import RunObserver
from sacred_core.atomic_files import replace_bytes
from sacred_core.loggers import own_logger
from sacred_core.observers import delivering
from sacred_core.observers.deprecated import warn_of_create
from sacred_core.serialization import plain
from sacred_core.stores.claims import IdRequest, claim_id
from sacred_core.stores.folder_format import (
    CONFIG,
    INFO,
    METRIC_LINES,
    METRICS,
    OUTPUT,
    RESOURCES,
    RUN,
    SOURCES,
    FileLists,
    format_time,
    json_bytes,
    metric_lines,
    new_entry,
)
from sacred_core.stores.leases import Lease, releasing
from sacred_core.stores.locations import FilePath, absolute_path
from sacred_core.stores.record_files import (
    AppendFile,
    AppendText,
    merge_metric_lines,
    read_json,
)
from sacred_core.stores.run_ids import normalize_id
from sacred_core.stores.tokens import TOKEN
from sacred_file import layout
from sacred_file.code import KeptCode
from sacred_file.copies import below, copy, kept_once
from sacred_file.folders import FolderIds
from sacred_file.ownership import OwnFolder
from sacred_file.report import given_template, write_report
from sacred_file.restoring import restore_missing

_logger = own_logger(__name__)


class FileStorageObserver(RunObserver):
    """Keeps each run in a sub-folder of its own, as files that everybody can read.

    Args:
        basedir: The folder of all runs; made when the first run starts.
        resource_dir: Where resources are kept, by default ``_resources`` in ``basedir``.
        source_dir: Where sources are kept, by default ``_sources`` in ``basedir``.
        template: What mako renders into ``report`` (with the template's suffix) at the end of a
            run; by default ``template.html`` in ``basedir``, if it is there.
        priority: See `sacred_core.RunObserver`.
        copy_artifacts: Keep copies of resources that lie in ``basedir`` already, such as the
            artifacts of other runs; without, ``run.json`` says where they lie.
        copy_sources: Keep copies of the sources.

    Raises:
        FileNotFoundError: there is no such ``template``.
        ModuleNotFoundError: a ``template`` is given, and mako is not installed.

    Attributes:
        basedir: As given, a string; a relative path stays relative.
        resource_dir, source_dir, template: Absolute paths.
        dir: The folder of the current run, below ``basedir``; None before the first run.
        run_entry: What ``run.json`` holds; change it and call `save` to add to it.
        config, info: What ``config.json`` and ``info.json`` hold.
    """

    VERSION = "FileStorageObserver-0.1.0"

    dir: str | None
    _own: OwnFolder | None
    run_entry: dict[str, Any]
    config: dict[str, Any]
    info: dict[str, Any]
    _output: AppendText | None
    _metrics: AppendFile | None
    _files: FileLists

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
        self.template = None if template is None else given_template(template)
        self.copy_artifacts = copy_artifacts
        self.copy_sources = copy_sources
        self.priority = priority
        self.dir = self._own = None
        self._reset()

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

    @classmethod
    def create(cls, basedir: FilePath, *args: Any, **kwargs: Any) -> "FileStorageObserver":
        """Return an observer. Deprecated: call the class."""
        warn_of_create(cls)
        return cls(basedir, *args, **kwargs)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.basedir!r})"

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
        """Make the run's folder, with the status QUEUED."""
        meta = {**meta_info, "queue_time": format_time(queue_time)}
        return self._begin("QUEUED", None, ex_info, command, host_info, config, meta, _id)

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
        """Make the run's folder, or take over that of the queued run."""
        return self._begin(
            "RUNNING", start_time, ex_info, command, host_info, config, meta_info, _id
        )

    def heartbeat_event(
        self,
        info: Mapping[str, Any],
        captured_out: str | None = None,
        beat_time: datetime | None = None,
        result: Any = None,
    ) -> None:
        """Note that the run is alive, and its ``info`` if it changed."""
        del captured_out
        if dict(info) != self.info:
            self.save_json(dict(info), INFO)
            self.info = dict(info)
        self.run_entry["heartbeat"] = format_time(beat_time)
        self.run_entry["result"] = result
        self.save()

    def output_event(self, text: str, offset: int) -> None:
        """Append to ``cout.txt``."""
        folder = self._folder()
        if self._output is None:
            self._output = AppendText(folder / OUTPUT)
        self._output.write(text, offset)

    def log_metrics(
        self,
        metrics_by_name: Mapping[str, Any],
        info: Mapping[str, Any] | None = None,
    ) -> None:
        """Append the points; ``metrics.json`` is written from them at the end."""
        del info
        folder = self._folder()
        if self._metrics is None:
            self._metrics = AppendFile(folder / METRIC_LINES)
        self._metrics.write(metric_lines(metrics_by_name, self._positions.starts(metrics_by_name)))

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
        self._folder()
        kept = self.find_or_save(filename, self.resource_dir)
        if self._files.add_resource(str(filename), os.path.relpath(kept, self._root)):
            self.save()

    def code_event(
        self, sources: Iterable[Sequence[str]], dependencies: Iterable[str], base_dir: str
    ) -> None:
        """Add what was imported after the start to the sources and dependencies."""
        self._code.add(self.run_entry["experiment"], base_dir, sources, dependencies)
        self.save()

    def artifact_event(
        self,
        name: str,
        filename: str,
        metadata: Mapping[str, Any] | None = None,
        content_type: str | None = None,
    ) -> None:
        """Keep a copy of the file under its name, in place of an earlier version."""
        metadata, content_type = delivering.artifact_details(filename, metadata, content_type)
        folder = self._folder()
        copy(Path(filename), layout.artifact_path(folder, name), folder)
        if self._files.add_artifact(name, metadata, content_type):
            self.save()

    def save(self) -> None:
        """Write ``run.json`` from `run_entry`."""
        self.save_json(self.run_entry, RUN)

    def save_json(self, obj: Any, filename: str) -> None:
        """Write anything as a JSON file into the folder of the run."""
        replace_bytes(self._folder() / filename, json_bytes(plain(obj)))

    def save_file(self, filename: FilePath, target_name: str | None = None) -> None:
        """Copy a file into the folder of the run, by default under its own name."""
        folder = self._folder()
        copy(Path(filename), folder / (target_name or Path(filename).name), folder)

    def find_or_save(self, filename: FilePath, store_dir: FilePath) -> Path:
        """Return the copy of the file in ``store_dir``; make it if its content is new there.

        Without ``copy_artifacts``, a file in ``basedir`` is returned itself.
        """
        there = None if self.copy_artifacts else below(self._root, Path(filename))
        return there or kept_once(Path(filename), Path(store_dir))

    def _reset(self) -> None:
        self.run_entry = {}
        self._files = FileLists(self.run_entry)
        self.config = {}
        self.info = {}
        self._output = None
        self._metrics = None
        self._positions = delivering.MetricPositions()

    def _begin(
        self,
        status: str,
        start_time: datetime | None,
        ex_info: Mapping[str, Any],
        command: str,
        host_info: Mapping[str, Any],
        config: Mapping[str, Any],
        meta: Mapping[str, Any],
        _id: Any,
    ) -> Any:
        self._reset()
        self._root.mkdir(parents=True, exist_ok=True)
        is_start = status == "RUNNING"
        request = IdRequest(other_id=_id, asked_id=delivering.asked_id(_id), is_start=is_start)
        ids = FolderIds(self._root, request.asked_id)
        name = str(claim_id(ids, request))
        own = self._own = OwnFolder(self._root / name)
        self.dir = os.path.join(self.basedir, name)  # noqa: PTH118 - a string
        with releasing(ids.lease, always=not is_start):
            if is_start and ids.lease is None:
                own.begin()  # first: it is the time since when the run may be storing content
            self.config = dict(config)
            self.run_entry = {
                **new_entry(status, start_time, command, host_info),
                TOKEN: own.token,
                "experiment": self._code.info(ex_info),
                "meta": _queued_meta(own.path) | dict(meta),
            }
            self._files = FileLists(self.run_entry)
            if _id is not None and name != str(_id):
                self.run_entry["run_id"] = normalize_id(_id)
            self._write_start(own, ids.lease, is_start)
        return name

    def _write_start(self, own: OwnFolder, lease: Lease | None, is_start: bool) -> None:
        folder = own.path
        if lease is not None:
            lease.require(folder.name)
        replace_bytes(folder / CONFIG, json_bytes(self.config))
        # Clients open it, whatever it contains.
        replace_bytes(folder / INFO, json_bytes(self.info))
        (folder / OUTPUT).touch()
        if lease is not None:
            lease.require(folder.name)
            if is_start:
                own.begin()
        self.save()  # last: a folder is a run once it holds this
        own.is_recorded = True

    @property
    def _code(self) -> KeptCode:
        return KeptCode(self._root, self.source_dir, self.copy_sources)

    def _end(
        self, status: str, time: datetime, result: Any = None, fail_trace: list[str] | None = None
    ) -> None:
        folder = self._folder()
        (folder / layout.SPARE).unlink(missing_ok=True)
        self.run_entry.update(status=status, stop_time=format_time(time))
        if result is not None:
            self.run_entry["result"] = result
        if fail_trace:
            self.run_entry["fail_trace"] = fail_trace
        self.save()
        restore_missing(self._root, self.run_entry)
        _merge_metrics(folder)
        self._metrics = None
        template = self.template or self._root / layout.TEMPLATE
        if self.template or template.is_file():
            write_report(template, folder, self.run_entry, self.config, self.info)

    def _folder(self) -> Path:
        """Return the folder of the run, which is checked to be still that of this run."""
        if self._own is None:
            raise RuntimeError(f"{self!r} has no run yet: its folder is made when one starts")
        return self._own.require()


def _merge_metrics(folder: Path) -> None:
    """Merge the points and remove their lines; where that fails they stay, and can be read.

    A run that logged nothing has an empty ``metrics.json``, as in Sacred. Calling it again
    changes nothing.
    """
    lines, target = folder / METRIC_LINES, folder / METRICS
    try:
        if lines.exists() or not target.exists():
            merge_metric_lines(lines, target)
            lines.unlink(missing_ok=True)
    except OSError as error:
        _logger.warning("The metrics stay in %s: %s", lines, error)


def _queued_meta(folder: Path) -> dict[str, Any]:
    queued = read_json(folder / RUN, {}).get("meta", {}).get("queue_time")
    return {"queue_time": queued} if queued else {}
