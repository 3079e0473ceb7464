"""Locks of files, which the system releases when their process ends."""

import contextlib
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

#: Seconds between two attempts to lock a file, at most.
_PAUSE = 0.05


class ProcessLock:
    """A locked file that contains the id of the process that locked it.

    A forked child of the process does not hold the lock.

    Args:
        descriptor: From `lock_file`.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor
        _held.add(self)
        with contextlib.suppress(OSError):  # the id is for messages; the disk may be full
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)

    @classmethod
    def hold(cls, path: Path) -> "ProcessLock | None":
        """Create and lock a file.

        Returns:
            None if the file is locked already, by this process or another one, or if the process
            that had locked it has removed it.

        Raises:
            OSError: the file cannot be written.
        """
        descriptor = lock_file(path)
        if descriptor is None:
            return None
        try:
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                return cls(descriptor)
        except FileNotFoundError:
            pass
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        return None

    def release(self) -> None:
        """Release the lock; it may be released already."""
        descriptor, self._descriptor = self._descriptor, None
        _held.discard(self)
        if descriptor is not None:
            os.close(descriptor)


@contextlib.contextmanager
def hold_when_free(path: Path) -> Iterator[bool]:
    """Return a context in which this thread holds the lock of a file, and whether it has waited.

    The file is created, and removed at the end.

    Raises:
        OSError: the file cannot be written.
    """
    has_waited = False
    while (lock := ProcessLock.hold(path)) is None:
        has_waited = True
        time.sleep(random.uniform(0, _PAUSE))
    try:
        yield has_waited
    finally:
        path.unlink(missing_ok=True)  # first: who opened it meanwhile opens the next one
        lock.release()


def holder_of(path: Path) -> int | None:
    """Return the id of the process that has a `ProcessLock` on a file, or had it last."""
    with contextlib.suppress(OSError, ValueError):
        return int(path.read_bytes())
    return None


def is_locked(path: Path) -> bool:
    """Return whether a process has locked a file; one that is missing is not created."""
    if not path.exists():
        return False
    try:
        descriptor = lock_file(path)
    except OSError:  # of another user, or on a medium that cannot be written
        return False
    if descriptor is not None:
        os.close(descriptor)
    return descriptor is None


def lock_file(path: Path, flags: int = os.O_RDWR | os.O_CREAT) -> int | None:
    """Open and lock a file, and return its descriptor, which has the lock until it is closed.

    Args:
        path: The file.
        flags: How to open it; by default it is created.

    Returns:
        None if the file is locked already, by this process or another one.

    Raises:
        OSError: the file cannot be opened.
    """
    import fcntl

    descriptor = os.open(path, flags, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


_held: set[ProcessLock] = set()


def _release_all() -> None:
    for lock in list(_held):
        lock.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_release_all)
