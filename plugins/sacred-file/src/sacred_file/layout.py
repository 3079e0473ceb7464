"""Where things are in a folder of runs.

One sub-folder a run, named by its id; names that begin with an underscore belong to all runs.
"""

import errno
import os
import re
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

RUN, CONFIG, INFO, METRICS, OUTPUT = (
    "run.json", "config.json", "info.json", "metrics.json", "cout.txt",
)  # fmt: skip
#: Points of a run under way: one JSON line a beat and metric; at the end they are in METRICS.
METRICS_PARTS = "metrics.jsonl"
#: What was said of a run later, a JSON object a line.
ANNOTATIONS = "annotations.jsonl"
#: Artifacts whose names cannot be, or are taken by, files beside the record.
KEPT_APART = "_artifacts"
RESOURCES = "_resources"
SOURCES = "_sources"
#: In a folder: Sacredboard takes every file beside the runs for the folder of a run.
NEXT_ID = "_ids/next"
#: What a report of each run is made from, if it is there.
TEMPLATE = "template.html"
#: Room on the disk that a run under way holds, so that its end can be written on a full one. It
#: begins with the token of the run.
SPARE = ".spare"
SPARE_BYTES = 16_384

#: Bytes of a name; most file systems take 255, and the copy has a longer one while it is made.
_LONGEST = 200
_LONGEST_NAME = 255
_NOT_THERE = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EINVAL)
_CONTENT = re.compile(r"_[0-9a-f]{32}(\.[^/]*)?\Z")
_OURS = {
    RUN,
    CONFIG,
    INFO,
    METRICS,
    OUTPUT,
    METRICS_PARTS,
    ANNOTATIONS,
    KEPT_APART,
    "report.html",
    "report.txt",
}


def artifact_path(folder: Path, name: str) -> Path:
    """Return where the artifact ``name`` of the run in ``folder`` is kept: under its name.

    A name that would leave the folder, replace a file of ours, or need a folder where a file is
    (or a file where a folder is) has its place in `KEPT_APART`.
    """
    parts = name.split("/")
    path = folder.joinpath(*parts)
    is_inside = all(part and part[:1] != "." and not set(part) & set("\\\0") for part in parts)
    if is_inside and parts[0].casefold() not in _OURS and _is_possible(folder, path):
        return path
    data = name.encode("utf-8", "surrogatepass")
    quoted = quote(data, safe="").replace(".", "%2E", 1) or "%"
    if len(quoted) > _LONGEST:
        quoted = f"{quoted[: _LONGEST - 65]}_{sha256(data).hexdigest()}"
    return folder / KEPT_APART / quoted


def _is_possible(folder: Path, path: Path) -> bool:
    try:
        if any(len(os.fsencode(part)) > _LONGEST for part in path.relative_to(folder).parts):
            return False
    except UnicodeEncodeError:
        return False
    above = path.parents[: len(path.relative_to(folder).parts) - 1]
    return not path.is_dir() and not any(parent.is_file() for parent in above)


def is_content_name(name: str) -> bool:
    """Return whether a file of this name is shared content: a digest is part of the name."""
    return _CONTENT.search(name) is not None


def is_run_name(name: str) -> bool:
    """Return whether a folder of this name may hold the record of a run."""
    try:
        is_possible = 0 < len(os.fsencode(name)) <= _LONGEST_NAME
    except UnicodeEncodeError:
        return False
    return is_possible and name[0] not in "_." and "/" not in name and "\0" not in name


def is_run_folder(path: Path) -> bool:
    """Return whether ``path`` has the record of a run, also one that cannot be read."""
    if not is_run_name(path.name):
        return False
    try:
        (path / RUN).lstat()
    except OSError as error:
        return error.errno not in _NOT_THERE
    except ValueError:  # no file can have such a name
        return False
    return True
