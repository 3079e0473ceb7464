"""Gives every run a folder of its own, also when many processes start at once."""

import contextlib
import logging
from pathlib import Path
from typing import Any

from sacred_core.atomic_files import replacing
from sacred_core.exceptions import RunIdError
from sacred_file.json_files import read_json
from sacred_file.layout import NEXT_ID, RUN

_logger = logging.getLogger(__name__)
_TAKEN_OVER = ".taken_over"


def claim(basedir: Path, _id: Any, asked_id: Any) -> tuple[Any, Path]:
    """Return the id of a new run in this store, and its folder, which is now there.

    Args:
        basedir: The folder of all runs.
        _id: That of the run elsewhere, or None; it is used if it is free here.
        asked_id: What the user asked for, or None.

    Raises:
        RunIdError: see `folder_of_id`.
    """
    if asked_id is not None:
        return asked_id, folder_of_id(basedir, asked_id)
    if _id is not None and is_free(basedir, _id):
        return _id, basedir / named(_id)
    number, folder = new_folder(basedir)
    if _id is not None:
        _logger.warning(
            "The id %r is taken in %s: the run is kept there as %s", _id, basedir, number
        )
    return number, folder


def new_folder(basedir: Path) -> tuple[int, Path]:
    """Create the folder of a new run and return its number with it.

    ``mkdir`` succeeds for one process only. The hint of the last number saves looking at
    thousands of folders; that it may be stale, or missing, costs a few attempts.
    """
    number = _hinted(basedir) or _highest(basedir) + 1
    while True:
        folder = basedir / str(number)
        try:
            folder.mkdir()
        except FileExistsError:
            number += 1
        else:
            _write_hint(basedir, number + 1)
            return number, folder


def folder_of_id(basedir: Path, run_id: Any) -> Path:
    """Return the folder of the id that the user asked for, which must be free or queued.

    Raises:
        RunIdError: the id is taken, or cannot be the name of a folder.
    """
    folder = basedir / named(run_id)
    try:
        folder.mkdir()
    except FileExistsError:
        _take_over(folder, run_id)
    return folder


def is_free(basedir: Path, run_id: Any) -> bool:
    """Claim the folder of ``run_id`` if it is free, and tell whether it was."""
    try:
        (basedir / named(run_id)).mkdir()
    except (FileExistsError, RunIdError):
        return False
    return True


def named(run_id: Any) -> str:
    """Return the name of the folder of ``run_id``.

    Raises:
        RunIdError: it cannot be a name.
    """
    name = str(run_id)
    if name in ("", ".", "..") or name[:1] in "_." or any(sign in name for sign in '/\\\0:*?"<>|'):
        raise RunIdError(
            f"the id {name!r} cannot be the name of a folder: it must not begin with '_' or '.' "
            'nor hold any of / \\ : * ? " < > |'
        )
    return name


def _take_over(folder: Path, run_id: Any) -> None:
    entry = read_json(folder / RUN, {})
    if entry.get("status") != "QUEUED":
        raise RunIdError(f"the id {str(run_id)!r} is taken by {str(folder)!r}: choose another one")
    try:
        (folder / _TAKEN_OVER).open("x").close()
    except FileExistsError:
        raise RunIdError(f"the queued run {str(run_id)!r} was started by somebody else") from None


def _hinted(basedir: Path) -> int:
    try:
        return int((basedir / NEXT_ID).read_text())
    except (OSError, ValueError):
        return 0


def _highest(basedir: Path) -> int:
    return max((int(path.name) for path in basedir.iterdir() if path.name.isdecimal()), default=0)


def _write_hint(basedir: Path, number: int) -> None:
    """Replace the hint in one step: two writers at once must not make one number of two."""
    with contextlib.suppress(OSError), replacing(basedir / NEXT_ID) as partial:
        partial.write_text(str(number))  # it is only a hint
