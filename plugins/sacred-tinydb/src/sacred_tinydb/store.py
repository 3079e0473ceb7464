"""Reads runs from a TinyDB, ours and those that Sacred 0.8 wrote."""

import contextlib
import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias
from urllib.parse import urlsplit

from sacred_core.exceptions import DamagedRecordError, StoreError
from sacred_core.hooks.targets import call_target
from sacred_core.masking import mask_text
from sacred_core.observers.parts import require_main_run
from sacred_core.stores import Annotation, Read, RunQuery, once, require_record
from sacred_core.stores.curves import Ranges
from sacred_core.stores.documents import DocumentStore
from sacred_core.stores.facts import segments_of
from sacred_core.stores.folder_format import MetricReader
from sacred_core.stores.locations import absolute_path, location_path, path_url
from sacred_core.stores.summaries import MetricSummary
from sacred_core.stores.worker_claims import is_growing
from sacred_core.stores.writers import writer_of
from sacred_tinydb.database import Document, parse_document
from sacred_tinydb.documents import (
    METRIC_INDEX,
    document_fields,
    file_entries,
    files_of,
    parse_file_tag,
)
from sacred_tinydb.observer import TinyDbObserver
from sacred_tinydb.part_folders import parts_folder, remove_parts
from sacred_tinydb.storage import METADATA, Storage, storage_in, storage_of, to_run_id

if TYPE_CHECKING:  # few runs have several
    from sacred_core.stores.segments import Segment

#: The number of a document, and what the database has of it.
Record: TypeAlias = tuple[int, Document]
#: How the file of a TinyDB with a table of runs begins, as we and Sacred write it; TinyDB 3 wrote
#: an empty table before it.
_RUNS = (b'{"_default": {}, "runs": {', b'{"runs": {')

#: Imports this module.
_PARTS = "sacred_tinydb.parts"


class TinyDbStore(DocumentStore[Record]):
    """The runs in a folder, also those that are running. Reading executes nothing.

    Args:
        root: The folder of `sacred_tinydb.TinyDbObserver`.

    Attributes:
        storage: Where the runs are.

    Raises:
        StoreError: there is no such folder.
    """

    kind_name = "a TinyDB"
    storage: Storage

    def __init__(self, root: Any) -> None:
        self.root = absolute_path(root)
        with self.translate_errors():
            if not self.root.is_dir():
                raise StoreError(f"there is no folder {str(self.root)!r}")
        self.display_name = repr(str(self.root))
        self.storage = storage_in(self.root)

    @classmethod
    def of(cls, db: Any, fs: Any) -> "TinyDbStore":
        """Return the store of a TinyDB and a HashFS."""
        return cls.of_storage(storage_of(db, fs), Path(fs.root).parent)

    @classmethod
    def of_storage(cls, storage: Storage, root: Path) -> "TinyDbStore":
        """Return the store of a storage, such as that of an observer.

        Args:
            storage: The database and the files.
            root: The folder of the store.
        """
        self = cls.__new__(cls)
        self.root, self.storage = root, storage
        self.display_name = repr(str(root))
        return self

    @classmethod
    def from_location(cls, location: str) -> "TinyDbStore":
        """Return the store at ``tinydb:///folder``, or ``tinydb://folder`` for a relative one."""
        parts = urlsplit(location)
        if parts.query:
            raise StoreError(f"{mask_text(location)!r} has options, but TinyDB has no options")
        return cls(location_path(location, "tinydb"))

    @staticmethod
    def location_of(path: Path) -> str | None:
        """Return the location of the store in a folder, None if there is none."""
        try:
            with (path / METADATA).open("rb") as file:
                is_store = file.read(len(_RUNS[0])).startswith(_RUNS)
        except OSError:
            return None
        return path_url(path.as_posix(), "tinydb") if is_store else None

    @classmethod
    def from_argument(cls, argument: str) -> "TinyDbStore":
        """Return the store for the argument of ``-t``, a path or a URL."""
        return cls.from_location(argument)

    def require_existing(self) -> None:
        """Raise an error for a folder without the file of the documents."""
        if self.root.is_dir() and not (self.root / METADATA).exists():
            raise StoreError(f"there is no TinyDB in {self.display_name}: no file {METADATA!r}")

    def __repr__(self) -> str:
        return f"TinyDbStore({str(self.root)!r})"

    def find(self, run_id: int | str) -> Record | None:
        """Return the document of a run."""
        return self.storage.find(run_id)

    def records(self, query: RunQuery, newest_first: bool) -> Iterator[tuple[Any, Record]]:
        """Yield the documents in the order in which they came."""
        for key, document in self.storage.database.documents(newest_first):
            yield to_run_id(key, document), (key, document)

    def find_uid(self, uid: str) -> list[int | str]:
        """Return the ids of documents that contain a uid; others are not parsed."""
        with self.translate_errors():
            texts = self.storage.database.contents().items()
            found = [(key, text) for key, text in texts if uid.encode() in text]
            return [to_run_id(key, parse_document(text)) for key, text in found]

    def has_derived_uids(self) -> bool:
        """Return whether a document has no uid."""
        with self.translate_errors():
            return any(b'"uid"' not in text for text in self.storage.database.contents().values())

    def read_fields(self, record: Record) -> Mapping[str, Read]:
        """Return what reads the fields of the document as it is now."""
        key, stored = record
        name = f"document {to_run_id(key, stored)!r} in {self.display_name}"

        def read() -> Document:
            with self._guard(name):
                document = self.document(key, require_record(stored, name))
            if "_id" not in document:
                raise DamagedRecordError(f"{name} has no run id")
            return document

        document = once(read)
        with contextlib.suppress(DamagedRecordError):
            document()  # raises for the document of another program
        fields = document_fields(stored, document)
        folder = parts_folder(self.root, key)
        if not folder.is_dir():
            return fields
        return {**fields, "writers": partial(self._writers, key, fields["writers"])}

    def _writers(self, key: int, recorded: Read) -> list[str]:
        """Return the names of the writers in the document, and of those that have recorded."""
        parts = self._parts(key).list()
        return list(dict.fromkeys((*(recorded() or ()), *map(writer_of, parts))))

    def _parts(self, key: int) -> "TinyDbStore":
        store: TinyDbStore = call_target(f"{_PARTS}:TinyDbPartStore", self, key)
        return store

    def document(self, key: int, stored: Mapping[str, Any]) -> Document:
        """Return the document ``key`` as it is now, with what a running run adds."""
        if not is_growing(stored):
            return copy.deepcopy(dict(stored))
        live = self.storage.running_folder(key)
        changed = {**live.state(), "info": live.info(), "captured_out": live.output()}
        if not live.folder.exists():  # it ended meanwhile, and its document has everything
            stored, changed = self.storage.database.get(key) or stored, {}
        return copy.deepcopy({**stored, **{k: v for k, v in changed.items() if v}})

    def read_output(self, record: Record) -> str:
        """Return the output from the document, or from its file if it is long."""
        document = self.document(*record)
        file_id = parse_file_tag(document.get("captured_out_file"))
        if file_id is None:
            return str(document.get("captured_out") or "")
        return self.storage.files.read(file_id).decode("utf-8", "replace")

    def read_points(self, record: Record) -> Mapping[str, Any]:
        """Return the points of a run."""
        with self._metrics(record) as reader:
            return reader.metrics()

    def read_summaries(
        self, record: Record, names: Iterable[str] | None
    ) -> dict[str, list[MetricSummary]]:
        """Return the summaries in the index of the points."""
        with self._metrics(record) as reader:
            return reader.summaries(names)

    def read_ranges(self, record: Record, ranges: Ranges) -> dict[str, dict[str, Any]]:
        """Return ranges of points."""
        with self._metrics(record) as reader:
            return reader.points(ranges)

    def read_segments(self, record: Record) -> "Sequence[Segment]":
        """Return the segments from the document; of a running run only its facts are read."""
        key, stored = record
        facts = stored.get("facts")
        if is_growing(stored):
            live = self.storage.running_folder(key)
            facts = live.state().get("facts", facts)
            if not live.folder.exists():  # it ended meanwhile
                facts = (self.storage.database.get(key) or stored).get("facts")
        return segments_of(facts) or ()

    def has_writers(self, record: Record) -> bool:
        """Return whether the run has a folder of parts."""
        return parts_folder(self.root, record[0]).is_dir()

    @contextlib.contextmanager
    def _metrics(self, record: Record) -> Iterator[MetricReader]:
        """Return what reads the points from a file, or from the folder of a running run."""
        key, stored = record
        with contextlib.ExitStack() as stack:
            if parse_file_tag(stored.get("metrics")) is None:
                if lines := self.storage.running_folder(key).open_points():
                    yield MetricReader(None, None, stack.enter_context(lines))
                    return
                # Where it ended meanwhile, its document has everything.
                stored = self.storage.database.get(key) or {}
            points, index = (
                self._open_tagged(stored.get(name), stack) for name in ("metrics", METRIC_INDEX)
            )
            yield MetricReader(points, index, None)

    def _open_tagged(self, tag: Any, stack: contextlib.ExitStack | None = None) -> BinaryIO | None:
        file_id = parse_file_tag(tag)
        if file_id is None:
            return None
        file = self.storage.files.open(file_id)
        return file if stack is None else stack.enter_context(file)

    def get_file(self, record: Record, kind: str, name: str) -> BinaryIO | None:
        """Open the newest file of this name."""
        if kind == "patch":
            return self._open_tagged(name)
        entries = file_entries(self.document(*record), kind)
        for part in next((each for each in reversed(entries) if each[0] == name), ()):
            if (file_id := parse_file_tag(part)) is not None:
                return self.storage.files.open(file_id)
        return None

    def new_observer(self) -> TinyDbObserver:
        """Return an observer of the same database and files."""
        return TinyDbObserver.create_from(
            self.storage.database.db, self.storage.files.fs, root=self.root
        )

    def writer_store(self, run_id: int | str) -> "TinyDbStore | None":
        """Return the store of the parts of a run, in a separate folder."""
        with self.translate_errors():
            key, _ = self.require(run_id)
            if not parts_folder(self.root, key).is_dir():
                return None
            parts = self._parts(key)
        return parts if parts.count() else None

    def writer_observer(self, run_id: int | str) -> TinyDbObserver:
        """Return an observer that records a part of a run."""
        run = require_main_run(self, run_id)
        key, _ = self.require(run_id)
        observer: TinyDbObserver = call_target(f"{_PARTS}:TinyDbPartObserver", self, run, key)
        return observer

    def continue_with(self, observer: TinyDbObserver, run_id: int | str) -> None:
        """Make an observer continue a run."""
        key, stored = self.require(run_id)
        observer.continue_document(
            self.get(run_id, raw=True), key, self.document(key, stored),
            lambda: (self.output(run_id), self.metrics(run_id, raw=True)),
        )  # fmt: skip

    def delete(self, run_id: int | str) -> None:
        """Delete a run, and files that no other run uses, while nothing else changes."""
        with self.translate_errors(), self.storage.database.lock():
            super().delete(run_id)

    def remove(self, record: Record) -> bool:
        """Remove a document, only while locked."""
        key, stored = record
        files: set[str] = set()
        with contextlib.suppress(DamagedRecordError), self._guard("the document"):
            files = set(files_of(self.document(key, stored)))
        # The document goes last: a deletion that was interrupted can be repeated.
        self.storage.remove_unused(files, but=key)
        self.storage.running_folder(key).remove()
        remove_parts(self.root, key)
        self.storage.database.remove(key)
        return True

    def complete_output(self, run_id: int | str, text: str) -> None:
        """Replace the output of a run that did not end by ``text``.

        Raises:
            StoreError: there is no such run, or its document has the whole output already.
        """
        key, stored = self.require(run_id)
        live = self.storage.running_folder(key)
        if is_growing(stored) and live.folder.exists():
            live.replace_output(text)
        elif self.output(run_id) != text:
            raise StoreError(f"run {str(run_id)!r} has ended")

    def annotate(self, run_id: int | str, annotation: Annotation) -> None:
        """Add an annotation to the document, while nothing else changes."""
        with self.translate_errors(), self.storage.database.lock():
            super().annotate(run_id, annotation)

    def add_annotation(self, record: Record, annotation: Annotation) -> None:
        """Add to the list in the document."""
        self.storage.annotate(*record, annotation)
