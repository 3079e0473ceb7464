"""Files of the user, read without waiting and as one version.

A FIFO, a socket or a device would block the run for ever, or never end. A file that another process
writes to while it is stored could have a digest of one version and the content of another.
"""

import contextlib
import errno
import hashlib
import io
import os
import shutil
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, TypeVar

import attrs

T = TypeVar("T")

_PART = 1024 * 1024
#: How often a file that changes is read.
_ATTEMPTS = 3
#: Nanoseconds: two changes within such a time may have the same time of change. File systems that
#: have seconds only are coarser.
_TICK, _COARSE_TICK = 20_000_000, 2_000_000_000
_KINDS = (
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a character device"),
    (stat.S_ISBLK, "a block device"),
)
#: Windows lacks some of these.
_FLAGS = sum(getattr(os, name, 0) for name in ("O_BINARY", "O_CLOEXEC", "O_NOCTTY", "O_NONBLOCK"))


class SpecialFileError(OSError):
    """A path is not a regular file, but a FIFO, a socket or a device."""


class ChangingFileError(OSError):
    """A file changed while it was being stored."""


def open_regular(path: str | os.PathLike[str]) -> io.BufferedReader:
    """Open a file for reading, at once whatever it is.

    Raises:
        SpecialFileError: it is a FIFO, a socket or a device.
        IsADirectoryError: it is a folder.
        OSError: it cannot be read: the links form a loop, for example.
    """
    return open(path, "rb", opener=open_without_waiting)


def require_regular(path: str | os.PathLike[str]) -> None:
    """Raise what `open_regular` raises."""
    open_regular(path).close()


def open_without_waiting(path: str, flags: int) -> int:
    """Return a descriptor of a regular file; an ``opener`` of `open`.

    Raises:
        OSError: as `open_regular` does.
    """
    with contextlib.suppress(FileNotFoundError):  # it may be created
        # Opening a device, or the one end of a FIFO, may have an effect.
        _require_kind(path, os.stat(path).st_mode)  # noqa: PTH116 - a string, as `open` gives it
    descriptor = os.open(path, flags | _FLAGS, 0o666)
    try:
        # Another file may have taken the place since; not even then does opening it wait.
        _require_kind(path, os.fstat(descriptor).st_mode)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _require_kind(path: str, mode: int) -> None:
    name = os.fspath(path)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "Is a directory, not a file", name)
    kind = next((text for is_kind, text in _KINDS if is_kind(mode)), None)
    if kind is not None:
        raise SpecialFileError(errno.EINVAL, f"Is {kind}, not a regular file", name)


@attrs.frozen
class FileVersion:
    """What a file held at one time; of a file that grew since, its beginning.

    Attributes:
        path: Of the file.
        size: In bytes.
        md5, sha256: In hexadecimal.
    """

    path: Path
    size: int
    md5: str
    sha256: str
    _state: tuple[int, ...]
    _content: bytes | None = attrs.field(default=None, repr=False)

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
        """Return whether an open file holds this version."""
        state = os.fstat(file.fileno())
        if _state(state) == self._state and not _is_recent(state):
            return True
        file.seek(0)
        return _digests(file, self.size) == (self.size, self.md5, self.sha256)


def file_version(path: Path) -> FileVersion:
    """Return the present version of a file.

    Raises:
        ChangingFileError: it changes all the time, at other places than its end.
        OSError: as `open_regular` does.
    """
    with open_regular(path) as file:
        for _ in range(_ATTEMPTS):
            file.seek(0)
            state = os.fstat(file.fileno())
            if not state.st_size:  # of the system, such as /proc/cpuinfo
                data = file.read()
                return FileVersion(path, *_digests(io.BytesIO(data), None), _state(state), data)
            version = FileVersion(path, *_digests(file, state.st_size), _state(state))
            if version.size == state.st_size and version.is_in(file):
                return version
    raise _changed(path)


def with_version(path: Path, use: Callable[[FileVersion], T]) -> T:
    """Return what ``use`` returns for a version of a file; if it changes meanwhile, of a later one.

    Raises:
        ChangingFileError: it changes all the time.
        OSError: as `open_regular` does; what ``use`` raises.
    """
    for _ in range(_ATTEMPTS - 1):
        try:
            return use(file_version(path))
        except ChangingFileError:
            pass
    return use(file_version(path))


def copy_version(source: Path, target: Path) -> None:
    """Copy one version of a file.

    Raises:
        ChangingFileError: it changes all the time.
        OSError: as `open_regular` does; ``target`` cannot be written.
    """
    for _ in range(_ATTEMPTS):
        with open_regular(source) as file, target.open("w+b") as copy:
            state = os.fstat(file.fileno())
            if not state.st_size:  # see `file_version`
                shutil.copyfileobj(file, copy)
                return
            size = _copy(file, copy, state.st_size)
            after = os.fstat(file.fileno())
            if _state(after) == _state(state) and not _is_recent(after):
                return
            file.seek(0)
            copy.seek(0)
            if size == state.st_size and _digests(file, size) == _digests(copy, size):
                return
    raise _changed(source)


class _VersionReader(io.RawIOBase):
    """Reads as many bytes as a version has, and checks it at the last one."""

    def __init__(self, version: FileVersion) -> None:
        self._version = version
        self._file = open_regular(version.path)
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._version.size}
        self._position = max(0, base[whence] + offset)
        return self._position

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]
        left = max(0, self._version.size - self._position)
        if not left:
            return 0
        self._file.seek(self._position)
        data = self._file.read(min(len(buffer), left))
        if not data or (len(data) == left and not self._version.is_in(self._file)):
            raise _changed(self._version.path)
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()


def _copy(file: BinaryIO, copy: BinaryIO, size: int) -> int:
    """Copy at most ``size`` bytes and return how many there were: a log may grow for ever."""
    length = 0
    while length < size and (data := file.read(min(_PART, size - length))):
        copy.write(data)
        length += len(data)
    return length


def _digests(file: BinaryIO, size: int | None) -> tuple[int, str, str]:
    """Return the length, the md5 and the sha256 of the next ``size`` bytes, or of all."""
    md5, sha256, length = hashlib.md5(usedforsecurity=False), hashlib.sha256(), 0
    while size is None or length < size:
        data = file.read(_PART if size is None else min(_PART, size - length))
        if not data:
            break
        md5.update(data)
        sha256.update(data)
        length += len(data)
    return length, md5.hexdigest(), sha256.hexdigest()


def _state(found: os.stat_result) -> tuple[int, ...]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _is_recent(found: os.stat_result) -> bool:
    """Return whether the next change may have the same time as the last one."""
    tick = _TICK if found.st_mtime_ns % 1_000_000_000 else _COARSE_TICK
    return time.time_ns() - found.st_mtime_ns < tick


def _changed(path: Path) -> ChangingFileError:
    return ChangingFileError(
        errno.EBUSY, "Changed while it was being stored: add a copy of it", str(path)
    )
