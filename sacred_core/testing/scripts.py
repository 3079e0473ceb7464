"""Scripts that run in processes of their own."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

#: Seconds until a script counts as hanging.
TIMEOUT = 240.0


def python_path(folder: Path) -> str:
    """Return the value of ``PYTHONPATH`` for a process that finds the modules of ``folder`` first.

    The folders of the present value follow, so that the process imports what the tests import.
    """
    return os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))


def start_script(folder: Path, source: str, *arguments: str) -> "subprocess.Popen[str]":
    """Start a script in ``folder``, which also has its temporary files.

    Args:
        folder: Its file is ``script.py`` there, which is written once.
        source: Of the script; indentation that all lines share is removed.
        arguments: Of the command line.
    """
    path = folder / "script.py"
    if not path.exists():  # another process may be reading it
        path.write_text(textwrap.dedent(source))
    return subprocess.Popen(
        [sys.executable, path.name, *arguments], cwd=folder,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "TMPDIR": str(folder)},
    )  # fmt: skip


def finish_script(script: "subprocess.Popen[str]", code: int = 0) -> str:
    """Wait for a script and return all that it printed.

    Raises:
        AssertionError: it ended with another code than ``code``.
    """
    printed = "".join(script.communicate(timeout=TIMEOUT))
    assert script.returncode == code, printed
    return printed
