"""Files under the hash of what they hold, each content once."""

import hashlib
import io
import tempfile
from pathlib import Path
from typing import Any, BinaryIO

import attrs
from hashfs import HashFS

from sacred_core.exceptions import StoreError
from sacred_core.stable_files import FileVersion, with_version

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
        """Put a copy into its place and return its id; the same content stays as it is."""
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
        """Return what a file holds; raises as `open` does."""
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


class LazyFile(io.RawIOBase):
    """A file that is opened when it is first read from.

    Args:
        files: Where it is.
        file_id: Which it is.
    """

    def __init__(self, files: Files, file_id: str) -> None:
        self._files = files
        self._id = file_id
        self._file: BinaryIO | None = None

    @property
    def name(self) -> str:
        """Its path."""
        return str(self._files.path(self._id))

    def readable(self) -> bool:
        """Tell that this is what it is for."""
        return True

    def seekable(self) -> bool:
        """Tell that there is a way back."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read as `io.RawIOBase` does."""
        data = self._open().read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Seek as `io.RawIOBase` does."""
        return self._open().seek(offset, whence)

    def tell(self) -> int:
        """Return the position; a file that was not read from is at its beginning."""
        return 0 if self._file is None else self._file.tell()

    def close(self) -> None:
        """Close the file, if it was opened."""
        if self._file is not None:
            self._file.close()
        super().close()

    def _open(self) -> BinaryIO:
        if self._file is None:
            self._file = self._files.open(self._id)
        return self._file
