"""The folder for what sacred-core stores for a user beside the records of runs."""

import contextlib
import os
import tempfile
from pathlib import Path


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


def _is_writable(folder: Path) -> bool:
    there = next(path for path in (folder, *folder.parents) if path.exists())
    return os.access(there, os.W_OK)
