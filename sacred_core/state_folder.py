"""The folder for what sacred-core stores for a user beside the records of runs."""

import contextlib
import os
import tempfile
from pathlib import Path

from sacred_core.environment import once_per_environment
from sacred_core.settings import SETTINGS


def state_folder(name: str) -> Path:
    """Return the folder ``name`` for the state of the user's programs; it may be missing.

    That is ``sacred/NAME`` in ``$XDG_STATE_HOME``, by default ``~/.local/state``
    (https://specifications.freedesktop.org/basedir-spec/latest/), or, where the user cannot write
    there, ``sacred-UID/NAME`` in the folder of temporary files.
    """
    state = Path(os.environ.get("XDG_STATE_HOME", ""))
    if not state.is_absolute():
        with contextlib.suppress(RuntimeError):  # a user without a home
            state = Path("~/.local/state").expanduser()
    if state.is_absolute() and _is_writable(state):
        return state / "sacred" / name
    return Path(tempfile.gettempdir(), f"sacred-{os.getuid()}", name)


def private_folder(uid: str) -> str:
    """Return the path of the folder for what the child processes of a run record.

    It is in `SETTINGS.SPOOL_DIR`, or else in the state of the user.
    """
    if SETTINGS.SPOOL_DIR:
        return str(Path(SETTINGS.SPOOL_DIR).expanduser().absolute() / "children" / uid)
    return f"{_children_folder()}{os.sep}{uid}"


@once_per_environment
def _children_folder() -> Path:
    return state_folder("children")


def _is_writable(folder: Path) -> bool:
    there = next(path for path in (folder, *folder.parents) if path.exists())
    return os.access(there, os.W_OK)
