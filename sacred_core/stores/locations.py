"""Paths as users write them."""

import os
from pathlib import Path

FilePath = str | os.PathLike[str]


def absolute_path(path: FilePath | bytes | os.PathLike[bytes]) -> Path:
    """Return ``path`` as an absolute path, with ``~`` and ``~user`` as their folders."""
    return Path(os.path.abspath(os.path.expanduser(os.fsdecode(path))))  # noqa: PTH111 - never raises
