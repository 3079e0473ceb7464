"""The launcher ``local:N``: processes on this machine that outlive the one that started them."""

import contextlib
import itertools
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from sacred_core.plurals import counted
from sacred_core.state_folder import state_folder
from sacred_core.worker.options import LOCATION_VARIABLE, WorkerOptions
from sacred_sweep.launch_values import read_count, read_path
from sacred_sweep.launching import Launched, LaunchRequest
from sacred_sweep.worker_task import numbered, worker_variables


def launch(request: LaunchRequest) -> Launched:
    """Start processes in sessions of their own, with a log file each.

    Raises:
        OptionError: the number, or an option, is wrong.
        OSError: a log file cannot be written, or a process cannot be started.
    """
    count = request.read_argument(read_count, "4")
    options = request.read_options({"logs": read_path})
    logs = Path(options["logs"]) if "logs" in options else state_folder("workers")
    logs = request.folder / logs
    logs.mkdir(mode=0o700, parents=True, exist_ok=True)
    pids = [_start(request, numbered(request.worker, number), logs) for number in range(count)]
    ids = " ".join(map(str, pids))
    lines = [
        f"Started {counted(count, 'worker')}: process {ids}",
        f"Logs: {logs}",
        f"To stop: kill {ids}",
    ]
    return Launched(workers=count, lines=lines)


def _start(request: LaunchRequest, worker: WorkerOptions, logs: Path) -> int:
    """Start a worker; return its process id."""
    command = [sys.executable, "-P", "-m", "sacred_core", "worker", *worker.arguments()]
    environ = worker_variables({LOCATION_VARIABLE: worker.location})
    with _new_log(logs) as log:
        process = subprocess.Popen(
            command, cwd=request.folder, env=environ, stdin=subprocess.DEVNULL,
            stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    process.returncode = 0  # it outlives this process: no warning that nothing waits for it
    return process.pid


def _new_log(logs: Path) -> BinaryIO:
    """Create a log file that only this user can read."""
    start = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    for number in itertools.count(1):
        path = logs / f"worker-{start}-{number}.log"
        with contextlib.suppress(FileExistsError):
            return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
    raise AssertionError
