"""The folders of the parts of runs; see `sacred_core.stores.writers`."""

import contextlib
import shutil
from pathlib import Path

_WRITERS = "_writers"


def parts_folder(root: Path, number: int) -> Path:
    """Return the folder of the parts of a run.

    Args:
        root: The folder of the store.
        number: Of the document of the run; the folder is removed before it is used again.
    """
    return root / _WRITERS / str(number)


def remove_parts(root: Path, number: int) -> None:
    """Remove the parts of a run, only while the database of the runs is locked."""
    folder = parts_folder(root, number)
    if folder.is_dir():
        shutil.rmtree(folder)
        with contextlib.suppress(OSError):  # it has parts of other runs
            folder.parent.rmdir()
