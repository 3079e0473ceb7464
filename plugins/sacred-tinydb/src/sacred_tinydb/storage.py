"""The storage of runs: the database, the files, and the folders of running runs.

What changes while a run is running is in separate files, since the database is one file.

In the run's folder ``state.json`` contains fields of its document that changed since the start,
``info.json`` the information of its own, ``output`` what it printed, and ``metrics.jsonl`` its
points; see `sacred_core.stores.folder_format`.

Files are under the hash of what they contain, each content once.
"""

import hashlib
import io
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import attrs
from hashfs import HashFS
from tinydb import TinyDB

from sacred_core.atomic_files import replace_bytes
from sacred_core.exceptions import DamagedRecordError, StoreError
from sacred_core.stable_files import FileVersion, with_version
from sacred_core.stores import Annotation, guard, with_unfinished
from sacred_core.stores.folder_format import (
    METRIC_INDEX,
    METRICS,
    decode_output,
    json_bytes,
    metric_lines,
)
from sacred_core.stores.record_files import (
    AppendFile,
    AppendText,
    merge_metric_lines,
    read_json,
    replace_output,
)
from sacred_core.stores.run_ids import normalize_id
from sacred_tinydb.database import AtomicJsonFile, Database, Document, RawDocument, parse_document
from sacred_tinydb.documents import annotation_entry, files_of
from sacred_tinydb.layout import may_contain

_STATE, _INFO, _OUTPUT, _POINTS, _TOKEN = (
    "state.json", "info.json", "output", "metrics.jsonl", "token",
)  # fmt: skip
METADATA, FILES = "metadata.json", "hashfs"
_BLOCK = 1 << 20


class RunningRunFolder:
    """The folder of a running run.

    Args:
        folder: Which; made by `begin`.
        token: Of the run that writes there; see `sacred_core.stores.tokens`. Another run may have
            the folder later. None where the folder is only read, or changed for any run.
    """

    def __init__(self, folder: Path, token: str | None = None) -> None:
        self.folder = folder
        self._token = token
        self._output: AppendText | None = None
        self._points: AppendFile | None = None

    def begin(self) -> None:
        """Make the folder; what an earlier run left there goes."""
        self.remove()
        self.folder.mkdir(parents=True)
        replace_bytes(self.folder / _TOKEN, (self._token or "").encode())

    def is_own(self) -> bool:
        """Return whether the folder is that of this run: it is not where the run was deleted."""
        try:
            return (self.folder / _TOKEN).read_text() == self._token
        except (FileNotFoundError, NotADirectoryError):
            return False

    def remove(self) -> None:
        """Remove the folder, if it is there."""
        if self.folder.exists():
            shutil.rmtree(self.folder)

    def save(self, state: Document) -> None:
        """Store ``state`` as `state`."""
        replace_bytes(self.folder / _STATE, json_bytes(state))

    def save_info(self, info: Mapping[str, Any]) -> None:
        """Store ``info`` as `info`."""
        replace_bytes(self.folder / _INFO, json_bytes(dict(info)))

    def write_output(self, text: str, offset: int) -> None:
        """Replace the output from ``offset`` on by ``text``."""
        if self._output is None:
            self._output = AppendText(self.folder / _OUTPUT)
        self._output.write(text, offset)

    def replace_output(self, text: str) -> None:
        """Replace the output by ``text``."""
        replace_output(self.folder / _OUTPUT, text)

    def write_points(self, metrics: Mapping[str, Any], starts: Mapping[str, int]) -> None:
        """Append points."""
        if self._points is None:
            self._points = AppendFile(self.folder / _POINTS)
        self._points.write(metric_lines(metrics, starts))

    def state(self) -> Document:
        """Return the fields that changed."""
        found: Document = read_json(self.folder / _STATE, {})
        return found

    def info(self) -> Any:
        """Return the information of the run's own."""
        return read_json(self.folder / _INFO, {})

    def output(self) -> str:
        """Return what was printed so far, also after the last beat."""
        try:
            data = (self.folder / _OUTPUT).read_bytes()
        except FileNotFoundError:
            data = b""
        return with_unfinished(decode_output(data), self.folder)

    def open_points(self) -> BinaryIO | None:
        """Open the lines of points; None if there are none."""
        try:
            return (self.folder / _POINTS).open("rb")
        except FileNotFoundError:
            return None

    def metrics_files(self) -> tuple[Path, ...]:
        """Write the points into one JSON file and return it and its index; none without points."""
        parts = self.folder / _POINTS
        if not parts.exists():
            return ()
        merge_metric_lines(parts, self.folder / METRICS)
        return self.folder / METRICS, self.folder / METRIC_INDEX


@attrs.frozen
class StagedCopy:
    """A copy that has no place yet.

    Attributes:
        id: The hash by which the place is found.
        md5: The digest that records show.
        path: Where it is.
    """

    id: str
    md5: str
    path: Path


class Files:
    """The files of all runs.

    Args:
        fs: Where they are.
    """

    def __init__(self, fs: HashFS) -> None:
        self.fs = fs

    @property
    def root(self) -> Path:
        """The folder."""
        return Path(self.fs.root)

    def stage(self, path: Path) -> StagedCopy:
        """Copy a file to where `enter` puts it into its place in one step.

        Raises:
            OSError: it cannot be read, changes all the time, or there is no space.
        """
        return with_version(path, self.stage_version)

    def stage_version(self, version: FileVersion) -> StagedCopy:
        """Copy a version of a file, as `stage` does."""
        with version.open() as source:
            return self._stage(source)

    def stage_bytes(self, data: bytes) -> StagedCopy:
        """Write ``data``, as `stage` does a file."""
        return self._stage(io.BytesIO(data))

    def enter(self, staged: StagedCopy) -> str:
        """Put a copy into its place and return its id; the same content is not changed."""
        storage = Path(self.fs.idpath(staged.id))
        if storage.exists():
            staged.path.unlink(missing_ok=True)
        else:
            storage.parent.mkdir(parents=True, exist_ok=True)
            staged.path.replace(storage)
        return staged.id

    def open(self, file_id: str) -> BinaryIO:
        """Open a file for reading.

        Raises:
            StoreError: it is not there.
        """
        return self.path(file_id).open("rb")

    def read(self, file_id: str) -> bytes:
        """Return the content of a file; raises as `open` does."""
        return self.path(file_id).read_bytes()

    def path(self, file_id: str) -> Path:
        """Return where a file is; raises as `open` does."""
        found = self.fs.realpath(file_id)
        # An id comes from a document: a path in its place must not lead elsewhere.
        if not file_id.isalnum() or not found or not self.fs.haspath(found):
            raise StoreError(f"the file {file_id!r} is not in {str(self.root)!r}")
        return Path(found)

    def delete(self, file_id: str) -> None:
        """Remove a file, and folders that are empty then; one that is not there too.

        Only a file at the place of this id: a document may be edited, and the library also takes
        names of files in the working directory. Links are not followed.
        """
        storage = Path(self.fs.idpath(file_id))
        is_linked = storage.parent.resolve() != storage.parent or storage.is_symlink()
        if file_id.isalnum() and not is_linked and storage.is_file():
            storage.unlink(missing_ok=True)
            self.fs.remove_empty(str(storage.parent))

    def _stage(self, source: Any) -> StagedCopy:
        self.root.mkdir(parents=True, exist_ok=True)
        hashes = [hashlib.new(self.fs.algorithm), hashlib.md5(usedforsecurity=False)]
        handle, name = tempfile.mkstemp(prefix=".partial-", dir=self.root)
        path = Path(name)
        try:
            with open(handle, "wb") as target:
                while block := source.read(_BLOCK):
                    target.write(block)
                    for each in hashes:
                        each.update(block)
            path.chmod(0o644)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        own, md5 = hashes
        return StagedCopy(own.hexdigest(), md5.hexdigest(), path)


@attrs.frozen
class Storage:
    """The runs of one folder.

    Attributes:
        database: Their documents.
        files: Their files.
        live_root: The folder of the folders of running runs.
    """

    database: Database
    files: Files
    live_root: Path

    def find(self, run_id: int | str) -> "tuple[int, Document] | None":
        """Return the number and the document of a run, None if there is none."""
        texts = self.database.texts()
        if texts is None:
            documents: Iterable[tuple[int, Any]] = self.database.all().items()
        else:
            searched = str(run_id)
            documents = (
                (number, parse_document(text))
                for number, text in texts.items()
                if may_contain(text, searched)
            )
        for number, stored in documents:
            if to_run_id(number, stored) == run_id:
                return number, stored
        return None

    def running_folder(self, number: int, token: str | None = None) -> RunningRunFolder:
        """Return the folder of the run whose document has a number."""
        return RunningRunFolder(self.live_root / str(number), token)

    def annotate(self, number: int, document: Document, annotation: Annotation) -> None:
        """Add to the list of annotations in a document; only within `Database.lock`.

        Raises:
            DamagedRecordError: it is not a list.
        """
        known = document.get("annotations") or []
        if not isinstance(known, list) or isinstance(document, RawDocument):
            raise DamagedRecordError(f"the notes of {to_run_id(number, document)!r} are damaged")
        annotations = [*known, annotation_entry(annotation)]
        self.database.put(number, {**document, "annotations": annotations})

    def remove_unused(self, file_ids: set[str], but: int | None = None) -> None:
        """Remove those of the files that no run names; only within `Database.lock`.

        Args:
            file_ids: The files.
            but: The number of a document that does not count.
        """
        if not file_ids:
            return
        numbers, documents = self._documents_with(file_ids)
        numbers -= {but}
        used: set[str] = set()
        try:
            with guard("the documents"):
                states = [self.running_folder(n).state() for n in numbers & self._running()]
                for document in [*(own for n, own in documents.items() if n != but), *states]:
                    if isinstance(document, RawDocument):
                        raise DamagedRecordError("a part of it cannot be parsed")
                    used.update(files_of(document))
        except DamagedRecordError:  # it is not known what a damaged run uses
            return
        for file_id in file_ids - used:
            self.files.delete(file_id)

    def _documents_with(self, file_ids: set[str]) -> tuple[set[int], dict[int, Any]]:
        """Return the numbers of all documents, and the documents that may name one of the files."""
        texts = self.database.texts()
        if texts is None:
            documents = self.database.all()
            return {*documents}, documents
        named = {
            number: parse_document(text)
            for number, text in texts.items()
            if any(may_contain(text, each) for each in file_ids)
        }
        return {*texts}, named

    def _running(self) -> set[int]:
        """Return the numbers of the documents that have a folder of a running run."""
        try:
            names = [each.name for each in self.live_root.iterdir()]
        except FileNotFoundError:
            return set()
        return {int(name) for name in names if name.isdecimal()}


def storage_in(root: Path) -> Storage:
    """Return the place in a folder, which need not be there yet."""
    db = TinyDB(root / METADATA, storage=AtomicJsonFile)
    # The layout that the manual documents.
    return storage_of(db, HashFS(str(root / FILES), depth=3, width=2, algorithm="md5"))


def storage_of(db: TinyDB, fs: HashFS) -> Storage:
    """Return the place of a database and files; what else is needed is beside the files."""
    root = Path(fs.root)
    database = Database(db, root.with_name(f".{root.name}.lock"))
    return Storage(database, Files(fs), root.with_name(f"{root.name}.live"))


def to_run_id(number: int, stored: Any) -> int | str:
    """Return the id of a run, also where its document has none that can be one."""
    run_id = stored.get("_id") if isinstance(stored, dict) else None
    is_sound = isinstance(run_id, (int, str)) and not isinstance(run_id, bool)
    return normalize_id(run_id) if is_sound else f"document {number}"
