"""The command that shows a run which was recorded."""

import shlex
from typing import Any


def show_command(location: str, run_id: Any) -> str:
    """Return the command that shows a run, quoted for a shell.

    Args:
        location: Of its store, without secrets.
        run_id: Its id there.
    """
    words = [location, str(run_id)]
    if any(word.startswith("-") for word in words):  # it is not an option
        words.insert(0, "--")
    return shlex.join(["sacred", "runs", "show", *words])
