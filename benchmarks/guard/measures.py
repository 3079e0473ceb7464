"""Counts what a program does: calls of functions, modules, system calls and instructions."""

import json
import os
import re
import shutil
import site
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.guard.programs import Program
from benchmarks.measuring import ROOT, ProgramError, clean_environment

_HOOK = Path(__file__).with_name("hook")
#: Without any of our code: the cost of the interpreter, which is subtracted.
BARE = Program("", ())
#: Plain Python: the instructions of a build of Python are compared by it.
REFERENCE = Program("for number in range(300_000):\n    str(number)\n", ())
_TIMEOUT = 600
_WAITING = frozenset(
    "clock_nanosleep epoll_wait futex madvise nanosleep poll ppoll pselect6 restart_syscall"
    " rt_sigreturn sched_yield select wait4 waitid".split()
)


@dataclass
class Counts:
    """What one program did.

    Attributes:
        totals: By the name of the measure.
        calls: Of each function, by file.
        system_calls: By name.
    """

    totals: dict[str, int] = field(default_factory=dict)
    calls: dict[str, dict[str, int]] = field(default_factory=dict)
    system_calls: dict[str, int] = field(default_factory=dict)


def available_measures() -> list[str]:
    """Return the measures that this machine has programs for."""
    return [
        "calls",
        "modules",
        *(["system calls"] if shutil.which("strace") else []),
        *(["instructions"] if shutil.which("valgrind") else []),
    ]


def warm_up(program: Program) -> None:
    """Run a program once, so that its modules are compiled.

    Raises:
        ProgramError: It failed; the message has the end of what it printed.
    """
    with _folder(program) as (folder, command):
        _run(command, folder)


def count(program: Program, measures: Sequence[str]) -> Counts:
    """Run a program once for each measure.

    Raises:
        ProgramError: It failed; the message has the end of what it printed.
    """
    found = Counts()
    if {"calls", "modules"} & {*measures}:
        with _folder(program) as (folder, command):
            path = folder / "calls.json"
            _run(command, folder, GUARD_CALLS=str(path))
            counted = json.loads(path.read_text())
        found.calls = {_module_name(name): each for name, each in counted["calls"].items()}
        found.totals["calls"] = sum(sum(each.values()) for each in found.calls.values())
        found.totals["modules"] = counted["modules"]
    if "system calls" in measures:
        found.system_calls = _count_system_calls(program)
        found.totals["system calls"] = sum(found.system_calls.values())
    if "instructions" in measures:
        found.totals["instructions"] = _count_instructions(program)
    return found


def _count_system_calls(program: Program) -> dict[str, int]:
    """Return the system calls by name, without those whose number depends on the scheduler."""
    with _folder(program) as (folder, command):
        report = folder / "strace.txt"
        _run(["strace", "-f", "-c", "-o", str(report), *command], folder)
        lines = report.read_text().splitlines()
    # Columns: percentage, seconds, microseconds per call, calls, sometimes errors, name.
    rows = [line.split() for line in lines if re.match(r"\s*\d+\.\d+ ", line)]
    return {row[-1]: int(row[3]) for row in rows if row[-1] not in {"total", *_WAITING}}


def _count_instructions(program: Program) -> int:
    """Return the instructions of the process and of its children with Python."""
    with _folder(program) as (folder, command):
        flags = [
            "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null",
            "--trace-children=yes", "--trace-children-skip=*/git,*/sh,*/uname",
            f"--log-file={folder}/valgrind.%p.log",
        ]  # fmt: skip
        _run(["valgrind", *flags, *command], folder)
        logs = [path.read_text() for path in folder.glob("valgrind.*.log")]
    found = [re.search(r"I\s+refs:\s+([\d,]+)", text) for text in logs]
    return sum(int(each[1].replace(",", "")) for each in found if each is not None)


@contextmanager
def _folder(program: Program) -> Iterator[tuple[Path, list[str]]]:
    """Write a program into a new folder; yield the folder and the command."""
    # Names of the same length: paths are part of what is recorded.
    with tempfile.TemporaryDirectory(prefix="guard-") as name:
        yield Path(name), program.write(Path(name))


def _run(command: Sequence[str], folder: Path, **variables: str) -> None:
    own = {"PYTHONHASHSEED": "0", "PYTHONPATH": str(_HOOK), "HOME": str(folder)}
    environment = clean_environment(own | variables)
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ProgramError(f"not finished after {_TIMEOUT} s") from error
    if done.returncode != 0:
        raise ProgramError(f"exit code {done.returncode}: {done.stderr[-1000:]}")


def _module_name(path: str) -> str:
    """Return a path without what differs between machines."""
    folders = (*site.getsitepackages(), str(ROOT), sysconfig.get_path("stdlib"), sys.prefix)
    for folder in sorted(folders, key=len, reverse=True):
        if path.startswith(folder + os.sep):
            return path[len(folder) + 1 :]
    return Path(path).name if path.startswith(tempfile.gettempdir()) else path
