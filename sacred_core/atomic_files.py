"""Files that are whole at any moment: readers see the old content or the new one."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

#: What the names of files that are being written end with.
PARTIAL = ".partial"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a new path beside ``path``; the file that the block writes there replaces ``path``.

    The name is random: threads, and containers with the same process ids, may write to one folder.
    The last one to end wins. After an exception the new file is removed and ``path`` is unchanged.

    Raises:
        OSError: ``path`` cannot be replaced.
    """
    partial = path.with_name(f".{os.urandom(8).hex()}{PARTIAL}")
    try:
        yield partial
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def store_once(path: Path, write: Callable[[Path], object]) -> None:
    """Create ``path``, whose name identifies its content, unless it exists.

    Another process or thread may create it at the same time: its file is as good.

    Args:
        path: The file. Folders above it are created.
        write: Writes the content to the path that it is given.

    Raises:
        OSError: ``write`` failed, or the file cannot be created.
    """
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with replacing(path) as partial:
            write(partial)
    except OSError:
        if not path.exists():
            raise
