"""The numbers of runs in a folder, of which each is used once, also after its run is deleted.

``_ids/next`` is a hint, which saves listing thousands of folders: it may be stale, or missing.
``_ids/deleted-N`` has the highest number of a deleted run in its name. Several processes may
create such files at once, and the highest one counts; so no lock is needed.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from sacred_core.atomic_files import replacing
from sacred_file.layout import NEXT_ID

_DELETED = "deleted-"


def next_number(basedir: Path) -> int:
    """Return a number that is probably free, and higher than that of each deleted run."""
    number = _hinted(basedir) or _highest(basedir) + 1
    return max(number, highest_deleted(basedir) + 1)


def write_hint(basedir: Path, number: int) -> None:
    """Replace the hint in one step: two writers at once must not make one number of two."""
    with contextlib.suppress(OSError):  # it is only a hint
        path = basedir / NEXT_ID
        path.parent.mkdir(exist_ok=True)
        with replacing(path) as partial:
            partial.write_text(str(number))


def highest_deleted(basedir: Path) -> int:
    """Return the highest number of a deleted run, 0 if none was deleted."""
    return max(_deleted(basedir), default=0)


def note_deleted(basedir: Path, name: str) -> None:
    """Store that the run ``name`` is deleted, if its name is a number.

    Raises:
        OSError: it cannot be stored.
    """
    if not _is_number(name) or int(name) <= highest_deleted(basedir):
        return
    folder = (basedir / NEXT_ID).parent
    folder.mkdir(exist_ok=True)
    (folder / f"{_DELETED}{name}").touch()
    for number in _deleted(basedir):
        if number < int(name):
            (folder / f"{_DELETED}{number}").unlink(missing_ok=True)


def _deleted(basedir: Path) -> Iterator[int]:
    with contextlib.suppress(OSError):
        for path in (basedir / NEXT_ID).parent.iterdir():
            number = path.name.removeprefix(_DELETED)
            if number != path.name and _is_number(number):
                yield int(number)


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdecimal() and str(int(name)) == name


def _hinted(basedir: Path) -> int:
    try:
        return int((basedir / NEXT_ID).read_text())
    except (OSError, ValueError):
        return 0


def _highest(basedir: Path) -> int:
    return max((int(path.name) for path in basedir.iterdir() if path.name.isdecimal()), default=0)
