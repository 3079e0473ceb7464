"""The storage of runs: the database, the files, and the folders of running runs.

What changes while a run is running is in separate files, since the database is one file.

In the run's folder ``state.json`` contains fields of its document that changed since the start,
``info.json`` the information of its own, ``output`` what it printed, and ``metrics.jsonl`` its
points; see `sacred_core.stores.folder_format`.

Files are under the hash of what they contain, each content once.
"""

import hashlib
import io
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

import attrs
from hashfs import HashFS
from tinydb import TinyDB

from sacred_core.exceptions import DamagedRecordError, StoreError
from sacred_core.stable_files import FileVersion, with_version
from sacred_core.stores import Annotation, guard
from sacred_core.stores.run_ids import normalize_id
from sacred_core.stores.tokens import TOKEN
from sacred_tinydb.database import AtomicJsonFile, Database, Document, RawDocument, parse_document
from sacred_tinydb.documents import annotation_entry, files_of
from sacred_tinydb.layout import may_contain
from sacred_tinydb.running_folder import RunningRunFolder

METADATA, FILES = "metadata.json", "hashfs"
_BLOCK = 1 << 20


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

    def replace_token(self, number: int, old: str, new: str) -> bool:
        """Replace the token of a run, and return False if it is not ``old``."""
        with self.database.lock():
            found = self.database.get(number)
            if not found or (found.get(TOKEN) or "") != old:
                return False
            if new != old:
                self.database.put(number, {**found, TOKEN: new})
            self.running_folder(number).replace_token(new)
        return True

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
