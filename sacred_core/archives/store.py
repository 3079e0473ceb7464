"""Reads the runs in an archive without extracting it."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Never

from sacred_core.archives.layout import CONTENTS, KINDS
from sacred_core.archives.reading import Archive, is_archive
from sacred_core.exceptions import DamagedRecordError, StoreError
from sacred_core.finalizing import call_when_unused
from sacred_core.serialization import from_json
from sacred_core.stores import Annotation, MetricSummary, Read, RunQuery, guard
from sacred_core.stores.curves import Ranges
from sacred_core.stores.documents import DocumentStore
from sacred_core.stores.folder_format import (
    ANNOTATIONS,
    METRIC_INDEX,
    METRICS,
    OUTPUT,
    MetricReader,
    decode_output,
    parse_annotations,
)
from sacred_core.stores.locations import absolute_path, location_path
from sacred_core.stores.record_folder import MISSING, RecordFolder, content_of
from sacred_core.stores.run_ids import normalize_id

#: Of URLs of archives: ``archive:///data/runs.zip``.
SCHEME = "archive"


class ArchivedRun(RecordFolder):
    """One run in an archive.

    Args:
        archive: Its archive.
        entry: Its entry in the manifest.

    Attributes:
        archive: Its archive.
        described: Its entry.
    """

    def __init__(self, archive: Archive, entry: Mapping[str, Any]) -> None:
        super().__init__(str(entry.get("folder")))
        self.archive = archive
        self.described = entry

    def location(self, name: str) -> str:
        """Return the name of an entry of the archive in quotation marks."""
        return repr(f"{self.name}/{name}")

    def read(self, name: str) -> bytes | None:
        """Return the content of a file of the record, None if the run has none."""
        digest = self.described["record"].get(name)
        return None if digest is None else self.archive.read(f"{self.name}/{name}", digest)

    def open(self, name: str) -> BinaryIO | None:
        """Open a file of the record of any size, None if the run has none."""
        digest = self.described["record"].get(name)
        path = f"{self.name}/{name}"
        return None if digest is None else self.archive.open(path, digest, is_large=True)

    def read_json(self, name: str, decode: Callable[[Any], Any]) -> Any:
        """Return the decoded content of a file."""
        with guard(self.location(name)):
            data = self.read(name)
            found = MISSING if data is None else from_json(data, decode)
            return content_of(found, self.location(name))

    def read_annotations(self) -> Iterable[Annotation]:
        """Return the annotations in the file of them."""
        return parse_annotations(self.read(ANNOTATIONS) or b"")

    def open_content(self, sha256: str) -> BinaryIO:
        """Open the content with a digest."""
        digest = {**self.archive.manifest["contents"][sha256], "sha256": sha256}
        return self.archive.open(f"{CONTENTS}/{sha256}", digest, is_large=True)

    def require(self, kind: str) -> None:
        """Raise a `DamagedRecordError` if a part was missing when the archive was written."""
        for problem in self.described["problems"]:
            if problem["kind"] == kind:
                raise DamagedRecordError(f"not in the archive: {problem['reason']}")


class ArchiveStore(DocumentStore[ArchivedRun]):
    """The runs in an archive. They cannot be changed, deleted or annotated.

    Args:
        path: Of the ZIP file.

    Raises:
        StoreError: it cannot be opened, is not an archive of runs, or has a newer format.
    """

    kind_name = "an archive of runs"

    def __init__(self, path: str | Path) -> None:
        self.path = absolute_path(path)
        self.display_name = repr(str(self.path))
        archive = Archive(self.path)
        self._use(archive, archive.manifest["runs"])
        call_when_unused(self, _close, archive, self._open_points)

    def _use(self, archive: Archive, entries: Iterable[Mapping[str, Any]]) -> None:
        self._archive = archive
        self._runs = {normalize_id(entry["id"]): ArchivedRun(archive, entry) for entry in entries}
        #: The run whose points were read last, and what reads them.
        self._points: tuple[ArchivedRun, MetricReader] | None = None
        self._open_points = ExitStack()
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"ArchiveStore({str(self.path)!r})"

    @classmethod
    def from_location(cls, location: str) -> "ArchiveStore":
        """Return the store of a path or of an ``archive:`` URL."""
        return cls(location_path(location, SCHEME))

    @staticmethod
    def location_of(path: Path) -> str | None:
        """Return the path of an archive, None for any other file."""
        return str(path) if path.is_file() and is_archive(path) else None

    def writer_store(self, run_id: int | str) -> "ArchiveStore | None":
        """Return the store of what writers recorded of a run."""
        with self._guard(f"the writers of run {str(run_id)!r}"):
            record = self.require(run_id)
            record.require("writers")
            return _PartsInArchive(self, record) if record.described.get("parts") else None

    def has_writers(self, record: ArchivedRun) -> bool:
        """Return whether the manifest has parts of a run."""
        return bool(record.described.get("parts"))

    def close(self) -> None:
        """Close the archive."""
        _close(self._archive, self._open_points)

    def find(self, run_id: int | str) -> ArchivedRun | None:
        """Return the run with an id."""
        return self._runs.get(run_id)

    def records(self, query: RunQuery, newest_first: bool) -> Iterator[tuple[Any, ArchivedRun]]:
        """Yield the runs in the order of their ids."""
        runs = [*self._runs.items()]
        yield from reversed(runs) if newest_first else runs

    def read_fields(self, record: ArchivedRun) -> Mapping[str, Read]:
        """Return what reads each field, and the problem with the record if there was one."""
        return {**record.fields(), "record": partial(record.require, "record")}

    def read_output(self, record: ArchivedRun) -> str:
        """Return the content of ``cout.txt``."""
        record.require("output")
        return decode_output(record.read(OUTPUT) or b"")

    def read_points(self, record: ArchivedRun) -> Mapping[str, Any]:
        """Return the content of ``metrics.json``."""
        with self._lock:
            return self._reader(record).metrics()

    def read_summaries(
        self, record: ArchivedRun, names: Iterable[str] | None
    ) -> dict[str, list[MetricSummary]]:
        """Return the summaries in ``metrics.index.json``."""
        with self._lock:
            return self._reader(record).summaries(names)

    def read_ranges(self, record: ArchivedRun, ranges: Ranges) -> dict[str, dict[str, Any]]:
        """Return ranges of points."""
        with self._lock:
            return self._reader(record).points(ranges)

    def _reader(self, record: ArchivedRun) -> MetricReader:
        """Return what reads the points of a run; they are extracted once for several ranges."""
        if self._points is None or self._points[0] is not record:
            record.require("metrics")
            self._points = None
            self._open_points.close()
            points, index = record.open(METRICS), record.open(METRIC_INDEX)
            for file in filter(None, (points, index)):
                self._open_points.callback(file.close)
            self._points = record, MetricReader(points, index, None)
        return self._points[1]

    def get_file(self, record: ArchivedRun, kind: str, name: str) -> BinaryIO | None:
        """Open the content of a file."""
        if kind == "patch":
            return record.open_content(name.removeprefix(f"{CONTENTS}/"))
        sha256 = record.described["files"].get(kind, {}).get(name)
        return None if sha256 is None else record.open_content(sha256)

    def check_run(self, run_id: int | str) -> None:
        """Compare everything of a run with its digests.

        Raises:
            DamagedRecordError: something is missing, or differs from its digest.
            StoreError: the run does not exist.
        """
        record = self.require(run_id)
        with self._guard(f"run {str(run_id)!r}"):
            for name in record.described["record"]:
                file = record.open(name)
                if file is not None:
                    file.close()
            for kind in KINDS:
                for sha256 in record.described["files"].get(kind, {}).values():
                    record.open_content(sha256).close()

    def add_annotation(self, record: ArchivedRun, annotation: Annotation) -> None:
        """Raise an error: an archive is not changed."""
        self._refuse()

    def remove(self, record: ArchivedRun) -> Never:
        """Raise an error: an archive is not changed."""
        self._refuse()

    def _refuse(self) -> Never:
        raise StoreError(
            f"{self.display_name} is an archive, which cannot be changed: unpack it into a store"
        )


class _PartsInArchive(ArchiveStore):
    """The parts of one run."""

    def __init__(self, store: ArchiveStore, record: ArchivedRun) -> None:
        self._main = store  # it closes the archive when it is unused
        self.path = store.path
        self.display_name = f"run {str(record.described['id'])!r} in {store.display_name}"
        self._use(record.archive, record.described["parts"])

    def close(self) -> None:
        """Close what this store has opened, and leave the archive open."""
        self._open_points.close()


def _close(archive: Archive, open_files: ExitStack) -> None:
    open_files.close()
    archive.close()
