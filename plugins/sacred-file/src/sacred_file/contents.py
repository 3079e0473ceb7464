"""Files that runs share, each content once, and copies of artifacts."""

import hashlib
import io
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from sacred_core.atomic_files import replace_bytes, replacing, store_once
from sacred_core.contained_files import ContainedFolder, open_regular
from sacred_core.exceptions import OutsideStoreError
from sacred_core.loggers import own_logger
from sacred_core.stable_files import (
    FileVersion,
    copy_version,
    file_version,
    small_content,
)
from sacred_core.stores.folder_format import content_name, is_content_name, is_named_by_content
from sacred_core.stores.recorded_files import FileInfo

_logger = own_logger(__name__)


class SharedContents:
    """The folder of sources, or that of resources.

    Args:
        folder: Of the contents.
        root: What their names in records are relative to.
    """

    def __init__(self, folder: Path, root: Path) -> None:
        self._folder = folder
        self._root = root

    def store(self, version: FileVersion) -> str:
        """Store the content of a file unless it is there already, and return its name."""
        return os.path.relpath(store_version(version, self._folder), self._root)

    def store_patch(self, patch: bytes) -> str:
        """Store uncommitted changes, and return their name."""
        md5 = hashlib.md5(patch, usedforsecurity=False).hexdigest()
        path = self._folder / content_name(Path("uncommitted.patch"), md5)
        store_once(path, lambda partial: partial.write_bytes(patch))
        return os.path.relpath(path, self._root)


def copy(
    source: Path, target: Path, top: Path, check: Callable[[], object] | None = None
) -> tuple[int, str]:
    """Copy in one step: whoever looks meanwhile sees the old file or the new one.

    Returns:
        The size in bytes and the hexadecimal MD5 digest.

    Args:
        source: The file.
        target: Where to.
        top: A folder above ``target``. Folders below it are created, but not itself.
        check: Called before ``target`` is replaced; it may raise.

    Raises:
        FileNotFoundError: there is no ``source``, or no ``top``.
        OSError: ``source`` cannot be read, or changes all the time.
    """
    folder = top
    if target.parent != top:
        for name in target.parent.relative_to(top).parts:
            folder /= name
            folder.mkdir(exist_ok=True)
    data = small_content(source)
    if data is not None:
        replace_bytes(target, data, check)
        return len(data), hashlib.md5(data, usedforsecurity=False).hexdigest()
    with replacing(target, check) as partial:
        return copy_version(source, partial)


def store_version(version: FileVersion, folder: Path) -> Path:
    """Return the copy of a version in ``folder``; make it if its content is new there."""

    def write(partial: Path) -> None:
        with version.open() as content, partial.open("wb") as target:
            shutil.copyfileobj(content, target)

    stored = folder / content_name(version.path, version.md5)
    store_once(stored, write)
    return stored


def stored_info(path: Path) -> FileInfo:
    """Return the size and the digest of a copy that is named by its content, or of another file."""
    if is_content_name(path.name):
        return FileInfo(size=path.stat().st_size, md5=path.stem[-32:])
    version = file_version(path)
    return FileInfo(size=version.size, md5=version.md5)


def path_below(folder: Path, path: Path) -> Path | None:
    """Return the path in ``folder`` of a file that is below it, links followed, else None."""
    real, top = path.resolve(), folder.resolve()
    return folder / real.relative_to(top) if real.is_relative_to(top) else None


def open_copy(files: ContainedFolder, path: Path) -> BinaryIO:
    """Open a copy that runs share: below a root, or where a separate folder was configured.

    A ``resource_dir`` or ``source_dir`` may be anywhere. Copies there are named by the MD5 digest
    of their content, so that no record can name another file of this machine.

    Raises:
        OutsideStoreError: it is elsewhere, and its name is not that of such a copy.
        OSError: it cannot be opened, or is not a regular file.
    """
    if files.contains(path):
        return io.BufferedReader(files.open(path))
    file = io.BufferedReader(open_regular(os.path.realpath(path)))
    if is_named_by_content(path.name, file):
        return file
    file.close()
    raise OutsideStoreError(
        f"{str(path)!r} is outside of {files.root!r}, and its name does not contain the "
        "MD5 digest of its content, as the name of a copy in a resource_dir or "
        "source_dir does"
    )


def restore_missing(root: Path, entry: Mapping[str, Any]) -> None:
    """Store again what is missing of the shared content that a record names.

    It is missing where another process removed it during the run. Where its file is no longer there
    either, or was changed, a warning names it.

    Args:
        root: The folder that the names are relative to.
        entry: The content of ``run.json``.
    """
    for original, name in _contents(entry):
        if not (root / name).exists() and not _restore(original, root / name):
            _logger.warning(
                "%s of run %s is missing in %s, and %s no longer has this content",
                name, entry.get("experiment", {}).get("name", ""), root, original,
            )  # fmt: skip


def _contents(entry: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Yield the paths from which files are read, and the names of their content."""
    for original, name in entry.get("resources") or ():
        yield Path(original), name
    experiment = entry.get("experiment") or {}
    base = Path(experiment.get("base_dir") or ".")
    for original, name in experiment.get("sources") or ():
        if os.sep in name:  # else it is a digest: the sources are not copied
            yield base / original, name


def _restore(original: Path, target: Path) -> bool:
    try:
        version = file_version(original)
        if content_name(original, version.md5) != target.name:
            return False
        store_version(version, target.parent)
    except OSError:
        return False
    return True


def without_patches(experiment: Mapping[str, Any]) -> dict[str, Any]:
    """Return the information about an experiment without uncommitted changes."""
    repositories = (
        {key: value for key, value in each.items() if not key.startswith("patch")}
        for each in experiment.get("repositories") or ()
    )
    return {**experiment, "repositories": list(repositories)}
