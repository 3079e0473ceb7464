"""Files that are whole at any moment: readers see the old content or the new one."""

import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

#: What the names of files that are being written end with.
PARTIAL = ".partial"
_FLAGS = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


@contextmanager
def replacing(path: Path, check: Callable[[], object] | None = None) -> Iterator[Path]:
    """Yield a new path beside ``path``; the file that the block writes there replaces ``path``.

    The name is random: threads, and containers with the same process ids, may write to one folder.
    The last one to end wins. After an exception the new file is removed and ``path`` is unchanged.

    Args:
        path: The file.
        check: Called right before ``path`` is replaced; it may raise.

    Raises:
        OSError: ``path`` cannot be replaced.
    """
    partial = path.with_name(_partial_name())
    try:
        yield partial
        if check is not None:
            check()
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def replace_bytes(path: Path, data: bytes, check: Callable[[], object] | None = None) -> None:
    """Replace the content of ``path`` in one step; see `replacing`."""
    # A run writes a dozen small files: with strings and descriptors that takes a third of the time.
    partial = os.path.join(os.path.dirname(path), _partial_name())  # noqa: PTH118, PTH120
    try:
        _write(partial, data)
        if check is not None:
            check()
        os.replace(partial, path)  # noqa: PTH105
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(partial)  # noqa: PTH108
        raise


def write_new(path: Path, data: bytes) -> None:
    """Write a file that nobody reads yet; one that exists is replaced in one step.

    Raises:
        OSError: it cannot be written; then there is no new file.
    """
    try:
        _write(os.fspath(path), data)
    except FileExistsError:
        replace_bytes(path, data)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def read_start(path: Path, length: int) -> bytes:
    """Return the first bytes of a file, at most ``length``, without a buffer.

    Raises:
        OSError: it cannot be opened or read.
    """
    descriptor = os.open(path, os.O_RDONLY | _FLAGS)
    try:
        return os.read(descriptor, length)
    finally:
        os.close(descriptor)


def _write(path: str, data: bytes) -> None:
    """Write a new file."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FLAGS, 0o666)
    try:
        left = memoryview(data)
        while left:
            left = left[os.write(descriptor, left) :]
    finally:
        os.close(descriptor)


def _partial_name() -> str:
    return f".{os.urandom(8).hex()}{PARTIAL}"


def create_if_missing(path: Path, data: bytes) -> bool:
    """Create ``path`` with all of ``data`` in one step, and return whether this call did it.

    Where the file system has no hard links, readers may see an empty file for a moment.

    Raises:
        OSError: the file cannot be written.
    """
    partial = path.with_name(_partial_name())
    try:
        partial.write_bytes(data)
        is_new = _link(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    if is_new is not None:
        return is_new
    try:
        with path.open("xb") as file:
            file.write(data)
    except FileExistsError:
        return False
    return True


def _link(partial: Path, path: Path) -> bool | None:
    """Return whether ``path`` is created as a link; None where there are no links."""
    try:
        path.hardlink_to(partial)
    except FileExistsError:
        return False
    except OSError:
        return None
    return True


def create_folder(folder: Path) -> None:
    """Create a folder and those above it, unless they exist.

    Raises:
        NotADirectoryError: there is a file of this name.
        OSError: the folder cannot be created.
    """
    if os.path.isdir(folder):  # noqa: PTH112 - to try to create it costs more, in each run
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        reason = "It is a file, not a folder"
        raise NotADirectoryError(errno.ENOTDIR, reason, str(folder)) from None


def store_once(path: Path, write: Callable[[Path], object]) -> None:
    """Create ``path``, whose name identifies its content, unless it exists.

    Another process or thread may create it at the same time: its file is as good. A file that
    exists gets the present as the time of its last change: so a process that removes unused files
    can see that it is in use.

    Args:
        path: The file. Folders above it are created.
        write: Writes the content to the path that it is given.

    Raises:
        OSError: ``write`` failed, or the file cannot be created.
    """
    if _renew(path):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with replacing(path) as partial:
            write(partial)
    except OSError:
        if not path.exists():
            raise


def _renew(path: Path) -> bool:
    """Set the time of the last change, by the file system's own clock; return False if missing."""
    try:
        os.utime(path)
    except PermissionError:  # a file of another user is written again
        return False
    except OSError:
        return path.exists()
    return True
