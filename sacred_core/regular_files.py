"""Files of the user, opened without waiting: a FIFO or a device would block the run forever."""

import contextlib
import errno
import io
import os
import stat
from pathlib import Path

FilePath = str | bytes | os.PathLike[str] | os.PathLike[bytes]

_KINDS = (
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a character device"),
    (stat.S_ISBLK, "a block device"),
)
#: Windows lacks some of these.
_FLAGS = sum(getattr(os, name, 0) for name in ("O_BINARY", "O_CLOEXEC", "O_NOCTTY", "O_NONBLOCK"))


class SpecialFileError(OSError):
    """A path is not a regular file, but a FIFO, a socket or a device.

    Cause: ``add_artifact``, ``add_resource`` or ``open_resource`` got the path of a FIFO, a socket
    or a device.

    Fix: Copy the data into a regular file, and add that.
    """


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
    os.close(open_without_waiting(os.fspath(path), os.O_RDONLY))


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


def readable(filename: FilePath) -> Path:
    """Return the absolute path of a file that can be read.

    Raises:
        OSError: `open` fails, or it is a folder, a FIFO, a socket or a device.
    """
    path = Path(os.path.abspath(os.fsdecode(filename)))
    require_regular(path)
    return path


def named_files(filename: FilePath, name: str | None) -> list[tuple[str, Path]]:
    """Return the file under its name, or the files of a folder, each with its path below it.

    Args:
        filename: A file or a folder.
        name: By default its own; a path is given with ``/``.

    Raises:
        OSError: a file cannot be read, or is a FIFO, a socket or a device, or a link that leads to
            itself. A link to what is missing is skipped.
    """
    path = Path(os.path.abspath(os.fsdecode(filename)))
    name = name or path.name
    with contextlib.suppress(IsADirectoryError):
        require_regular(path)
        return [(name, path)]
    files = sorted(each for each in path.rglob("*") if _is_entry(each))
    return [(f"{name}/{each.relative_to(path).as_posix()}", readable(each)) for each in files]


def _require_kind(path: str, mode: int) -> None:
    if stat.S_ISREG(mode):
        return
    name = os.fspath(path)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "Is a directory, not a file", name)
    kind = next((text for is_kind, text in _KINDS if is_kind(mode)), None)
    if kind is not None:
        raise SpecialFileError(errno.EINVAL, f"Is {kind}, not a regular file", name)


def _is_entry(path: Path) -> bool:
    """Return whether ``path`` leads to anything but a folder, or to itself."""
    try:
        return not stat.S_ISDIR(path.stat().st_mode)
    except FileNotFoundError:
        return False
    except OSError:  # `readable` raises it
        return True
