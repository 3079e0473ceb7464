"""Files in GridFS that several processes store at once."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import attrs
import gridfs
import pytest
from bson import ObjectId
from sacred_mongo.files import Files

from sacred_core.stable_files import ChangingFileError, FileVersion, file_version

CHUNK = 255 * 1024


@pytest.fixture
def files(database: Any) -> Files:
    """The files of an empty database."""
    return Files(database)


@pytest.fixture
def version(tmp_path: Path) -> FileVersion:
    """A file of two chunks and a half."""
    path = tmp_path / "file"
    path.write_bytes(b"a" * CHUNK + b"b" * CHUNK + b"c" * 100)
    return file_version(path, has_sha256=True)


@attrs.frozen
class Opened(FileVersion):
    """A version of a file that a function opens."""

    opener: Callable[[], BinaryIO] = attrs.field(kw_only=True)

    def open(self) -> BinaryIO:
        return self.opener()


def opened(version: FileVersion, opener: Callable[[], BinaryIO]) -> Opened:
    values = {name: getattr(version, name) for name in ("path", "size", "md5", "sha256")}
    return Opened(**values, state=(), opener=opener)


def content(database: Any, file_id: ObjectId) -> bytes:
    data: bytes = gridfs.GridFSBucket(database).open_download_stream(file_id).read()
    return data


def test_two_processes_store_the_same_content_once(
    database: Any, files: Files, version: FileVersion
) -> None:
    """Of two that write at the same time both use one file."""
    others: list[Any] = []

    def store_and_open() -> BinaryIO:
        others.append(Files(database).store_version(version, "f"))
        return version.open()

    stored = files.store_version(opened(version, store_and_open), "f")
    assert [stored] == others
    assert database.fs.files.count_documents({}) == 1
    assert database.fs.chunks.count_documents({}) == 3
    assert content(database, stored.id) == version.path.read_bytes()


def test_a_file_is_completed_after_a_process_was_killed(
    database: Any, files: Files, version: FileVersion
) -> None:
    """Chunks that it wrote are used, as they have the same content."""
    stored = files.store_version(version, "f")
    database.fs.files.delete_many({})
    database.fs.chunks.delete_one({"n": 1})
    assert files.store_version(version, "f") == stored
    assert content(database, stored.id) == version.path.read_bytes()


def test_a_file_that_cannot_be_read_removes_no_content_of_another_process(
    database: Any, files: Files, version: FileVersion
) -> None:
    """Another process stored the same content after this one had looked for it."""
    others: list[Any] = []

    def store_and_fail() -> BinaryIO:
        others.append(Files(database).store_version(version, "f"))
        raise ChangingFileError("it changed")

    with pytest.raises(ChangingFileError):
        files.store_version(opened(version, store_and_fail), "f")
    assert content(database, others[0].id) == version.path.read_bytes()


def test_a_file_that_changes_while_it_is_sent_leaves_nothing(
    database: Any, files: Files, tmp_path: Path
) -> None:
    """Also if it is so large that a part of it was sent."""
    path = tmp_path / "large"
    path.write_bytes(b"x" * 30 * CHUNK)
    version = file_version(path, has_sha256=True)

    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() >= 20 * CHUNK:
                raise ChangingFileError("it changed")
            return super().read(size)

    with pytest.raises(ChangingFileError):
        files.store_version(opened(version, lambda: Broken(path.read_bytes())), "f")
    assert database.fs.files.count_documents({}) == database.fs.chunks.count_documents({}) == 0
