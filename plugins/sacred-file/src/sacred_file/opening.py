"""Opens the files of runs, none of which a record or a link may place anywhere else."""

import io
import os
from pathlib import Path
from typing import BinaryIO

from sacred_core.contained_files import ContainedFolder, open_regular
from sacred_core.exceptions import OutsideStoreError
from sacred_core.stores.folder_format import is_named_by_content


def opened_below(files: ContainedFolder, path: Path) -> BinaryIO:
    """Open a file below a root for reading.

    Raises:
        OutsideStoreError: it is not there when all links are followed.
        OSError: it cannot be opened, or is not a regular file.
    """
    return io.BufferedReader(files.open(path))


def opened_copy(files: ContainedFolder, path: Path) -> BinaryIO:
    """Open a copy that runs share: below a root, or where a folder of its own was configured.

    A ``resource_dir`` or ``source_dir`` may be anywhere. Copies there are named by the MD5 digest
    of their content, so that no record can name another file of this machine.

    Raises:
        OutsideStoreError: it is elsewhere, and its name is not that of such a copy.
        OSError: it cannot be opened, or is not a regular file.
    """
    if files.contains(path):
        return opened_below(files, path)
    file = io.BufferedReader(open_regular(os.path.realpath(path)))
    if is_named_by_content(path.name, file):
        return file
    file.close()
    raise OutsideStoreError(
        f"{str(path)!r} is outside of {files.root!r}, and its name does not hold the MD5 digest of "
        "its content, as the name of a copy in a resource_dir or source_dir does"
    )
