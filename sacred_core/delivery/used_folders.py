"""The folders in which ``sacred spool`` looks for what is to be delivered."""

import contextlib
import hashlib
import os
import shlex
from pathlib import Path

from sacred_core.atomic_files import write_new
from sacred_core.loggers import own_logger
from sacred_core.settings import SETTINGS
from sacred_core.state_folder import state_folder

#: The folder of undelivered events in a spool.
UNDELIVERED = "_undelivered"
#: The folder with a file for each folder that this user has used, which contains its path.
_USED = "used-spools"

_logger = own_logger(__name__)


def default_spool() -> Path | None:
    """Return `SETTINGS.SPOOL` as an absolute path, None if it is empty."""
    return Path(SETTINGS.SPOOL).expanduser().absolute() if SETTINGS.SPOOL else None


def undelivered_folder() -> Path:
    """Return the folder for the undelivered events of observers without a ``failure_dir``."""
    spool = default_spool()
    return state_folder("undelivered") if spool is None else spool / UNDELIVERED


def note_folder(folder: Path) -> None:
    """Note that this user has used a folder. Without space on the disk nothing is noted."""
    path = _note(folder)
    if path.exists():
        return
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_new(path, os.fsencode(folder.absolute()))
    except OSError as error:
        _logger.debug("sacred spool list will not show %s: %s", folder, error)


def forget_folder(folder: Path) -> None:
    """Remove the note about a folder."""
    with contextlib.suppress(OSError):
        _note(folder).unlink(missing_ok=True)


def used_folders() -> list[Path]:
    """Return all folders in which there may be something to deliver, sorted.

    These are `SETTINGS.SPOOL`, the noted ones and the user's folder of undelivered events, as far
    as they exist.
    """
    found = {state_folder("undelivered"), default_spool()}
    for note in state_folder(_USED).glob("*"):
        with contextlib.suppress(OSError):
            found.add(Path(os.fsdecode(note.read_bytes())))
    return sorted(folder for folder in found if folder is not None and folder.is_dir())


def flush_command(*folders: str) -> str:
    """Return the command that delivers what is in folders, quoted for a shell."""
    options = (word for folder in folders for word in ("--spool", folder))
    return shlex.join(["sacred", "spool", "flush", *options])


def _note(folder: Path) -> Path:
    digest = hashlib.md5(os.fsencode(folder.absolute()), usedforsecurity=False)
    return state_folder(_USED) / digest.hexdigest()
