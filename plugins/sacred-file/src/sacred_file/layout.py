"""Where things are in a folder of runs.

One sub-folder a run, named by its id; names that begin with an underscore belong to all runs.
"""

from pathlib import Path, PurePath
from urllib.parse import quote

RUN, CONFIG, INFO, METRICS, OUTPUT = (
    "run.json", "config.json", "info.json", "metrics.json", "cout.txt",
)  # fmt: skip
#: Points of a run under way: one JSON line a beat and metric; at the end they are in METRICS.
METRICS_PARTS = "metrics.jsonl"
#: Artifacts whose names cannot be, or are taken by, files beside the record.
KEPT_APART = "_artifacts"
RESOURCES = "_resources"
SOURCES = "_sources"
NEXT_ID = "_next_id"
#: Room on the disk that a run under way holds, so that its end can be written on a full one.
SPARE = ".spare"
SPARE_BYTES = 16_384

_OURS = {RUN, CONFIG, INFO, METRICS, OUTPUT, METRICS_PARTS, KEPT_APART, "report.html", "report.txt"}


def artifact_path(folder: Path, name: str) -> Path:
    """Return where the artifact ``name`` of the run in ``folder`` is kept."""
    is_file_name = name not in ("", ".", "..") and PurePath(name).name == name and "\\" not in name
    is_free = name.casefold() not in _OURS and not name.startswith(".") and "\0" not in name
    if is_file_name and is_free:
        return folder / name
    return folder / KEPT_APART / quote(name, safe="").replace(".", "%2E", 1)


def is_run_folder(path: Path) -> bool:
    """Tell whether ``path`` holds the record of a run."""
    return not path.name.startswith(("_", ".")) and (path / RUN).is_file()
