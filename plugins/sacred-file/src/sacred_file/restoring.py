"""The end of a run: what its record names is stored."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sacred_core.loggers import own_logger
from sacred_core.stable_files import file_version
from sacred_core.stores.folder_format import content_name
from sacred_file.copies import store_version

_logger = own_logger(__name__)


def restore_missing(root: Path, entry: Mapping[str, Any]) -> None:
    """Store again what is missing of the shared content that a record names.

    It is missing where somebody removed it while the run lasted. Where its file is no longer there
    either, or was changed, a warning names it.

    Args:
        root: The folder that the names are relative to.
        entry: What ``run.json`` holds.
    """
    for original, name in _named(entry):
        if not (root / name).exists() and not _is_restored(original, root / name):
            _logger.warning(
                "%s of run %s is missing in %s, and %s no longer has this content",
                name, entry.get("experiment", {}).get("name", ""), root, original,
            )  # fmt: skip


def _named(entry: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Yield where files are read and what names their content, which is a path."""
    for original, name in entry.get("resources") or ():
        yield Path(original), name
    experiment = entry.get("experiment") or {}
    base = Path(experiment.get("base_dir") or ".")
    for original, name in experiment.get("sources") or ():
        if os.sep in name:  # else it is a digest: the sources are not copied
            yield base / original, name


def _is_restored(original: Path, target: Path) -> bool:
    try:
        version = file_version(original)
        if content_name(original, version.md5) != target.name:
            return False
        store_version(version, target.parent)
    except OSError:
        return False
    return True
