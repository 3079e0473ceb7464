"""Measure how long a point takes until another process can read it, also after ``kill -9``."""

import contextlib
import os
import signal
import sqlite3
import struct
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.measuring import (
    VALUES_VARIABLE,
    ProgramError,
    Sample,
    clean_environment,
    parse_values,
)

#: The value of the point: its digits or its bytes are in no other file.
VALUE = 0.7310585975646973
_PATTERNS = (repr(VALUE).encode(), *(struct.pack(form, VALUE) for form in ("<f", "<d", ">d")))
_POLL = 0.0005
_LONGEST_START = 120.0
_SQLITE = (".db", ".sqlite")


def measure_latency(
    command: Sequence[str | Path],
    folder: Path,
    environment: Mapping[str, str] | None = None,
    timeout: float = 30,
) -> Sample:
    """Run a program that logs `VALUE` and waits; return the seconds until the value is readable.

    The program reports the time of the call as ``began`` (see ``programs/marks.py``). It is killed
    as soon as the value is found, which must then still be there.

    Args:
        command: The program and its arguments.
        folder: The working directory, which is searched.
        environment: Variables that are added to `clean_environment`.
        timeout: Seconds after the call in which the value must become readable.

    Raises:
        ProgramError: The value did not become readable, or it was lost by the kill.
    """
    with tempfile.TemporaryDirectory(prefix="benchmark-") as own:
        values, output = Path(own) / "values", Path(own) / "output"
        values.touch()
        variables = clean_environment(environment) | {VALUES_VARIABLE: str(values)}
        with output.open("wb") as file:
            process = subprocess.Popen(
                command, cwd=folder, env=variables, stdin=subprocess.DEVNULL,
                stdout=file, stderr=file, start_new_session=True,
            )  # fmt: skip
        try:
            found = _wait_for_value(folder, process, values, timeout)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if found is None:
            raise ProgramError(_reason(process, output, timeout))
        if not is_readable(folder):
            raise ProgramError("the value was lost by kill -9")
        return Sample(found - parse_values(values.read_text())["began"], 0.0, 0)


def _wait_for_value(
    folder: Path, process: "subprocess.Popen[bytes]", values: Path, timeout: float
) -> float | None:
    """Return the time at which the value was found, within a time after the program logged it.

    Before, a store may write the source of the program, which has the value, under another name.
    """
    until, has_begun = time.monotonic() + _LONGEST_START, False
    while time.monotonic() < until and process.poll() is None:
        if has_begun and is_readable(folder):
            return time.perf_counter()
        if not has_begun and values.stat().st_size:
            until, has_begun = time.monotonic() + timeout, True
        time.sleep(_POLL)
    return None


def is_readable(folder: Path) -> bool:
    """Return whether a file or a committed row of SQLite below a folder has `VALUE`."""
    for path in folder.rglob("*"):
        if path.suffix == ".py" or "__pycache__" in path.parts:
            continue
        with contextlib.suppress(OSError, sqlite3.Error):
            if path.suffix in _SQLITE:
                if _has_row(path):
                    return True
            elif path.is_file() and "-" not in path.suffix and _has_bytes(path):
                return True
    return False


def _has_bytes(path: Path) -> bool:
    content = path.read_bytes()
    return any(pattern in content for pattern in _PATTERNS)


def _has_row(path: Path) -> bool:
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        rows = connection.execute("select * from metrics").fetchall()
    return any(cell == VALUE or repr(VALUE) in str(cell) for row in rows for cell in row)


def _reason(process: "subprocess.Popen[bytes]", output: Path, timeout: float) -> str:
    if process.returncode not in (None, -signal.SIGKILL):
        return f"exit code {process.returncode}: {output.read_text(errors='replace')[-400:]}"
    return f"not readable by another process within {timeout:.0f} s"
