"""Files in GridFS, each content of an owner once, until no run uses it.

The id of a file is made from what it contains and whose it is, so that two processes which store
the same one at the same time, or one that tries again, write the same documents. A file is removed
only if no other run of the database uses it. A record may be edited, or written by another program:
what it names as its own may be a file of another run.
"""

import contextlib
import hashlib
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import attrs
import gridfs
from bson import ObjectId
from pymongo import errors
from pymongo.database import Database

from sacred_core.exceptions import DamagedRecordError
from sacred_core.loggers import own_logger
from sacred_core.observers.code_archive import CodeArchive
from sacred_core.stable_files import FileVersion, with_version
from sacred_mongo.connection import RESERVED, Document, Runs
from sacred_mongo.values import decode_name, encode_name, file_of

_logger = own_logger(__name__)
_CHUNK = 255 * 1024
_CHUNKS_AT_ONCE = 16
_DUPLICATE = 11000
#: The fields of runs that name files.
_FIELDS = (
    "artifacts", "resources", "experiment.sources", "experiment.repositories.patch",
    "captured_out_parts", "config", "info", "result", "host", "meta", "fail_trace",
)  # fmt: skip


@attrs.frozen
class StoredFile:
    """A file in the database."""

    id: ObjectId
    md5: str


class Files:
    """The files of a database.

    Args:
        database: Where ``fs.files`` and ``fs.chunks`` are.
    """

    def __init__(self, database: Database[Document]) -> None:
        self._database = database
        self._bucket = gridfs.GridFSBucket(database)
        self._files = database["fs.files"]
        self._chunks = database["fs.chunks"]
        self._has_indexes = False

    @property
    def archive(self) -> CodeArchive:
        """The archive for code."""
        return CodeArchive(
            lambda version: self.store_version(version, str(version.path)).id,
            lambda patch: self.store_bytes(patch, "uncommitted.patch").id,
            needs_sha256=True,
        )

    def store_version(
        self, version: FileVersion, filename: str, owner: str = "", **details: Any
    ) -> StoredFile:
        """Store a version of a file, which has a sha256, if it is not there.

        Args:
            version: What is stored.
            filename: As it is called in the database; part of what makes it another file.
            owner: Whose it is; without, everybody's.
            details: Fields of the entry, such as ``metadata``.

        Raises:
            OSError: the file cannot be read, or has changed.
        """
        stored = StoredFile(derived_id(owner, filename, version.sha256), version.md5)
        return self._store(stored, version.open, version.size, filename, details)

    def store_bytes(self, data: bytes, filename: str, owner: str = "") -> StoredFile:
        """Store ``data``, as `store_version` does a file."""
        md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
        stored = StoredFile(derived_id(owner, filename, hashlib.sha256(data).hexdigest()), md5)
        return self._store(stored, lambda: io.BytesIO(data), len(data), filename, {})

    def read(self, file_id: Any) -> bytes:
        """Return the content of a file.

        Raises:
            DamagedRecordError: it is not there, or not whole.
        """
        try:
            data: bytes = self.open(file_id).read()
        except gridfs.errors.GridFSError as error:
            raise DamagedRecordError(f"the file {file_id} cannot be read: {error}") from None
        return data

    def open(self, file_id: Any) -> gridfs.GridOut:
        """Return a file to read from; raises `gridfs.NoFile`."""
        return self._bucket.open_download_stream(file_id)

    def find(self, filename: str, md5: str) -> Any:
        """Return the id of a file that everybody may use, or None.

        The md5 is missing where Sacred wrote with a driver that no longer makes one.
        """
        for wanted in ({"filename": filename, "md5": md5}, {"filename": filename, "md5": None}):
            found = self._files.find_one(wanted, {"_id": 1}, sort=[("uploadDate", -1)])
            if found is not None:
                return found["_id"]
        return None

    def name_of(self, file_id: Any) -> tuple[Any, Any] | None:
        """Return filename and md5 of a file, None if there is none."""
        found = self._files.find_one({"_id": file_id}, {"filename": 1, "md5": 1})
        return None if found is None else (found.get("filename"), found.get("md5"))

    def details(self, file_ids: list[Any]) -> Iterable[Document]:
        """Return the entries of those of the files that exist."""
        return self._files.find({"_id": {"$in": file_ids}})

    def chunks(self, file_ids: list[Any]) -> Iterator[tuple[Any, bytes]]:
        """Yield the ids and contents of files, part by part, those of a file in their order."""
        if file_ids:
            found = self._chunks.find({"files_id": {"$in": file_ids}}).sort({"files_id": 1, "n": 1})
            yield from ((each["files_id"], each["data"]) for each in found)

    def delete(self, file_ids: Iterable[Any]) -> None:
        """Remove files; those that are not there too."""
        wanted = {"$in": list(file_ids)}
        if wanted["$in"]:
            self._files.delete_many({"_id": wanted})
            self._chunks.delete_many({"files_id": wanted})

    def delete_unused(self, file_ids: set[Any], runs: Runs, entry: Document) -> None:
        """Remove those of the files that no run uses but the one of ``entry`` in ``runs``."""
        if not file_ids:
            return
        names = {file_id: self.name_of(file_id) for file_id in file_ids}
        left = {file_id for file_id, name in names.items() if name is not None}
        for other in self._other_runs(runs, entry):
            left -= own_files(other) | shared_files(other)
            pairs = resource_pairs(other)
            left = {file for file in left if not _is_named(names[file], pairs)}
            if not left:
                return
        self.delete(left)

    def restore_missing(self, entry: Document) -> None:
        """Store again what is missing of the files that a run shares with others.

        It is missing where a run that also used it was deleted at the moment when this one began to
        use it. Where its file is not there any more either, or was changed, a warning names it.
        """
        for path, is_stored, is_same in self._shared_paths(entry):
            try:
                if not is_stored() and not is_same(self._store_again(path)):
                    raise OSError("the file was changed")
            except OSError as error:
                _logger.warning("%s is missing in %s: %s", path, self._files.full_name, error)

    def _store(
        self,
        stored: StoredFile,
        opened: Callable[[], BinaryIO],
        size: int,
        filename: str,
        details: Mapping[str, Any],
    ) -> StoredFile:
        self._ensure_indexes()
        if self._exists(stored.id, details):
            return stored
        with opened() as stream:
            self._upload(stream, stored.id)
        entry = {
            "filename": encode_name(filename),
            "md5": stored.md5,  # Sacred's readers look for it; drivers no longer write one
            "chunkSize": _CHUNK,
            "length": size,
            "uploadDate": datetime.now(UTC),
            **details,
        }
        with contextlib.suppress(errors.DuplicateKeyError):  # another process was faster
            self._files.insert_one({"_id": stored.id, **entry})
        return stored

    def _store_again(self, path: Path) -> StoredFile:
        return with_version(path, lambda v: self.store_version(v, str(path)), has_sha256=True)

    def _exists(self, file_id: ObjectId, details: Mapping[str, Any]) -> bool:
        if not details:
            return self._files.find_one({"_id": file_id}, {"_id": 1}) is not None
        return self._files.update_one({"_id": file_id}, {"$set": details}).matched_count == 1

    def _upload(self, stream: BinaryIO, file_id: ObjectId) -> None:
        """Write the chunks; those that another process has written are skipped.

        An upload stream of `gridfs.GridFSBucket` does not complete such a file: it stops at the
        first chunk that is there, also if the process that wrote it was killed, and its entry has
        neither the md5 nor the type of the length that readers of earlier releases have.
        """
        parts = enumerate(iter(lambda: stream.read(_CHUNK), b""))
        chunks = ({"files_id": file_id, "n": n, "data": data} for n, data in parts)
        has_written = False
        try:
            while batch := list(islice(chunks, _CHUNKS_AT_ONCE)):
                self._insert(batch)
                has_written = True
        except OSError:  # of the user's file
            if has_written:
                self.delete([file_id])
            raise

    def _insert(self, chunks: list[Document]) -> None:
        try:
            self._chunks.insert_many(chunks, ordered=False)
        except errors.BulkWriteError as error:
            others = [e for e in error.details["writeErrors"] if e["code"] != _DUPLICATE]
            if others or error.details.get("writeConcernErrors"):
                raise

    def _ensure_indexes(self) -> None:
        if not self._has_indexes:
            self._files.create_index([("filename", 1), ("uploadDate", 1)])
            self._chunks.create_index([("files_id", 1), ("n", 1)], unique=True)
            self._has_indexes = True

    def _shared_paths(self, entry: Document) -> Iterator[tuple[Path, Any, Any]]:
        """Yield files, with functions that check if they and a stored one are as they were."""
        for name, md5 in entry.get("resources") or ():
            yield (
                Path(decode_name(name)),
                lambda name=name, md5=md5: self.find(name, md5) is not None,
                lambda stored, md5=md5: stored.md5 == md5,
            )
        experiment = entry.get("experiment") or {}
        base = Path(str(experiment.get("base_dir") or "."))
        for name, file_id in experiment.get("sources") or ():
            yield (
                base / decode_name(name),
                lambda file_id=file_id: self.name_of(file_id) is not None,
                lambda stored, file_id=file_id: stored.id == file_id,
            )

    def _other_runs(self, runs: Runs, entry: Document) -> Iterator[Document]:
        """Yield every run of the database but one; any collection may contain runs."""
        for name in self._database.list_collection_names():
            if name in RESERVED or name.endswith("_metrics") or name.startswith("system."):
                continue
            for other in self._database[name].find({}, dict.fromkeys(_FIELDS, 1)):
                if (name, other["_id"]) != (runs.name, entry["_id"]):
                    yield other


def derived_id(*parts: str) -> ObjectId:
    """Return the id that belongs to these strings."""
    text = "\0".join(parts).encode("utf-8", "surrogatepass")
    return ObjectId(hashlib.sha256(text).digest()[:12])


def own_files(entry: Document) -> set[Any]:
    """Return the ids of files that a run names as its own."""
    listed = [*_dicts(entry.get("artifacts")), *_dicts(entry.get("captured_out_parts"))]
    files = [each.get("file_id") for each in listed]
    files += [file_of(value) for value in entry.values()]
    return {file for file in files if _is_id(file)}


def shared_files(entry: Document) -> set[Any]:
    """Return the ids of files that a run shares with others, its resources excluded."""
    experiment = entry.get("experiment")
    experiment = experiment if isinstance(experiment, dict) else {}
    files = [pair[1] for pair in _pairs(experiment.get("sources"))]
    files += [each.get("patch") for each in _dicts(experiment.get("repositories"))]
    return {file for file in files if _is_id(file)}


def resource_pairs(entry: Document) -> set[tuple[str, str]]:
    """Return filename and md5 of the resources of a run."""
    pairs = _pairs(entry.get("resources"))
    return {(pair[0], pair[1]) for pair in pairs if all(isinstance(each, str) for each in pair)}


def _is_named(name: Any, pairs: set[tuple[str, str]]) -> bool:
    """Return whether one of the resources is the file with this filename and md5."""
    if name in pairs:
        return True
    return name[1] is None and any(pair[0] == name[0] for pair in pairs)


def _dicts(value: Any) -> list[Document]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _pairs(value: Any) -> list[list[Any]]:
    listed = value if isinstance(value, list) else []
    return [each for each in listed if isinstance(each, list) and len(each) == 2]


def _is_id(value: Any) -> bool:
    return value is not None and not isinstance(value, (dict, list))
