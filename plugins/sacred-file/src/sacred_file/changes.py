"""When the files of a run changed, by the clock of the file system."""

import os

from sacred_core.stores.folder_format import (
    ANNOTATIONS,
    CONFIG,
    INFO,
    METRIC_LINES,
    METRICS,
    OUTPUT,
    RUN,
)
from sacred_core.stores.unfinished import OUTPUT_FILE, POSITIONS_FILE, STREAM_FILES

#: A file that is replaced or added changes the folder as well, which is the first name.
_NAMES = (
    "", RUN, OUTPUT, METRICS, METRIC_LINES, CONFIG, INFO, ANNOTATIONS,
    OUTPUT_FILE, *STREAM_FILES, POSITIONS_FILE,
)  # fmt: skip


def last_change(folder: str) -> int:
    """Return when a file of the record of a run changed last, in nanoseconds since 1970.

    Times of modification are not enough, as a copy of a run may have those of the original.

    Args:
        folder: Of the run.

    Returns:
        0 if there is no such folder.
    """
    last = 0
    for name in _NAMES:
        try:
            found = os.lstat(f"{folder}/{name}")
        except OSError:
            continue
        last = max(last, change_time(found))
    return last


def change_time(found: os.stat_result) -> int:
    """Return when a file, or what is known about it, changed, in nanoseconds since 1970."""
    # On Windows this is the time of its creation, which a copy has anew.
    changed = found.st_ctime_ns
    return changed if os.name == "posix" else max(changed, found.st_mtime_ns)
