"""Copies of artifacts and resources.

Imported when there is a file to copy: most runs have none, and need not wait for this.
"""

import hashlib
import os
import shutil
from pathlib import Path


def copy(source: Path, target: Path) -> None:
    """Copy in one step: whoever looks meanwhile sees the old file or the new one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        shutil.copyfile(source, partial)
        partial.replace(target)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


def kept_once(source: Path, folder: Path) -> Path:
    """Return the copy of ``source`` in ``folder``; make it if its content is new there."""
    kept = folder / f"{source.stem}_{_md5(source)}{source.suffix}"
    if not kept.exists():
        copy(source, kept)
    return kept


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
