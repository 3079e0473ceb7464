"""Reads the runs of a folder."""

import hashlib
import io
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from sacred_core.contained_files import ContainedFolder
from sacred_core.exceptions import StoreError
from sacred_core.hooks.targets import call_target
from sacred_core.observers.parts import require_main_run
from sacred_core.stores import (
    Annotation,
    Read,
    RunQuery,
    StoredRun,
    with_unfinished,
)
from sacred_core.stores.changes import CLOCK_TOLERANCE, time_position
from sacred_core.stores.curves import Ranges
from sacred_core.stores.documents import DocumentStore
from sacred_core.stores.finding import MetricSummaries
from sacred_core.stores.folder_format import (
    ANNOTATIONS,
    OUTPUT,
    RESOURCES,
    RUN,
    SOURCES,
    annotation_line,
    decode_output,
    is_run_name,
)
from sacred_core.stores.guarded import not_found_error, run_or_foreign
from sacred_core.stores.locations import absolute_path, location_path
from sacred_core.stores.query import Query
from sacred_core.stores.record_files import append_bytes, replace_output
from sacred_core.stores.recorded_files import digest_in
from sacred_core.stores.run_ids import RunNames, normalize_id
from sacred_core.stores.run_queue import open_query
from sacred_core.stores.summaries import MetricSummary
from sacred_file import layout
from sacred_file.changes import last_change
from sacred_file.contents import open_copy
from sacred_file.ids import lock_copy
from sacred_file.observer import FileStorageObserver
from sacred_file.removal import delete_run, empty_trash
from sacred_file.run_folder import RunFolder

if TYPE_CHECKING:  # few runs have several
    from sacred_core.stores.segments import Segment

#: Imports this module.
_PARTS = "sacred_file.parts"
#: Folders of which each is looked into to count the runs.
_MANY = 10_000
#: Nanoseconds in which a file system, also a remote one, may have one time for two changes.
_CLOCK_TICK = 3 * 10**9


class FileStore(DocumentStore[RunFolder]):
    """The runs below a folder, also those that are running.

    Attributes:
        clock_tolerance: How much the clocks of the machines may differ that write to the folder:
            runs that changed within this time before a token was taken are listed as changed again.

    Raises:
        StoreError: there is no such folder.
    """

    change_kind = "file"
    clock_tolerance = CLOCK_TOLERANCE

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = absolute_path(root)
        self.display_name = repr(str(self.root))
        self._files = ContainedFolder(self.root)
        #: Ids that were passed to `new_ids`, and the names of those among them that were listed.
        self._passed: tuple[Set[int | str], set[str]] = frozenset(), set()
        #: The inodes of the folders of completed runs, by name: such a run is never queued again,
        #: and a folder that takes its place has another inode.
        self._completed: dict[str, int] = {}
        #: When the folder had changed last, in nanoseconds, and the names in it.
        self._listed: tuple[int, RunNames] | None = None
        with self.translate_errors():
            if not self.root.is_dir():
                raise StoreError(f"there is no folder {str(self.root)!r}")

    def __repr__(self) -> str:
        return f"FileStore({str(self.root)!r})"

    @classmethod
    def from_location(cls, location: str) -> "FileStore":
        """Return the store of a path or of a ``file:`` URL, as ``file:///data`` or ``file://data``.

        What follows the two slashes is a path; the host ``localhost`` is left out.
        """
        return cls(location_path(location, "file"))

    @staticmethod
    def location_of(path: Path) -> str | None:
        """Return the location of the store in a folder, None if no folder in it has a record."""
        try:
            with os.scandir(path) as entries:
                folders = (entry.path for entry in entries if is_run_name(entry.name))
                has_runs = any(os.path.lexists(f"{folder}/{RUN}") for folder in folders)
        except OSError:
            return None
        return str(path) if has_runs else None

    def find(self, run_id: int | str) -> RunFolder | None:
        """Return the folder of a run."""
        folder = self.root / str(run_id)
        is_found = layout.is_run_folder(folder) and folder.name == str(run_id)
        return RunFolder(self._files, folder.name) if is_found else None

    def records(self, query: RunQuery, newest_first: bool) -> Iterator[tuple[Any, RunFolder]]:
        """Yield the folders of runs."""
        since = self.position_since(query)
        for name in self._names().in_order(newest_first):
            if since is not None and last_change(f"{self.root}/{name}") < since:
                continue
            folder = RunFolder(self._files, name)
            if folder.exists() if query.fields != () else folder.has_record():
                yield normalize_id(name), folder

    def open_runs(self, where: Query | None = None) -> Iterator[StoredRun]:
        """Yield the runs that have not ended; each completed run is read once."""
        query, metrics = open_query(where), MetricSummaries(self)
        with self.translate_errors():
            for name in self._names().in_order():
                folder = RunFolder(self._files, name)
                inode = folder.inode()
                if inode is None or self._completed.get(name) == inode or not folder.exists():
                    continue
                run = run_or_foreign(partial(self._read_run, normalize_id(name), folder, query))
                if not isinstance(run, StoredRun):
                    continue
                if run.status == "COMPLETED":
                    self._completed[name] = inode
                elif query.accepts(run, metrics.of(run)):
                    yield run

    def new_ids(self, known: Set[int | str]) -> list[int | str]:
        """Return the ids that are not in ``known``; other folders are not looked into."""
        if self._passed[0] is not known:
            self._passed = known, set()
        passed = self._passed[1]  # names of known ids: to convert all for each new run takes long
        with self.translate_errors():
            names = RunNames.of(set(self._list_names()) - passed, is_run_name)
            passed.update(name for name in names.in_order() if normalize_id(name) in known)
            found = (name for name in names.in_order() if name not in passed)
            return [normalize_id(n) for n in found if RunFolder(self._files, n).has_record()]

    def count(self) -> int:
        """Return the number of runs; in a large folder each number is taken for one.

        To look into 100,000 folders takes longer than to show the newest runs. A number without a
        record is that of a run which is being started, or whose process was killed at its start.
        """
        names = self._names()
        if len(names.numbers) <= _MANY:
            return super().count()
        others = (RunFolder(self._files, name).has_record() for name in names.others)
        return len(names.numbers) + sum(others)

    def change_position(self) -> int:
        """Return the time of the last change of any run, see `time_position`."""
        times = (last_change(f"{self.root}/{name}") for name in self._names().in_order())
        return time_position(times, self.clock_tolerance)

    def _names(self) -> RunNames:
        """Return the names of folders that may be those of runs.

        They are listed again where the folder may have changed since.
        """
        try:
            changed = self.root.stat().st_mtime_ns
            if self._listed is None or self._listed[0] != changed:
                listed_at = time.time_ns()
                names = RunNames.of(self._list_names(), is_run_name)
                if listed_at - changed < _CLOCK_TICK:  # a change in the same tick is not seen
                    return names
                self._listed = changed, names
        except OSError as error:
            raise StoreError(f"cannot read {str(self.root)!r}: {error.strerror}") from None
        return self._listed[1]

    def _list_names(self) -> list[str]:
        try:
            return os.listdir(self.root)  # noqa: PTH208 - thousands
        except OSError as error:
            raise StoreError(f"cannot read {str(self.root)!r}: {error.strerror}") from None

    def read_fields(self, record: RunFolder) -> Mapping[str, Read]:
        """Return what reads each field from the files of a run."""
        if not record.is_run():
            raise not_found_error(record.name, self.display_name)
        return record.fields()

    def read_output(self, record: RunFolder) -> str:
        """Return the content of ``cout.txt``, and what was printed since."""
        self._files.require_folder(record.path)
        try:
            with self._files.open_in(record.file(OUTPUT)) as file:
                text = decode_output(file.read())
        except FileNotFoundError:
            text = ""
        return with_unfinished(text, Path(record.path))

    def read_points(self, record: RunFolder) -> Mapping[str, Any]:
        """Return the points of a run, finished or running."""
        with record.metrics() as reader:
            return reader.metrics()

    def read_summaries(
        self, record: RunFolder, names: Iterable[str] | None
    ) -> dict[str, list[MetricSummary]]:
        """Return the summaries in ``metrics.index.json``."""
        with record.metrics() as reader:
            return reader.summaries(names)

    def read_ranges(self, record: RunFolder, ranges: Ranges) -> dict[str, dict[str, Any]]:
        """Return ranges of points."""
        with record.metrics() as reader:
            return reader.points(ranges)

    def read_segments(self, record: RunFolder) -> "Sequence[Segment]":
        """Return the segments from ``run.json``, which is parsed only if it has some."""
        return record.segments()

    def has_writers(self, record: RunFolder) -> bool:
        """Return whether the run has a folder of parts."""
        return os.path.isdir(record.file(layout.WRITERS))  # noqa: PTH112 - whenever metrics are read

    def get_file(self, record: RunFolder, kind: str, name: str) -> BinaryIO | None:
        """Open a file of a run; None if the record does not name it, or it is missing."""
        entry = record.entry() or {}
        if kind == "artifact":
            path = layout.artifact_path(Path(record.path), name)
            is_stored = name in list(entry.get("artifacts") or []) and path.is_file()
            return io.BufferedReader(self._files.open(path)) if is_stored else None
        if kind == "patch":
            return self.open_shared(name)
        pairs = {
            "resource": entry.get("resources"),
            "source": (entry.get("experiment") or {}).get("sources"),
        }.get(kind)
        # A resource that was read again with another content is listed again.
        contents = [stored for original, stored in pairs or () if original == name]
        stored = contents[-1] if contents else None
        if kind == "source" and digest_in(stored) == stored is not None:
            return self._open_queued_source(record, name, stored)
        return self.open_shared(stored)

    def _open_queued_source(self, record: RunFolder, name: str, md5: str) -> BinaryIO | None:
        """Open the copy of a source that Sacred made in the folder of a queued run."""
        path = Path(record.path) / Path(name).name
        if not path.is_file():
            return None
        file = io.BufferedReader(self._files.open(path))
        if hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest() != md5:
            file.close()
            return None
        file.seek(0)
        return file

    def open_shared(self, stored: str | None) -> BinaryIO | None:
        """Open content that all runs share, by its name in a record."""
        path = None if stored is None else self._shared_path(stored)
        return open_copy(self._files, path) if path is not None and path.is_file() else None

    def replace_output(self, record: RunFolder, text: str) -> None:
        """Replace ``cout.txt``."""
        with self._guard_part(record.name, "the output"):
            self._files.require_folder(record.path)
            replace_output(Path(record.file(OUTPUT)), text)

    def add_annotation(self, record: RunFolder, annotation: Annotation) -> None:
        """Append a line to a separate file.

        Raises:
            StoreError: the file is a link or cannot be written to.
        """
        self._files.require_folder(record.path)
        append_bytes(Path(record.file(ANNOTATIONS)), annotation_line(annotation))

    def lock_copy(self, uid: str) -> AbstractContextManager[bool]:
        """Return a context in which no other process copies a run here: it appends to files."""
        return lock_copy(self.root, uid)

    def new_observer(self) -> FileStorageObserver:
        """Return an observer of the folder."""
        return FileStorageObserver(self.root)

    def continue_with(self, observer: FileStorageObserver, run_id: int | str) -> None:
        """Make an observer continue a run."""
        record = self.require(run_id)
        observer.continue_folder(self.get(run_id), Path(record.path))

    def writer_store(self, run_id: int | str) -> "FileStore | None":
        """Return the store of the parts of a run, in the folder of the run."""
        with self.translate_errors():
            record = self.require(run_id)
            self._files.require_folder(record.file(layout.WRITERS))
            if not layout.part_folders(Path(record.path)):
                return None
        store: FileStore = call_target(f"{_PARTS}:FilePartStore", self, self.get(run_id))
        return store

    def writer_observer(self, run_id: int | str) -> FileStorageObserver:
        """Return an observer that records a part of a run."""
        run = require_main_run(self, run_id)
        observer: FileStorageObserver = call_target(f"{_PARTS}:FilePartObserver", self, run)
        return observer

    def delete(self, run_id: int | str) -> None:
        """Delete a run, and contents that no other run uses."""
        with self.translate_errors():
            if self.find(normalize_id(run_id)) is None:
                empty_trash(self.root)  # the deletion of this run may have been interrupted
        super().delete(run_id)

    def remove(self, record: RunFolder) -> bool:
        """Delete a run; what cannot be removed yet is removed by a later deletion."""
        return delete_run(self.root, Path(record.path))

    def _shared_path(self, stored_path: str) -> Path:
        """Return the path of a shared file; Sacred stored it relative to its working directory."""
        path = self.root / stored_path
        folder = SOURCES if SOURCES in path.parts else RESOURCES
        return path if path.is_file() else self.root / folder / path.name
