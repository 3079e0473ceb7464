"""Files of the user, opened without waiting: a FIFO or a device would block the run for ever."""

import contextlib
import errno
import io
import os
import stat

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
