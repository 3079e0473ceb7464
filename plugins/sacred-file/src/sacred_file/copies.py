"""Copies of sources, artifacts and resources."""

import hashlib
import shutil
from pathlib import Path

from sacred_core.atomic_files import replacing, store_once
from sacred_core.stable_files import FileVersion, copy_version, with_version
from sacred_core.stores.folder_format import content_name


def copy(source: Path, target: Path, top: Path) -> None:
    """Copy in one step: whoever looks meanwhile sees the old file or the new one.

    Args:
        source: The file.
        target: Where to.
        top: A folder above ``target``. Folders below it are created, but not itself.

    Raises:
        FileNotFoundError: there is no ``source``, or no ``top``.
        OSError: ``source`` cannot be read, or changes all the time.
    """
    folder = top
    for name in target.parent.relative_to(top).parts:
        folder /= name
        folder.mkdir(exist_ok=True)
    with replacing(target) as partial:
        copy_version(source, partial)


def kept_once(source: Path, folder: Path) -> Path:
    """Return the copy of ``source`` in ``folder``; make it if its content is new there.

    Args:
        source: The file.
        folder: Where each content is kept once.

    Raises:
        OSError: ``source`` cannot be read, or changes all the time.
    """
    return with_version(source, lambda version: store_version(version, folder))


def store_version(version: FileVersion, folder: Path) -> Path:
    """Return the copy of a version in ``folder``; make it if its content is new there."""

    def write(partial: Path) -> None:
        with version.open() as content, partial.open("wb") as target:
            shutil.copyfileobj(content, target)

    kept = folder / content_name(version.path, version.md5)
    store_once(kept, write)
    return kept


def below(folder: Path, path: Path) -> Path | None:
    """Return where in ``folder`` the file at ``path`` lies, links followed; None: elsewhere."""
    real, top = path.resolve(), folder.resolve()
    return folder / real.relative_to(top) if real.is_relative_to(top) else None


def keep_bytes(data: bytes, folder: Path, stem: str, suffix: str) -> Path:
    """Return the file in ``folder`` that holds ``data``; make it if it is not there."""
    kept = folder / f"{stem}_{hashlib.md5(data, usedforsecurity=False).hexdigest()}{suffix}"
    store_once(kept, lambda partial: partial.write_bytes(data))
    return kept
