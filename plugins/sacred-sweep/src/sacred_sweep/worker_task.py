"""A worker as a task of an engine: what is pickled, sent to a machine, and called there."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any

import attrs

from sacred_core.exceptions import OptionError
from sacred_core.plurals import counted
from sacred_core.worker import WorkerOptions
from sacred_sweep.launching import LaunchError, LaunchRequest

#: Seconds between two looks at a process.
_POLL = 0.1
#: Seconds that a worker has to end after its run was killed at the deadline.
_MARGIN = 5.0
#: Codes of a worker that was asked to end before it could handle the signal.
_STOPPED = (-signal.SIGINT, -signal.SIGTERM)
#: Variables of the process that starts workers, which are not about them.
_OWN_VARIABLES = frozenset({"SACRED_RUN", "SACRED_RANK", "SACRED_WORLD_SIZE", "SACRED_GROUP"})
#: Workers that threads of this process wait for.
_running: set["subprocess.Popen[bytes]"] = set()


@attrs.define(eq=False, repr=False, slots=False)
class WorkerTask:
    """Calling it executes a worker in a process of its own, and waits for its end.

    The process ends with the one that called it, however that ends. If it is killed, another one
    is started, up to ``worker.tries`` times.

    Attributes:
        worker: What the worker does.
        folder: Its working directory.
        environ: Environment variables besides those of the process that calls it.
        umask: The permissions of new files; None: those of the process that calls it.
    """

    worker: WorkerOptions
    folder: str
    environ: Mapping[str, str] = attrs.field(factory=dict)
    umask: int | None = None
    _process: Any = attrs.field(default=None, init=False)

    def __call__(self, number: int = 0) -> int:
        """Execute a worker.

        Args:
            number: From 0, of several with the same name.

        Returns:
            Its exit code: 0, or 128 plus the number of the signal that asked it to end.

        Raises:
            LaunchError: it ended with another exit code, or was killed too often.
        """
        worker = self.choose_worker(number)
        for _ in range(max(1, worker.tries)):
            code = self._execute(worker)
            if code in _STOPPED:
                return 128 - code
            if code == 0 or code > 128:
                return code
            if code > 0:
                raise LaunchError(f"the worker ended with exit code {code}: see its output")
        starts = counted(worker.tries, "start")
        raise LaunchError(f"the worker was killed after each of {starts}: see its output")

    def choose_worker(self, number: int) -> WorkerOptions:
        """Return the options of the worker with this number."""
        return numbered(self.worker, number)

    def stop(self) -> None:
        """Ask the worker to put its run back into the queue and to end, and wait for it."""
        process = self._process
        if process is not None and not _has_ended(process.pid):
            process.send_signal(signal.SIGTERM)
            until = time.monotonic() + self.worker.deadline + _MARGIN
            while not _has_ended(process.pid):
                if time.monotonic() > until:
                    process.kill()
                    return
                time.sleep(_POLL)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"  # engines show it in logs: the location is a secret

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_process": None}

    def _execute(self, worker: WorkerOptions) -> int:
        """Execute a worker once; return its exit code, negative if a signal killed it."""
        if not os.path.isdir(self.folder):  # noqa: PTH112 - a string
            raise LaunchError(
                f"the folder {self.folder!r} does not exist on {os.uname().nodename}: workers need "
                "a file system that the machines share"
            )
        process = self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "sacred_sweep.attached_worker"],
            stdin=subprocess.PIPE, cwd=self.folder, start_new_session=True,
            env=worker_variables(self.environ), umask=-1 if self.umask is None else self.umask,
        )  # fmt: skip
        _running.add(process)
        try:
            _send(process, worker)
            while process.poll() is None:
                time.sleep(_POLL)
        finally:
            _running.discard(process)
            _close(process)
        return int(process.returncode)


def to_task(request: LaunchRequest) -> WorkerTask:
    """Return the task of each worker of a request."""
    return WorkerTask(request.worker, str(request.folder), passed_variables())


def passed_variables() -> dict[str, str]:
    """Return the variables with settings of sacred-core, which workers get on each machine."""
    return {
        name: value
        for name, value in os.environ.items()
        if name.startswith("SACRED_") and name not in _OWN_VARIABLES
    }


def worker_variables(further: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of the process of a worker: those of this one, and ``further``."""
    own = {name: value for name, value in os.environ.items() if name not in _OWN_VARIABLES}
    return own | dict(further)


def numbered(worker: WorkerOptions, number: int) -> WorkerOptions:
    """Return the options of one of several workers: a name that is given gets its number."""
    return attrs.evolve(worker, name=f"{worker.name}-{number + 1}") if worker.name else worker


def stop_all() -> None:
    """Ask all workers that threads of this process wait for to end, and wait for them."""
    for process in list(_running):
        process.send_signal(signal.SIGTERM)
    while _running:
        time.sleep(_POLL)


def read_workers(options: Mapping[str, Any], launcher: str) -> int:
    """Return the option ``workers``.

    Raises:
        OptionError: it is missing.
    """
    if "workers" not in options:
        raise OptionError(f"--launch {launcher}: add the number of workers, such as workers=8")
    return int(options["workers"])


def _send(process: "subprocess.Popen[bytes]", worker: WorkerOptions) -> None:
    """Send the options to a process. Its standard input remains open: its end stops the worker."""
    assert process.stdin is not None
    message = {"location": worker.location, "arguments": worker.arguments()}
    with contextlib.suppress(BrokenPipeError):  # it was killed
        process.stdin.write(json.dumps(message).encode() + b"\n")
        process.stdin.flush()


def _close(process: "subprocess.Popen[bytes]") -> None:
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()


def _has_ended(pid: int) -> bool:
    """Return whether a child has ended, without collecting its exit code.

    A handler of a signal may call it while `subprocess.Popen.poll` is being executed.
    """
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None
    except ChildProcessError:
        return True
