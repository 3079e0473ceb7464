"""The numbers of runs in a folder, of which each is used once, also after its run is deleted.

``_ids/next`` is a hint, which saves listing thousands of folders: it may be stale, or missing.
``_ids/deleted-N`` has the highest number of a deleted run in its name. Several processes may
create such files at once, and the highest one counts; so no lock is needed.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from sacred_core.atomic_files import replacing
from sacred_core.stores import run_ids
from sacred_file.layout import NEXT_ID

_DELETED = "deleted-"


def highest_number(basedir: Path) -> int:
    """Return the highest number of a run, or of a deleted run; newer runs may have higher ones."""
    following = _hinted(basedir) or run_ids.next_number(path.name for path in basedir.iterdir())
    return max(following - 1, highest_deleted(basedir))


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
    number = run_ids.counted(name)
    if number is None or number <= highest_deleted(basedir):
        return
    folder = (basedir / NEXT_ID).parent
    folder.mkdir(exist_ok=True)
    (folder / f"{_DELETED}{number}").touch()
    for other in _deleted(basedir):
        if other < number:
            (folder / f"{_DELETED}{other}").unlink(missing_ok=True)


def _deleted(basedir: Path) -> Iterator[int]:
    with contextlib.suppress(OSError):
        for path in (basedir / NEXT_ID).parent.iterdir():
            _, is_deleted, name = path.name.rpartition(_DELETED)
            number = run_ids.counted(name)
            if is_deleted and number is not None:
                yield number


def _hinted(basedir: Path) -> int:
    """Return the hint, or 0 if it is missing or is not the number of a run."""
    try:
        hint = (basedir / NEXT_ID).read_text("ascii")
    except (OSError, ValueError):
        return 0
    return run_ids.counted(hint.strip()) or 0
