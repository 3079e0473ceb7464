"""Paths as users write them."""

import os
from pathlib import Path

FilePath = str | os.PathLike[str]


def absolute_path(path: FilePath | bytes | os.PathLike[bytes]) -> Path:
    """Return ``path`` as an absolute path, with ``~`` and ``~user`` as their folders."""
    return Path(os.path.abspath(os.path.expanduser(os.fsdecode(path))))  # noqa: PTH111 - never raises


def short_path(path: FilePath) -> str:
    """Return an absolute path as users write it: relative if it is in the working directory."""
    try:
        found = os.path.relpath(path)
    except (OSError, ValueError):  # there is no working directory, or it is on another drive
        return os.fspath(path)
    if Path(found).parts[:1] == (os.pardir,):
        return os.fspath(path)
    return os.path.join(os.curdir, found) if found.startswith(("-", "~")) else found  # noqa: PTH118
