"""Files of the user, read as one version.

A file that another process writes to while it is stored could otherwise have the digest of one
version and the content of another.
"""

import errno
import hashlib
import io
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast

import attrs

from sacred_core.range_reader import RangeReader
from sacred_core.regular_files import open_regular, open_without_waiting
from sacred_core.shared_methods import ValueMethods

T = TypeVar("T")

_PART = 1024 * 1024
#: How often a file that changes is read.
_ATTEMPTS = 3
#: Nanoseconds: two changes within such a time may have the same time of change. File systems that
#: have seconds only are coarser.
_TICK, _COARSE_TICK = 20_000_000, 2_000_000_000
#: Bytes of files for which waiting for the next tick is faster than comparing their content.
_LARGE = 8 * _PART
#: Bytes of files that are read at once.
_SMALL = 256 * 1024


class ChangingFileError(OSError):
    """A file changed while it was being stored.

    Cause: Another process writes to an artifact or a resource all the time, at other places than
    its end.

    Fix: Add the file after it is complete, or add a copy.
    """


@attrs.frozen(eq=False, repr=False)
class FileVersion(ValueMethods):
    """The content of a file at one time; of a file that grew since then, its beginning.

    Attributes:
        path: Of the file.
        size: In bytes.
        md5: In hexadecimal.
    """

    path: Path
    size: int
    md5: str
    _sha256: str
    _state: tuple[int, ...]
    _content: bytes | None = attrs.field(default=None, repr=False)

    @property
    def sha256(self) -> str:
        """In hexadecimal.

        Raises:
            ValueError: it was not computed.
        """
        if not self._sha256:
            raise ValueError("the sha256 of a file is computed with has_sha256=True only")
        return self._sha256

    def open(self) -> BinaryIO:
        """Open the file to read this version.

        Reading its last byte raises `ChangingFileError` if the version is not there any more.

        Raises:
            OSError: as `open_regular` does.
        """
        if self._content is not None:
            return io.BytesIO(self._content)
        return io.BufferedReader(_VersionReader(self), _PART)

    def is_in(self, file: BinaryIO) -> bool:
        """Return whether an open file contains this version."""
        state = os.fstat(file.fileno())
        if _state(state) == self._state and not _is_recent(state):
            return True
        file.seek(0)
        found = _digests(file, self.size, bool(self._sha256))
        return found == (self.size, self.md5, self._sha256)


def file_version(path: Path, has_sha256: bool = False) -> FileVersion:
    """Return the present version of a file.

    Args:
        path: Of the file.
        has_sha256: Compute the sha256 too.

    Raises:
        ChangingFileError: it changes all the time, at other places than its end.
        OSError: as `open_regular` does.
    """
    with open_regular(path) as file:
        for _ in range(_ATTEMPTS):
            file.seek(0)
            state = _settle(file)
            if not state.st_size:  # of the system, such as /proc/cpuinfo
                data = file.read()
                digests = _digests(io.BytesIO(data), len(data), has_sha256)
                return FileVersion(path, *digests, _state(state), data)
            digests = _digests(file, state.st_size, has_sha256)
            version = FileVersion(path, *digests, _state(state))
            if version.size == state.st_size and version.is_in(file):
                return version
    raise _changed_error(path)


def with_version(path: Path, use: Callable[[FileVersion], T], has_sha256: bool = False) -> T:
    """Return what ``use`` returns for a version of a file; if it changes meanwhile, of a later one.

    Args:
        path: Of the file.
        use: Is called with a version, up to three times.
        has_sha256: The version has a sha256.

    Raises:
        ChangingFileError: it changes all the time.
        OSError: as `open_regular` does; what ``use`` raises.
    """
    for _ in range(_ATTEMPTS - 1):
        try:
            return use(file_version(path, has_sha256))
        except ChangingFileError:
            pass
    return use(file_version(path, has_sha256))


def small_content(path: Path) -> bytes | None:
    """Return the content of one version of a small file.

    Returns:
        None if it is large or empty, or changes now: `copy_version` copies such a file.

    Raises:
        OSError: as `open_regular` does.
    """
    descriptor = open_without_waiting(os.fspath(path), os.O_RDONLY)
    try:
        before = os.fstat(descriptor)
        if not 0 < before.st_size <= _SMALL:
            return None
        data = os.read(descriptor, before.st_size)
        after = os.fstat(descriptor)
        if _state(after) != _state(before) or _is_recent(after):
            os.lseek(descriptor, 0, os.SEEK_SET)
            if os.read(descriptor, before.st_size) != data:
                return None
        return data if len(data) == before.st_size else None
    finally:
        os.close(descriptor)


def copy_version(source: Path, target: Path) -> tuple[int, str]:
    """Copy one version of a file, and return its size in bytes and its hexadecimal MD5 digest.

    Raises:
        ChangingFileError: it changes all the time.
        OSError: as `open_regular` does; ``target`` cannot be written.
    """
    for _ in range(_ATTEMPTS):
        with open_regular(source) as file, target.open("w+b") as copy:
            state = _settle(file)
            if not state.st_size:  # see `file_version`
                return _copy(file, copy, None)
            found = _copy(file, copy, state.st_size)
            after = os.fstat(file.fileno())
            if _state(after) == _state(state) and not _is_recent(after):
                return found
            file.seek(0)
            copy.seek(0)
            if found[0] == state.st_size and _are_equal(file, copy, found[0]):
                return found
    raise _changed_error(source)


#: What was read from files, by path and kind, with the state of the file.
_read: dict[tuple[str, str], tuple[tuple[int, ...], Any]] = {}


def unless_changed(path: Path, kind: str, read: Callable[[Path], T]) -> T:
    """Return ``read(path)``, or what that returned before if the file has not changed since.

    Args:
        path: Of a file that is read again and again, such as a source.
        kind: What is read of it: one name for each ``read``.
        read: Is called with the path.

    Raises:
        OSError: there is no file; what ``read`` raises.
    """
    key = os.fspath(path), kind
    before = path.stat()
    if key in _read:
        state, known = _read[key]
        if state == _state(before):
            return cast(T, known)
    changed = max(before.st_mtime_ns, before.st_ctime_ns)  # a program may set back the first
    is_settled = time.time_ns() - changed > _COARSE_TICK
    found = read(path)
    if is_settled and _state(path.stat()) == _state(before):
        _read[key] = _state(before), found
    return found


class _VersionReader(RangeReader):
    """Reads as many bytes as a version has, and checks it at the last one."""

    def __init__(self, version: FileVersion) -> None:
        super().__init__(version.size)
        self._version = version
        self._file = open_regular(version.path)

    def read_at(self, position: int, length: int) -> bytes:
        self._file.seek(position)
        data = self._file.read(length)
        is_last = position + len(data) == self.size
        if not data or (is_last and not self._version.is_in(self._file)):
            raise _changed_error(self._version.path)
        return data

    def close(self) -> None:
        self._file.close()
        super().close()


def _copy(file: BinaryIO, copy: BinaryIO, size: int | None) -> tuple[int, str]:
    """Copy at most ``size`` bytes, as a log may grow without end; return their number and MD5."""
    length, md5 = 0, hashlib.md5(usedforsecurity=False)
    while data := file.read(_PART if size is None else min(_PART, size - length)):
        copy.write(data)
        md5.update(data)
        length += len(data)
    return length, md5.hexdigest()


def _are_equal(file: BinaryIO, copy: BinaryIO, size: int) -> bool:
    """Return whether the next ``size`` bytes of both are equal."""
    for position in range(0, size, _PART):
        length = min(_PART, size - position)
        if file.read(length) != copy.read(length):
            return False
    return True


def _digests(file: BinaryIO, size: int, has_sha256: bool) -> tuple[int, str, str]:
    """Return the length, the md5 and, if wanted, the sha256 of the next ``size`` bytes."""
    md5, length = hashlib.md5(usedforsecurity=False), 0
    sha256 = hashlib.sha256() if has_sha256 else None
    while length < size and (data := file.read(min(_PART, size - length))):
        md5.update(data)
        if sha256 is not None:
            sha256.update(data)
        length += len(data)
    return length, md5.hexdigest(), "" if sha256 is None else sha256.hexdigest()


def _settle(file: BinaryIO) -> os.stat_result:
    """Return the state of a file; of a large one when the next change has a new time.

    Otherwise all of the file would have to be read twice.
    """
    found = os.fstat(file.fileno())
    if found.st_size > _LARGE and found.st_mtime_ns % 1_000_000_000 and _is_recent(found):
        time.sleep(_TICK / 1e9)
        found = os.fstat(file.fileno())
    return found


def _state(found: os.stat_result) -> tuple[int, ...]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _is_recent(found: os.stat_result) -> bool:
    """Return whether the next change may have the same time as the last one."""
    tick = _TICK if found.st_mtime_ns % 1_000_000_000 else _COARSE_TICK
    return time.time_ns() - found.st_mtime_ns < tick


def _changed_error(path: Path) -> ChangingFileError:
    return ChangingFileError(
        errno.EBUSY, "Changed while it was being stored: add a copy of it", str(path)
    )
