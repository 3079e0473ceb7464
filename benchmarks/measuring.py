"""Measure what processes cost: alternate them, and describe the figures and the machine.

Import it as ``from benchmarks.measuring import …`` with the root of the checkout in ``sys.path``.
"""

import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

ROOT = Path(__file__).resolve().parents[1]
#: The environment variable that names the file in which a program reports figures of its own:
#: one line each, a name and a number with a space between.
VALUES_VARIABLE = "BENCHMARK_VALUES"
_LAUNCHER = Path(__file__).with_name("launcher.py")
_LAST_LINES = 8

T = TypeVar("T")


class ProgramError(Exception):
    """A measured program failed; the message has the end of what it printed."""


@dataclass(frozen=True)
class Sample:
    """What one process cost.

    Attributes:
        wall: Seconds until the process ended.
        cpu: User and system seconds of the process and of all its descendants, also of those that
            it left running, which are waited for.
        peak: Largest resident memory of the process, or of its largest descendant, in bytes.
        values: Figures that the program reported, by name.
        end: ``time.perf_counter()`` when it ended, the same clock as in the program.
    """

    wall: float
    cpu: float
    peak: int
    values: Mapping[str, float] = field(default_factory=dict)
    end: float = 0.0


@dataclass(frozen=True)
class Spread:
    """The median of figures, their quartiles and their number."""

    median: float
    low: float
    high: float
    count: int


def spread(figures: Iterable[float]) -> Spread:
    """Return the median and the quartiles (inclusive method) of one or more figures."""
    ordered = sorted(figures)
    if len(ordered) == 1:
        return Spread(ordered[0], ordered[0], ordered[0], 1)
    low, median, high = statistics.quantiles(ordered, n=4, method="inclusive")
    return Spread(median, low, high, len(ordered))


def interleave(
    subjects: Mapping[str, Callable[[], T]], rounds: int, warm_up: int = 1
) -> dict[str, list[T]]:
    """Call each subject once per round, and return the results of each.

    Odd rounds go backwards, so that no subject always follows the same one.

    Args:
        subjects: Functions by the name of what they measure.
        rounds: Number of results of each.
        warm_up: Number of rounds before, whose results are dropped: they compile modules and fill
            caches.
    """
    names = [*subjects]
    found: dict[str, list[T]] = {name: [] for name in names}
    for turn in range(-warm_up, rounds):
        for name in reversed(names) if turn % 2 else names:
            result = subjects[name]()
            if turn >= 0:
                found[name].append(result)
    return found


def clean_environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a measured process: without variables that change Python."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return {**own, **(more or {})}


def run_program(
    command: Sequence[str | Path],
    folder: Path,
    environment: Mapping[str, str] | None = None,
    timeout: float = 600,
) -> Sample:
    """Run a command in a folder and return what it cost.

    Args:
        command: The program and its arguments.
        folder: The working directory.
        environment: Variables that are added to `clean_environment`.
        timeout: Seconds after which the command and its descendants are killed.

    Raises:
        ProgramError: It failed, or did not end in time.
    """
    with tempfile.TemporaryDirectory(prefix="benchmark-") as own:
        costs, values, output = (Path(own) / name for name in ("costs", "values", "output"))
        values.touch()
        variables = clean_environment(environment) | {VALUES_VARIABLE: str(values)}
        launcher = [sys.executable, "-I", "-S", _LAUNCHER, costs, *command]
        with output.open("wb") as file:
            _wait(launcher, timeout, cwd=folder, env=variables, stdout=file, stderr=file)
        result: dict[str, Any] = {"code": "of the launcher"}
        if costs.exists():
            result = json.loads(costs.read_bytes())
        if result["code"] != 0:
            printed = output.read_text(errors="replace").splitlines()[-_LAST_LINES:]
            raise ProgramError(f"exit code {result['code']}: " + "\n".join(printed))
        reported = parse_values(values.read_text())
    return Sample(result["wall"], result["cpu"], result["peak"], reported, result["end"])


def _wait(command: Sequence[str | Path], timeout: float, **options: Any) -> None:
    """Run a command in a session of its own, and kill the whole session if it takes too long."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, **options)
    try:
        process.wait(timeout)
    except subprocess.TimeoutExpired:
        raise ProgramError(f"not finished after {timeout:.0f} s") from None
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def parse_values(text: str) -> dict[str, float]:
    """Return the figures that a program reported: one line each, a name and a number."""
    pairs = (line.split() for line in text.splitlines())
    return {name: float(value) for name, value in pairs}


def machine_facts(python: Path | str = sys.executable) -> dict[str, Any]:
    """Return facts of the machine, the interpreter and the commit, for a stored result.

    Args:
        python: The interpreter that runs the measured programs.
    """
    version = _output([python, "-c", "import platform; print(platform.python_version())"])
    return {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "system": platform.platform(),
        "processor": _processor(),
        "processors": os.cpu_count(),
        "memory": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "load": list(os.getloadavg()),
        "temporary folder": tempfile.gettempdir(),
        "python": version,
        "commit": _output(["git", "rev-parse", "HEAD"]),
        "uncommitted changes": bool(_output(["git", "status", "--porcelain", "-uno"])),
    }


def package_versions(python: Path | str) -> dict[str, str]:
    """Return the version of each distribution that an interpreter finds."""
    code = (
        "import importlib.metadata as m, json; print(json.dumps("
        "{d.name.lower(): d.version for d in m.distributions()}))"
    )
    found: dict[str, str] = json.loads(_output([python, "-c", code]) or "{}")
    return dict(sorted(found.items()))


def to_json(spreads: Mapping[str, Spread]) -> dict[str, dict[str, float]]:
    """Return spreads as plain data."""
    return {name: asdict(each) for name, each in spreads.items()}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())


def _output(command: Sequence[str | Path]) -> str:
    """Return what a command prints, or an empty string if it fails."""
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=clean_environment(), capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()
