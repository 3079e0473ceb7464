"""Files that a run reads or makes, looked at before any observer hears of them."""

import os
from pathlib import Path

FilePath = str | bytes | os.PathLike[str] | os.PathLike[bytes]


def readable(filename: FilePath) -> Path:
    """Return the absolute path of a file that can be read.

    Raises:
        OSError: it cannot be, with what `open` says.
    """
    path = Path(os.path.abspath(os.fsdecode(filename)))
    path.open("rb").close()
    return path


def named_files(filename: FilePath, name: str | None) -> list[tuple[str, Path]]:
    """Return the file under its name, or the files of a folder, each with its path below it.

    Args:
        filename: A file or a folder.
        name: By default its own; a path is given with ``/``.

    Raises:
        OSError: a file cannot be read.
    """
    path = Path(os.path.abspath(os.fsdecode(filename)))
    name = name or path.name
    if not path.is_dir():
        return [(name, readable(path))]
    files = sorted(each for each in path.rglob("*") if each.is_file())
    return [(f"{name}/{each.relative_to(path).as_posix()}", readable(each)) for each in files]
