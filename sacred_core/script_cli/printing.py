"""Prints the output of the standard commands, also where nothing reads it to its end."""

import contextlib
import os
import sys
from typing import Any

from sacred_core.exceptions import OutputError


def print_text(text: str) -> None:
    """Print ``text``. What a closed pipe does not take, as of ``| head -1``, is lost silently.

    Raises:
        OutputError: stdout cannot be written for another reason, such as a full disk.
    """
    try:
        print(text)
        flush_stdout()
    except BrokenPipeError:
        discard_stdout()
    except OSError as error:
        discard_stdout()
        raise OutputError(f"stdout cannot be written: {error.strerror or error}") from None


def flush_stdout() -> None:
    """Write what is buffered, so that Python does not report a closed pipe at its end."""
    try:
        if sys.stdout is not None:  # closed before the start, as by ``>&-``
            sys.stdout.flush()
    except BrokenPipeError:
        discard_stdout()


def discard_stdout() -> None:
    """Discard the buffered content of stdout."""
    _discard(sys.stdout)


def discard_unwritable() -> None:
    """Discard what stdout and stderr do not take any more, as of a terminal that was closed.

    Otherwise Python fails to write it at its end, and replaces the exit code by 120.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):  # closed before the start, as by ``>&-``
            _discard(stream)


def _discard(stream: Any) -> None:
    with contextlib.suppress(OSError, ValueError, AttributeError):
        number = stream.fileno()
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, number)
        os.close(null)
