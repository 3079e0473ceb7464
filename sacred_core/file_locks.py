"""Locks of files, which the system releases when their process ends."""

import os
from pathlib import Path


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
