"""Files in GridFS, each content of an owner once.

The id of a file is made from what it holds and whose it is, so that two processes which store
the same one at the same time, or one that tries again, write the same documents.
"""

import contextlib
import hashlib
import io
import itertools
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import attrs
import gridfs
from bson import ObjectId
from pymongo import errors
from pymongo.database import Database

from sacred_core.exceptions import DamagedRecordError
from sacred_core.stable_files import FileVersion, with_version
from sacred_mongo.values import encode_name

_CHUNK = 255 * 1024
_CHUNKS_AT_ONCE = 16
_DUPLICATE = 11000


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

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        self._database = database
        self._files = database["fs.files"]
        self._chunks = database["fs.chunks"]
        self._has_indexes = False

    def store(self, path: Path, filename: str, owner: str = "", **details: Any) -> StoredFile:
        """Store a file if it is not there.

        Args:
            path: Where it is read.
            filename: As it is called in the database; part of what makes it another file.
            owner: Whose it is; without, everybody's.
            details: Fields of the entry, such as ``metadata``.

        Raises:
            OSError: the file cannot be read, or changes all the time.
        """
        return with_version(
            path, lambda v: self.store_version(v, filename, owner, **details), has_sha256=True
        )

    def store_version(
        self, version: FileVersion, filename: str, owner: str = "", **details: Any
    ) -> StoredFile:
        """Store a version of a file, which has a sha256, as `store` does.

        Raises:
            OSError: the file cannot be read, or has changed.
        """
        kept = StoredFile(derived_id(owner, filename, version.sha256), version.md5)
        return self._store(kept, version.open, version.size, filename, details)

    def store_bytes(
        self, data: bytes, filename: str, owner: str = "", **details: Any
    ) -> StoredFile:
        """Store ``data``, as `store` does a file."""
        md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
        kept = StoredFile(derived_id(owner, filename, hashlib.sha256(data).hexdigest()), md5)
        return self._store(kept, lambda: io.BytesIO(data), len(data), filename, details)

    def read(self, file_id: Any) -> bytes:
        """Return what a file holds.

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
        return gridfs.GridFS(self._database).get(file_id)

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

    def delete(self, file_ids: Iterable[Any]) -> None:
        """Remove files; those that are not there too."""
        wanted = {"$in": list(file_ids)}
        if wanted["$in"]:
            self._files.delete_many({"_id": wanted})
            self._chunks.delete_many({"files_id": wanted})

    def _store(
        self,
        kept: StoredFile,
        opened: Callable[[], BinaryIO],
        size: int,
        filename: str,
        details: Mapping[str, Any],
    ) -> StoredFile:
        self._ensure_indexes()
        if self._exists(kept.id, details):
            return kept
        try:
            with opened() as stream:
                self._upload(stream, kept.id)
        except OSError:  # of the user's file
            self.delete([kept.id])
            raise
        self._enter(kept, size, filename, details)
        return kept

    def _exists(self, file_id: ObjectId, details: Mapping[str, Any]) -> bool:
        if not details:
            return self._files.find_one({"_id": file_id}, {"_id": 1}) is not None
        return self._files.update_one({"_id": file_id}, {"$set": details}).matched_count == 1

    def _upload(self, stream: BinaryIO, file_id: ObjectId) -> None:
        """Write the chunks, those aside that another process has written."""
        numbers = itertools.count()
        parts: list[bytes] = []
        while data := stream.read(_CHUNK):
            parts.append(data)
            if len(parts) == _CHUNKS_AT_ONCE:
                self._insert(parts, file_id, numbers)
                parts = []
        self._insert(parts, file_id, numbers)

    def _insert(
        self, parts: list[bytes], file_id: ObjectId, numbers: "itertools.count[int]"
    ) -> None:
        chunks = [{"files_id": file_id, "n": next(numbers), "data": data} for data in parts]
        try:
            if chunks:
                self._chunks.insert_many(chunks, ordered=False)
        except errors.BulkWriteError as error:
            others = [e for e in error.details["writeErrors"] if e["code"] != _DUPLICATE]
            if others or error.details.get("writeConcernErrors"):
                raise

    def _enter(
        self, kept: StoredFile, length: int, filename: str, details: Mapping[str, Any]
    ) -> None:
        entry = {
            "filename": encode_name(filename),
            "md5": kept.md5,  # Sacred's readers look for it; drivers no longer write one
            "chunkSize": _CHUNK,
            "length": length,
            "uploadDate": datetime.now(UTC),
            **details,
        }
        with contextlib.suppress(errors.DuplicateKeyError):  # another process was faster
            self._files.insert_one({"_id": kept.id, **entry})

    def _ensure_indexes(self) -> None:
        if not self._has_indexes:
            self._files.create_index([("filename", 1), ("uploadDate", 1)])
            self._chunks.create_index([("files_id", 1), ("n", 1)], unique=True)
            self._has_indexes = True


def derived_id(*parts: str) -> ObjectId:
    """Return the id that belongs to these texts."""
    text = "\0".join(parts).encode("utf-8", "surrogatepass")
    return ObjectId(hashlib.sha256(text).digest()[:12])
