"""Opens files of a folder whose content may come from other users: nothing leads out of it.

Stored names, and links that another user put into the folder, may point anywhere. A file is
opened if it is below the root with every link followed; the root may be a link itself. Files that
are written to must not be links at all. A FIFO or a device is refused and never waited for.
"""

import errno
import io
import os
import stat

from sacred_core.exceptions import OutsideStoreError

_FOLLOW_NOTHING = getattr(os, "O_NOFOLLOW", 0)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
#: What the system reports where a link is not followed.
LINK_ERRORS = (errno.ELOOP, errno.EMLINK)

StrPath = str | os.PathLike[str]


class ContainedFolder:
    """Opens files below a root.

    Args:
        root: The folder; it may be a link, and need not exist.
    """

    def __init__(self, root: StrPath) -> None:
        self.root = os.fspath(root)

    def contains(self, path: StrPath) -> bool:
        """Return whether ``path`` is the root or below it when every link is followed."""
        top = os.path.realpath(self.root)
        return os.path.commonpath([top, os.path.realpath(path)]) == top

    def require(self, path: StrPath) -> None:
        """Raise an `OutsideStoreError` for a path that is not below the root."""
        if not self.contains(path):
            raise OutsideStoreError(f"{os.fspath(path)!r} is outside of {self.root!r}")

    def require_folder(self, folder: StrPath) -> None:
        """Check a folder in the root, as `require` does, fast where it is not a link."""
        if os.path.islink(folder):  # noqa: PTH114 - also of strings
            self.require(folder)

    def open(self, path: StrPath) -> io.FileIO:
        """Open a file for reading, whatever folders and links are between it and the root.

        Raises:
            OSError: it cannot be opened, or is not a regular file.
            OutsideStoreError: it is not below the root.
        """
        self.require(os.path.dirname(path))  # noqa: PTH120 - also of strings
        return self.open_in(path)

    def open_in(self, path: StrPath) -> io.FileIO:
        """Open a file, as `open` does, in a folder that was checked."""
        if not _FOLLOW_NOTHING:
            self.require(path)
        try:
            return open_regular(path)
        except OSError as error:
            if error.errno not in LINK_ERRORS:
                raise
        real = os.path.realpath(path)
        self.require(real)
        return open_regular(real)


def open_regular(path: StrPath) -> io.FileIO:
    """Open a regular file, which must not be a link, for reading.

    Raises:
        OSError: it cannot be opened, or is not a regular file.
    """
    descriptor = os.open(path, os.O_RDONLY | _FOLLOW_NOTHING | _NO_WAIT)
    return os.fdopen(_regular(descriptor, path), "rb", buffering=0)


def open_to_write(path: StrPath, flags: int) -> int:
    """Open a regular file, which must not be a link, and return its descriptor.

    Args:
        path: The file.
        flags: Of `os.open`, such as ``os.O_WRONLY | os.O_APPEND | os.O_CREAT``.

    Raises:
        OSError: it cannot be opened, or is not a regular file; ``ELOOP`` for a link.
    """
    return _regular(os.open(path, flags | _FOLLOW_NOTHING | _NO_WAIT, 0o666), path)


def _regular(descriptor: int, path: StrPath) -> int:
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            code = errno.EISDIR if stat.S_ISDIR(mode) else errno.EINVAL
            text = os.strerror(code) if code == errno.EISDIR else "Not a regular file"
            raise OSError(code, text, os.fspath(path))
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
