"""Scripts whose runs are queued in a folder, and the workers that execute them."""

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sacred_file import FileStore

from sacred_core.stores import StoredRun
from sacred_core.worker import WorkerOptions, work

#: Waits until a file appears, and then ends: a test decides when.
WAITING = """
    import os, signal, sys, time
    from pathlib import Path
    from sacred_core import Experiment
    ex = Experiment("train", save_git_info=False)

    @ex.config
    def config():
        lr = 0.1

    @ex.automain
    def main(lr, _run):
        first = _run.resumed.last_steps.get("step", -1) + 1 if _run.resumed else 0
        _run.log_scalar("step", first)
        folder = Path(__file__).parent
        (folder / f"started{_run._id}.{_run.segment}").write_text(str(os.getpid()))
        while not (folder / "go").exists():
            time.sleep(0.01)
        return lr
"""
#: Seconds that a test waits for a process, at most.
PATIENCE = 30.0


class StartedWorker:
    """A process of ``sacred worker``.

    What it prints is in a file: the processes of its runs, which outlive it, print there, too.
    """

    def __init__(
        self, command: list[str], folder: Path, environ: dict[str, str], log: Path
    ) -> None:
        self._log = log
        with log.open("w") as file:
            self.process = subprocess.Popen(
                command, cwd=folder, env=environ, stdout=file, stderr=subprocess.STDOUT
            )

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self.process.pid

    def send(self, signum: int) -> None:
        """Send a signal."""
        self.process.send_signal(signum)

    def finish(self, code: int = 0) -> str:
        """Wait for its end, and return what was printed.

        Raises:
            AssertionError: it ended with another exit code.
        """
        try:
            found = self.process.wait(PATIENCE)
        finally:
            self.process.kill()
        printed = self._log.read_text()
        assert found == code, printed
        return printed


class QueuedScript:
    """A script in a folder, and the runs that are queued in another one.

    Args:
        folder: Of the script.
        text: The script.
        name: Its name in the folder.
    """

    def __init__(self, folder: Path, text: str = WAITING, name: str = "train.py") -> None:
        self.folder = folder
        self.path = folder / name
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(textwrap.dedent(text))
        self.runs = folder / "runs"
        self._workers = 0

    @property
    def store(self) -> FileStore:
        """The store of the runs."""
        return FileStore(self.runs)

    def queue(self, *words: str, program: tuple[str, ...] = (), **environ: str) -> None:
        """Start the script so that it queues a run."""
        command = [sys.executable, *(program or (str(self.path),)), *words]
        command += [] if program else ["-q", "-F", str(self.runs)]
        subprocess.run(
            command, cwd=self.folder, check=True, env={**os.environ, **environ},
            capture_output=True,
        )  # fmt: skip

    def work(self, **options: Any) -> int:
        """Execute the queued runs in this process, and return the exit code."""
        options = {"until_empty": True, "lease": 0.6, "deadline": PATIENCE, **options}
        return work(WorkerOptions(location=str(self.runs), **options))

    def start_worker(self, *words: str, **environ: str) -> "StartedWorker":
        """Start ``sacred worker``."""
        command = [sys.executable, "-m", "sacred_core", "worker", str(self.runs), "--until-empty"]
        self._workers += 1
        return StartedWorker(
            [*command, "--lease", "0.6", *words], self.folder, {**os.environ, **environ},
            self.folder / f"worker{self._workers}.log",
        )  # fmt: skip

    def wait_for_start(self, run_id: int = 1, segment: int = 0) -> int:
        """Wait until a segment of a run of `WAITING` executes, and return its process id."""
        path = self.folder / f"started{run_id}.{segment}"
        wait_until(lambda: path.exists() and path.read_text() != "")
        return int(path.read_text())

    def go(self) -> None:
        """Let the runs of `WAITING` end."""
        (self.folder / "go").touch()

    def run(self, run_id: int = 1) -> StoredRun:
        """Return a run as it is stored."""
        return self.store.get(run_id)

    def statuses(self, run_id: int = 1) -> list[str]:
        """Return the status of each segment of a run."""
        return [each.status for each in self.run(run_id).segments]


def wait_until(condition: Callable[[], object]) -> None:
    """Wait until a condition is true.

    Raises:
        AssertionError: it does not become true.
    """
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not become true"
        time.sleep(0.01)
