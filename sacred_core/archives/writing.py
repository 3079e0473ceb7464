"""Writes the entries of an archive: the same entries are always the same bytes."""

import hashlib
import io
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, cast

import attrs

from sacred_core.archives.layout import content_entry
from sacred_core.atomic_files import replacing

#: The earliest time that a ZIP file can have.
_TIME = (1980, 1, 1, 0, 0, 0)
_MODE = 0o644 << 16
_UNIX = 3
#: Bytes that are read at a time.
BLOCK = 1 << 20
#: Bytes of a temporary file that are in memory.
_IN_MEMORY = 1 << 20
#: The first bytes show whether an entry becomes smaller by compression, by at least this part.
_SAMPLE, _GAIN = 1 << 16, 0.05


@attrs.frozen
class Content:
    """A content in an archive: its digests in hexadecimal, and its size in bytes."""

    sha256: str
    md5: str
    size: int


class ArchiveWriter:
    """Writes entries. Contents are entries that are named by their digest, each once.

    Args:
        file: The archive, an empty file.
        folder: For temporary files; they are removed whatever happens.

    Attributes:
        contents: By SHA-256 digest.
    """

    def __init__(self, file: BinaryIO, folder: Path) -> None:
        self._zip = zipfile.ZipFile(file, "w", allowZip64=True)
        self._folder = folder
        self._by_md5: dict[str, Content] = {}
        self.contents: dict[str, Content] = {}

    def add(
        self, name: str, content: bytes | BinaryIO, may_compress: bool = True
    ) -> dict[str, Any]:
        """Add an entry and return its digest and size, for the manifest.

        Args:
            name: Of the entry.
            content: Its content; of a file, all of it.
            may_compress: Compress it if it becomes smaller.
        """
        file = io.BytesIO(content) if isinstance(content, bytes) else content
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        sample = file.read(_SAMPLE)
        file.seek(0)
        info = zipfile.ZipInfo(name, _TIME)
        info.external_attr, info.create_system, info.file_size = _MODE, _UNIX, size
        is_smaller = may_compress and len(zlib.compress(sample)) < len(sample) * (1 - _GAIN)
        info.compress_type = zipfile.ZIP_DEFLATED if is_smaller else zipfile.ZIP_STORED
        digest = hashlib.sha256()
        with self._zip.open(info, "w") as target:
            for block in _blocks(file):
                digest.update(block)
                target.write(block)
        return {"sha256": digest.hexdigest(), "size": size}

    def known_content(self, md5: str | None, size: int | None) -> Content | None:
        """Return the content with an MD5 digest, None if there is none or its size differs."""
        found = self._by_md5.get(md5 or "")
        return found if found is not None and size in (None, found.size) else None

    def add_content(self, blocks: Iterable[bytes]) -> Content:
        """Add the entry of a content unless there is one, and return it."""
        with self.temporary_file() as copy:
            sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
            for block in blocks:
                sha256.update(block)
                md5.update(block)
                copy.write(block)
            content = Content(sha256.hexdigest(), md5.hexdigest(), copy.tell())
            if content.sha256 not in self.contents:
                self.add(content_entry(content.sha256), copy)
                self.contents[content.sha256] = self._by_md5[content.md5] = content
        return content

    def temporary_file(self) -> BinaryIO:
        """Return an empty file, which is removed when it is closed."""
        return cast(
            BinaryIO, tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=os.fspath(self._folder))
        )

    def close(self) -> None:
        """Write the directory of the archive."""
        self._zip.close()


@contextmanager
def new_archive(path: Path) -> Iterator[ArchiveWriter]:
    """Yield a writer; the archive replaces ``path`` when the block ends without an exception.

    Raises:
        OSError: the archive cannot be written; ``path`` is unchanged.
    """
    with replacing(path) as partial, partial.open("wb") as file:
        writer = ArchiveWriter(file, path.parent)
        try:
            yield writer
            writer.close()
        except BaseException:
            with suppress(Exception):  # such as a full disk, a second time
                writer.close()
            raise
        file.flush()
        os.fsync(file.fileno())


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(BLOCK):
        yield block
