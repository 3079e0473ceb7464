"""Names in an archive, and the entries that are the same in each."""

import hashlib
import re
from collections.abc import Iterable
from importlib.resources import files

from sacred_core.stores.run_ids import is_valid_id

#: The value of ``format`` in the manifest, and the newest version that this code reads.
FORMAT, VERSION = "archive of runs of sacred-core", 1
MANIFEST, README, READER = "manifest.json", "README.txt", "read_runs.py"
#: Folders of contents, by their SHA-256 digests, and of runs.
CONTENTS, RUNS = "contents", "runs"
#: In the folder of a run, that of the runs that its writers recorded.
PARTS = "writers"
#: Kinds of files of a run.
KINDS = ("artifact", "patch", "resource", "source")

#: Characters of an id in the name of a folder that is not the id itself, and those of its digest.
_LONGEST_SLUG, _DIGITS = 40, 16
_README = f"""An {FORMAT}, format version {VERSION}.

Each run is one execution of an experiment: its configuration, its metrics, its output, its source
code, and the files that it used and made.

To list the runs, with Python 3.9 or newer and nothing else:

    python read_runs.py runs.zip

To see one run, by its id in that list:

    python read_runs.py runs.zip 1

In the folder into which the archive was extracted, leave out the name of the archive. The program
is one short file; it may be imported, too.

The files:

manifest.json    For each run its id, its folder, and its files, each with the SHA-256 digest of its
                 content. "problems" lists what could not be read when the archive was written.
runs/ID/         One folder for each run:
  run.json           status, times, result, experiment, host
  config.json        the configuration
  info.json          what the script stored in "info"
  cout.txt           what was printed
  metrics.json       for each metric three lists: steps, values and timestamps
  metrics.index.json positions in metrics.json; may be ignored
  annotations.jsonl  tags and notes, if there are any
  writers/ID/        what another process recorded in the run, in the same form
contents/DIGEST  The content of a file of one or more runs, named by its SHA-256 digest.
read_runs.py     The program.

All text is UTF-8. Times are in UTC. JSON has no NaN and no infinity: in the values of metrics they
are the strings "NaN", "Infinity" and "-Infinity", elsewhere objects such as {{"%json": "NaN"}}.

With sacred-core: sacred runs list runs.zip, or sacred runs unpack runs.zip TARGET.
"""


def readme() -> bytes:
    """Return the content of `README`."""
    return _README.encode()


def reader() -> bytes:
    """Return the content of `READER`."""
    return files(__package__).joinpath(READER).read_bytes()


def signature() -> bytes:
    """Return what an archive contains from byte 30 on: the name and the beginning of its README."""
    return f"{README}An {FORMAT},".encode()


def content_entry(sha256: str) -> str:
    """Return the name of the entry of a content."""
    return f"{CONTENTS}/{sha256}"


def folder_names(ids: Iterable[int | str]) -> dict[int | str, str]:
    """Return the name of the folder of each run, which every file system accepts.

    It is the id where that is possible; else the possible characters of the id and a digest. Names
    differ in more than the case of letters.

    Args:
        ids: In an order that is the same each time.
    """
    names: dict[int | str, str] = {}
    used: set[str] = set()
    for run_id in ids:
        name = str(run_id)
        if not (name.isascii() and is_valid_id(run_id)) or name.casefold() in used:
            digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
            slug = re.sub("[^A-Za-z0-9]+", "-", name).strip("-")[:_LONGEST_SLUG]
            name = base = f"{slug or 'run'}-{digest[:_DIGITS]}"
            number = 1
            while name.casefold() in used:
                number += 1
                name = f"{base}-{number}"
        used.add(name.casefold())
        names[run_id] = name
    return names
