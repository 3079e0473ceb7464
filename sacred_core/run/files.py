"""Files that a run reads or makes, looked at before any observer hears of them."""

import os
import stat
from pathlib import Path

from sacred_core.regular_files import require_regular

FilePath = str | bytes | os.PathLike[str] | os.PathLike[bytes]


def readable(filename: FilePath) -> Path:
    """Return the absolute path of a file that can be read.

    Raises:
        OSError: it cannot be, with what `open` says; it is a folder, a FIFO, a socket or a device.
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
    if not path.is_dir():
        return [(name, readable(path))]
    files = sorted(each for each in path.rglob("*") if _is_entry(each))
    return [(f"{name}/{each.relative_to(path).as_posix()}", readable(each)) for each in files]


def _is_entry(path: Path) -> bool:
    """Return whether ``path`` leads to anything but a folder, or to itself."""
    try:
        return not stat.S_ISDIR(path.stat().st_mode)
    except FileNotFoundError:
        return False
    except OSError:  # `readable` raises it
        return True
