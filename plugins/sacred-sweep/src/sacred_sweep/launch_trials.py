"""Trials of launchers: runs in a folder, a process that starts workers, and what they did."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from sacred_core import open_store
from sacred_core.stores import RunStore, StoredRun
from sacred_core.stores.worker_claims import is_held

#: Runs that wait for each other, so that each has a worker: the second kills its worker with -9
#: when it is executed first, the third one sends SIGTERM to it.
MEETING = (0, KILLED := 1, STOPPED := 2)
#: A run that completes, one whose process is always lost, and one that workers must not execute.
PLAIN, LOST, EXCLUDED = 3, 4, 9
#: Seconds until what has not happened is an error.
TIMEOUT = 240.0
_SCRIPT = """
import os, signal, sys, time
from pathlib import Path
from sacred_core import SETTINGS, Experiment

SETTINGS.DISCOVER_DEPENDENCIES = "none"
SETTINGS.HOST_INFO.INCLUDE_GPU_INFO = SETTINGS.HOST_INFO.INCLUDE_CPU_INFO = False
ex = Experiment("trial", save_git_info=False)

@ex.config
def config():
    number = 0
    folder = ""

def parent_of(pid):
    status = Path(f"/proc/{pid}/stat").read_text()
    return int(status.rpartition(")")[2].split()[1])

def wait_for(*paths):
    until = time.monotonic() + 60
    while not all(path.exists() for path in paths) and time.monotonic() < until:
        time.sleep(0.02)

@ex.main
def main(_run, number, folder):
    facts, worker = Path(folder), os.getppid()
    is_first = not (facts / f"{number}.pid").exists()
    values = {
        "worker": worker, "engine": parent_of(worker),
        "folder": os.readlink(f"/proc/{worker}/cwd"),
        "setting": os.environ.get("SACRED_TRIAL"),
        "location": os.environ.get("SACRED_WORKER_LOCATION"),
        "pid": worker,
    }
    for name, value in values.items():
        with open(facts / f"{number}.{name}", "a") as file:
            print(value, file=file)
    wait_for(facts / "released")
    if is_first and number in (0, 1, 2) and (facts / "meeting").exists():
        wait_for(*(facts / f"{each}.pid" for each in (0, 1, 2)))
        if number == 1:
            os.kill(worker, signal.SIGKILL)
            os.kill(os.getpid(), signal.SIGKILL)
        if number == 2:
            os.kill(worker, signal.SIGTERM)
            time.sleep(60)
    if number == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    return number

if __name__ == "__main__":
    if sys.argv[1] != "queue":
        ex.run_commandline()
        sys.exit()
    for number in map(int, sys.argv[3:]):
        words = f"script.py main -q -F runs -P {1 if number < 3 else 0} with number={number}"
        ex.run_commandline([*words.split(), f"folder={sys.argv[2]}"])
"""


class Trial:
    """A folder with a script, the queue ``runs``, and what its runs noted.

    Attributes:
        folder: The working directory of the process that starts workers.
        state: The folder for the state of its user.
        environ: Its environment variables.
        printed: What the command printed.
        driver_code: The exit code of the command.
        driver_output: The file with what the command printed.
        ended_before_runs: The command ended before the runs did.
    """

    def __init__(self, folder: Path, environ: Mapping[str, str], ends_with_driver: bool) -> None:
        self.folder, self.state = folder, folder / "state"
        self.driver_output = folder / "driver.out"
        self.driver_code: int | None = None
        self.ended_before_runs = False
        self.printed = ""
        self._noted = folder / "noted"
        self._ends_with_driver = ends_with_driver
        self._drivers: list[subprocess.Popen[bytes]] = []
        self._noted.mkdir()
        self.driver_output.touch()
        (folder / "script.py").write_text(_SCRIPT)
        own = {name: value for name, value in os.environ.items() if name != "SACRED_RUN"}
        self.environ: dict[str, str] = own | dict(environ) | {
            "XDG_STATE_HOME": str(self.state), "SACRED_TRIAL": "from the driver",
        }  # fmt: skip

    @property
    def store(self) -> RunStore:
        """The store with the queue."""
        return open_store(self.folder / "runs")

    def queue(self, *numbers: int) -> None:
        """Queue runs with these numbers; those of `MEETING` wait for each other."""
        if set(MEETING) <= set(numbers) and LOST in numbers:
            (self._noted / "meeting").touch()
        command = [sys.executable, "script.py", "queue", str(self._noted), *map(str, numbers)]
        subprocess.run(
            command, cwd=self.folder, env=self.environ, check=True, capture_output=True, timeout=60
        )

    def launch(self, text: str, location: str, *options: str, is_blocked: bool = False) -> None:
        """Start workers by ``sacred sweep launch``; runs wait until it has ended.

        Args:
            text: What ``--launch`` takes.
            location: Of the store.
            options: Of the command.
            is_blocked: Runs wait until `release` is called.
        """
        with self.driver_output.open("ab") as output:
            driver = subprocess.Popen(
                self._command(text, location, *options), cwd=self.folder, env=self.environ,
                stdout=output, stderr=output,
            )  # fmt: skip
        self._drivers.append(driver)
        if not self._ends_with_driver:
            self.driver_code = driver.wait(TIMEOUT)
            assert self.driver_code == 0, self.driver_output.read_text()
            self.ended_before_runs = not (self._noted / "released").exists()
        if not is_blocked:
            self.release()
        self.printed = self.driver_output.read_text()

    def call(self, text: str, location: str) -> tuple[int, str]:
        """Call ``sacred sweep launch``; return its exit code and what it printed."""
        done = subprocess.run(
            self._command(text, location), cwd=self.folder, env=self.environ,
            capture_output=True, text=True, timeout=TIMEOUT,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    def release(self) -> None:
        """Let all runs go on."""
        (self._noted / "released").touch()

    def forget_driver(self) -> None:
        """Forget the processes that start workers: they were killed."""
        for driver in self._drivers:
            driver.wait(TIMEOUT)
        self._drivers.clear()

    def wait_until_empty(self, *excluded: int) -> None:
        """Wait until only the excluded runs are queued, and no worker has one.

        Raises:
            AssertionError: it takes too long.
        """

        def is_empty() -> bool:
            left = [run for run in self.runs() if is_held(run) or run.recorded_status == "QUEUED"]
            return {run.config["number"] for run in left} <= set(excluded)

        try:
            eventually(is_empty)
        except AssertionError:
            raise AssertionError(self._describe()) from None
        for driver in self._drivers:
            self.driver_code = driver.wait(TIMEOUT)
        self.printed = self.driver_output.read_text()

    def runs(self) -> list[StoredRun]:
        """Return all runs."""
        return list(self.store.list())

    def run(self, number: int) -> StoredRun:
        """Return the run with a number."""
        (found,) = (run for run in self.runs() if run.config["number"] == number)
        return found

    def facts(self, name: str) -> list[str]:
        """Return what all runs noted under a name."""
        files = sorted(self._noted.glob(f"*.{name}"))
        return [line for path in files for line in path.read_text().splitlines()]

    def fact(self, number: int, name: str) -> str:
        """Return what the first execution of a run noted under a name."""
        return (self._noted / f"{number}.{name}").read_text().splitlines()[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.release()
        for driver in self._drivers:
            if driver.poll() is None:
                driver.terminate()
                driver.wait(TIMEOUT)
        for pid in map(int, self.facts("pid")):  # of workers that a failed test has left
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)

    def _command(self, text: str, location: str, *options: str) -> list[str]:
        words = ["-P", "-m", "sacred_core", "sweep", "launch", location, text]
        limits = ["--lease", "3", "--tries", "2", "--deadline", "5"]
        return [sys.executable, *words, *limits, *options]

    def _describe(self) -> str:
        """Return the states of the runs and the output, for a trial that does not end."""
        lines = [f"{run.config['number']}: {run.status} {run.claim}" for run in self.runs()]
        logs = [path for path in self.state.rglob("*") if path.suffix in (".log", ".out")]
        texts = [path.read_text(errors="replace")[-3000:] for path in (self.driver_output, *logs)]
        return "\n".join(["the queue is not empty:", *lines, *texts])


def eventually(check: Callable[[], Any]) -> Any:
    """Call ``check`` until it returns a true value, and return that.

    Raises:
        AssertionError: it takes too long.
    """
    until = time.monotonic() + TIMEOUT
    while not (found := check()):
        assert time.monotonic() < until, "it has not happened"
        time.sleep(0.05)
    return found


def is_running(pid: int) -> bool:
    """Return whether a process exists that has not ended."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


@contextlib.contextmanager
def command_lines(secret: str) -> Iterator[list[str]]:
    """Observe all processes; yields a list, to which command lines with a secret are added."""
    found: list[str] = []
    is_over = threading.Event()

    def observe() -> None:
        while not is_over.wait(0.02):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                with contextlib.suppress(OSError):
                    words = path.read_bytes()
                    if secret.encode() in words:
                        found.append(words.decode(errors="replace"))

    thread = threading.Thread(target=observe, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        is_over.set()
        thread.join()
