"""Sources that are not in files of the user: their content is in a temporary folder.

A source has a name below the base folder, as others have. Where there is no such file, what stores
its content finds it by this name and its digest.
"""

import atexit
import functools
import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from sacred_core.source_contents import copied_content

#: The files of contents by the paths of the sources and their MD5 digests.
_files: dict[tuple[Path, str], Path] = {}


def add_generated(path: Path, text: str) -> str:
    """Store the content of a source until the process ends, and return its MD5 digest.

    Args:
        path: Where a file with the content would be: below the base folder of an experiment.
        text: The content.
    """
    content = text.encode("utf-8", "backslashreplace")
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if (path, md5) not in _files:
        folder = _folder(os.getpid()) / md5
        folder.mkdir(exist_ok=True)
        file = folder / path.name
        file.write_bytes(content)
        _files[path, md5] = file
    return md5


def content_path(path: Path, md5: str | None) -> Path:
    """Return the file that has the content of a source: usually ``path``.

    Args:
        path: The base folder of the experiment and the name of the source.
        md5: The recorded digest, if it is known.
    """
    if md5 is None:
        return path
    return copied_content(path, md5) or _files.get((path, md5), path)


@functools.cache
def _folder(process: int) -> Path:
    folder = tempfile.mkdtemp(prefix="sacred-cells-")
    atexit.register(_remove, folder, process)
    return Path(folder)


def _remove(folder: str, process: int) -> None:
    if os.getpid() == process:  # not in a forked child
        shutil.rmtree(folder, ignore_errors=True)
