"""Copies of sources, artifacts and resources."""

import hashlib
import shutil
from pathlib import Path

from sacred_core.atomic_files import replacing, store_once
from sacred_core.provenance.sources import md5_of


def copy(source: Path, target: Path, top: Path) -> None:
    """Copy in one step: whoever looks meanwhile sees the old file or the new one.

    Args:
        source: The file.
        target: Where to.
        top: A folder above ``target``. Folders below it are created, but not itself.

    Raises:
        FileNotFoundError: there is no ``source``, or no ``top``.
    """
    folder = top
    for name in target.parent.relative_to(top).parts:
        folder /= name
        folder.mkdir(exist_ok=True)
    with replacing(target) as partial:
        shutil.copyfile(source, partial)


def kept_once(source: Path, folder: Path, md5: str | None = None) -> Path:
    """Return the copy of ``source`` in ``folder``; make it if its content is new there.

    Args:
        source: The file.
        folder: Where each content is kept once.
        md5: Of the content, where it is known already.
    """
    kept = folder / content_name(source, md5 or md5_of(source))
    store_once(kept, lambda partial: shutil.copyfile(source, partial))
    return kept


def content_name(source: Path, md5: str) -> str:
    """Return the name under which a content is stored."""
    return f"{source.stem}_{md5}{source.suffix}"


def below(folder: Path, path: Path) -> Path | None:
    """Return where in ``folder`` the file at ``path`` lies, links followed; None: elsewhere."""
    real, top = path.resolve(), folder.resolve()
    return folder / real.relative_to(top) if real.is_relative_to(top) else None


def keep_bytes(data: bytes, folder: Path, stem: str, suffix: str) -> Path:
    """Return the file in ``folder`` that holds ``data``; make it if it is not there."""
    kept = folder / f"{stem}_{hashlib.md5(data, usedforsecurity=False).hexdigest()}{suffix}"
    store_once(kept, lambda partial: partial.write_bytes(data))
    return kept
