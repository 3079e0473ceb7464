"""Records a run in a TinyDB."""

import os
from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from hashfs import HashFS
from tinydb import TinyDB

from sacred_core import RunObserver
from sacred_core.observers import delivering
from sacred_core.observers.deprecated import warn_of_create
from sacred_core.stores.locations import absolute_path
from sacred_tinydb.claims import Claim
from sacred_tinydb.database import Document
from sacred_tinydb.place import Place, place_in, place_of
from sacred_tinydb.recorder import Recorder, begun
from sacred_tinydb.records import VERSION, new_entry
from sacred_tinydb.tags import date_tag

PathLike = str | os.PathLike[str]


class TinyDbObserver(RunObserver):
    """Keeps runs as documents in one JSON file, and their files beside it, each content once.

    The JSON file is written when a run starts and ends; what changes in between is in a folder of
    the run's own.

    Args:
        path: The folder of both; made when the first run starts.
        overwrite: The id of a run that the next one replaces.
        priority: See `sacred_core.RunObserver`.

    Attributes:
        root: The folder, an absolute path as a string.
    """

    VERSION = VERSION

    def __init__(
        self,
        path: PathLike = "./runs_db",
        overwrite: int | str | None = None,
        priority: int = 10,
    ) -> None:
        self.root = str(absolute_path(path))
        self._place: Place | None = None
        self._settle(overwrite, priority)

    @classmethod
    def create(
        cls, path: PathLike = "./runs_db", overwrite: int | str | None = None
    ) -> "TinyDbObserver":
        """Return an observer. Deprecated: call the class."""
        warn_of_create(cls)
        return cls(path, overwrite)

    @classmethod
    def create_from(
        cls,
        db: TinyDB,
        fs: HashFS,
        overwrite: int | str | None = None,
        root: PathLike | None = None,
        priority: int = 10,
    ) -> "TinyDbObserver":
        """Return an observer that uses a database and a file system of yours.

        Args:
            db: Only one process may write to it, unless its storage sees to more.
            fs: The folder of a run under way is beside its root.
            overwrite, priority: See the class.
            root: What `root` tells; by default the folder of ``fs``.
        """
        self = cls.__new__(cls)
        self.root = os.path.abspath(root or Path(fs.root).parent)
        self._place = place_of(db, fs)
        self._settle(overwrite, priority)
        return self

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.root!r})"

    def recording_location(self) -> Hashable:
        """Return the absolute path of the folder."""
        return self.root

    @property
    def db(self) -> TinyDB:
        """The database."""
        return self._opened.database.db

    @property
    def fs(self) -> HashFS:
        """The files."""
        return self._opened.files.fs

    @property
    def store_location(self) -> str:  # type: ignore[override]
        """The URL of the folder."""
        return f"tinydb://{quote(str(self.root))}"

    @property
    def spool_folder(self) -> Path | None:  # type: ignore[override]
        """The folder of the current run."""
        return None if self._recorder is None else self._recorder.live.folder

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
        """Add the run's document, with the status QUEUED."""
        meta = {**meta_info, "queue_time": date_tag(queue_time)}
        entry = new_entry("QUEUED", None, command, host_info, config, meta)
        return self._begin(entry, ex_info, _id, is_start=False)

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
        """Add the run's document, or take over that of the queued run."""
        entry = new_entry("RUNNING", start_time, command, host_info, config, meta_info)
        return self._begin(entry, ex_info, _id, is_start=True)

    def heartbeat_event(
        self,
        info: Mapping[str, Any],
        captured_out: str | None = None,
        beat_time: datetime | None = None,
        result: Any = None,
    ) -> None:
        """Note that the run is alive, and its ``info`` if it changed."""
        del captured_out
        self._active.heartbeat(info, beat_time, result)

    def output_event(self, text: str, offset: int) -> None:
        """Append to the output."""
        self._active.live.write_output(text, offset)

    def log_metrics(
        self,
        metrics_by_name: Mapping[str, Any],
        info: Mapping[str, Any] | None = None,
    ) -> None:
        """Append the points."""
        del info
        self._active.live.write_points(metrics_by_name, self._positions.starts(metrics_by_name))

    def completed_event(self, stop_time: datetime, result: Any) -> None:
        """Finish the record."""
        self._active.end("COMPLETED", stop_time, result, None)

    def interrupted_event(
        self, interrupt_time: datetime, status: str, fail_trace: list[str] | None = None
    ) -> None:
        """Finish the record with where and why it was stopped."""
        self._active.end(status, interrupt_time, None, delivering.interrupt_trace(fail_trace))

    def failed_event(self, fail_time: datetime, fail_trace: list[str]) -> None:
        """Finish the record with the traceback."""
        self._active.end("FAILED", fail_time, None, fail_trace)

    def resource_event(self, filename: str) -> None:
        """Keep the file; the same content is kept once for all runs."""
        self._active.resource(filename)

    def artifact_event(
        self,
        name: str,
        filename: str,
        metadata: Mapping[str, Any] | None = None,
        content_type: str | None = None,
    ) -> None:
        """Keep the file under its name, in place of an earlier version."""
        metadata, content_type = delivering.artifact_details(filename, metadata, content_type)
        details = {"metadata": metadata, "content_type": content_type}
        self._active.artifact(name, filename, details)

    def code_event(
        self, sources: Iterable[Sequence[str]], dependencies: Iterable[str], base_dir: str
    ) -> None:
        """Add what was imported after the start to the sources and dependencies."""
        self._active.code(sources, dependencies, base_dir)

    def save(self) -> None:
        """Write `run_entry`."""
        self._active.save()

    @property
    def run_entry(self) -> Document:
        """The document of the current run; change it and call `save` to add to it."""
        return {} if self._recorder is None else self._recorder.entry

    def _settle(self, overwrite: int | str | None, priority: int) -> None:
        self.overwrite = overwrite
        self.priority = priority
        self._recorder: Recorder | None = None
        self._positions = delivering.MetricPositions()

    @property
    def _opened(self) -> Place:
        if self._place is None:
            root = Path(self.root)
            root.mkdir(parents=True, exist_ok=True)
            self._place = place_in(root)
        return self._place

    @property
    def _active(self) -> Recorder:
        if self._recorder is None:
            raise RuntimeError(f"{self!r} has no run: its document is made when one starts")
        return self._recorder

    def _begin(self, entry: Document, ex_info: Mapping[str, Any], _id: Any, is_start: bool) -> Any:
        claim = Claim(_id, delivering.asked_id(_id), self.overwrite, is_start)
        self._recorder, self._positions = None, delivering.MetricPositions()
        self._recorder = begun(self._opened, entry, ex_info, claim)
        return entry["_id"]
