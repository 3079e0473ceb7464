"""Names of files and folders."""

import hashlib
import re
from pathlib import PurePath
from typing import BinaryIO
from urllib.parse import quote

RUN, CONFIG, INFO, METRICS, OUTPUT = (
    "run.json", "config.json", "info.json", "metrics.json", "cout.txt",
)  # fmt: skip
#: Points of a running run; at its end they are in `METRICS`.
METRIC_LINES = "metrics.jsonl"
#: Where the points are in `METRICS`, and summaries of them.
METRIC_INDEX = "metrics.index.json"
#: Tags and notes, one JSON object a line.
ANNOTATIONS = "annotations.jsonl"
#: The renewals of the claim of a worker on a queued run. ``run.json`` has the claim: it is not
#: replaced for a renewal, as the process of the run may write its start at the same time.
LEASE = ".lease"
#: Artifacts whose names cannot be, or are already, names of files beside the record.
ARTIFACTS = "_artifacts"
#: Contents that all runs share.
RESOURCES, SOURCES = "_resources", "_sources"

#: The longest part of a file name in bytes that every file system and download accepts. A copy has
#: a longer name while it is written.
LONGEST_PART = 200
_LONGEST_RUN_NAME = 255
_BLOCK = 1 << 20
_CONTENT = re.compile(r"_[0-9a-f]{32}(\.[^/]*)?\Z")


def is_run_name(name: str) -> bool:
    """Return whether a folder of this name may be that of a run."""
    try:
        is_possible = 0 < len(name.encode("utf-8", "surrogateescape")) <= _LONGEST_RUN_NAME
    except UnicodeEncodeError:
        return False
    return is_possible and name[0] not in "_." and "/" not in name and "\0" not in name


def content_name(path: PurePath, md5: str) -> str:
    """Return the name of shared content: ``STEM_MD5.SUFFIX``.

    Args:
        path: Of the file of the user.
        md5: The hexadecimal MD5 digest of its content.
    """
    return f"{path.stem}_{md5}{path.suffix}"


def is_content_name(name: str) -> bool:
    """Return whether a name is one that `content_name` returns."""
    return _CONTENT.search(name) is not None


def is_named_by_content(name: str, file: BinaryIO) -> bool:
    """Return whether ``name`` is `content_name` of the content of ``file``.

    Args:
        name: Of the file.
        file: Is read from its position on, and is at its beginning afterwards.
    """
    md5 = hashlib.md5(usedforsecurity=False)
    while block := file.read(_BLOCK):
        md5.update(block)
    file.seek(0)
    return PurePath(name).stem.endswith(f"_{md5.hexdigest()}")


def quote_artifact_name(name: str, longest: int = LONGEST_PART) -> str:
    """Return the name of an artifact in `ARTIFACTS`: percent-encoded, a long one with a digest.

    Args:
        name: Of the artifact, any string.
        longest: The maximum number of characters.
    """
    data = name.encode("utf-8", "surrogatepass")
    quoted = quote(data, safe="").replace(".", "%2E", 1) or "%"
    if len(quoted) > longest:
        quoted = f"{quoted[: longest - 65]}_{hashlib.sha256(data).hexdigest()}"
    return quoted
