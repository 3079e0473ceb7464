"""The layout of a folder of runs: one sub-folder per run, named by its id.

Names that begin with an underscore belong to all runs; `sacred_core.stores.folder_format` has the
names of the files of a run.
"""

import errno
import os
from pathlib import Path

from sacred_core.stores import folder_format as names

#: In a folder: Sacredboard takes every file beside the runs for the folder of a run.
NEXT_ID = "_ids/next"
#: What a report of each run is made from, if it is there.
TEMPLATE = "template.html"
#: In the folder of a run, a folder of the runs that its writers record.
WRITERS = "_writers"
#: Room on the disk that a running run holds, so that its end can be written on a full one. It
#: begins with the token of the run.
SPARE = ".spare"
SPARE_BYTES = 16_384

#: Is created when another process resumes the run: the name has a digest of the former token, the
#: content is the new one. Of several processes one creates it.
RESUMED = ".resumed-{}"

_MISSING = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EINVAL)
#: Names that no artifact beside the record has.
_RESERVED = {
    names.RUN, names.CONFIG, names.INFO, names.METRICS, names.OUTPUT, names.METRIC_LINES,
    names.ANNOTATIONS, names.ARTIFACTS, WRITERS, "report.html", "report.txt",
}  # fmt: skip


def artifact_path(folder: Path, name: str) -> Path:
    """Return where the artifact ``name`` of the run in ``folder`` is stored: under its name.

    A name that would leave the folder, replace a file of the record, or need a folder where a file
    is (or a file where a folder is) is in `folder_format.ARTIFACTS`.
    """
    parts = name.split("/")
    path = folder.joinpath(*parts)
    is_inside = "\\" not in name and "\0" not in name and all(map(_is_visible, parts))
    if is_inside and parts[0].casefold() not in _RESERVED and _is_possible(path, parts):
        return path
    return folder / names.ARTIFACTS / names.quote_artifact_name(name)


def _is_visible(part: str) -> bool:
    return part != "" and part[0] != "."


def _is_possible(path: Path, parts: list[str]) -> bool:
    try:
        if any(len(os.fsencode(part)) > names.LONGEST_PART for part in parts):
            return False
    except UnicodeEncodeError:
        return False
    if os.path.isdir(path):  # noqa: PTH112 - for each artifact
        return False
    return len(parts) == 1 or not any(parent.is_file() for parent in path.parents[: len(parts) - 1])


def part_folders(folder: Path) -> list[Path]:
    """Return the folders of the parts of a run, see `sacred_core.stores.writers`."""
    try:
        found = [entry.path for entry in os.scandir(folder / WRITERS) if entry.is_dir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [path for path in map(Path, found) if names.is_run_name(path.name)]


def shared_name(stored: str) -> str:
    """Return the name of shared content from the record of a part, relative to the main folder."""
    return os.path.normpath(os.path.join("_", "_", stored))  # noqa: PTH118 - a name


def is_run_folder(path: Path) -> bool:
    """Return whether ``path`` has the record of a run, also one that cannot be read."""
    if not names.is_run_name(path.name):
        return False
    try:
        (path / names.RUN).lstat()
    except OSError as error:
        return error.errno not in _MISSING
    except ValueError:  # no file can have such a name
        return False
    return True
