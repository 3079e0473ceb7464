"""The process of a run, which a worker starts and waits for."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from sacred_core.worker.options import LOCATION_VARIABLE

#: The process is the only one of its run, also if the worker is one of several of a Slurm step.
_SINGLE = {"SACRED_RANK": "0", "SACRED_WORLD_SIZE": "1"}


class RunProcess:
    """A process in a session of its own: Ctrl-C reaches only the worker.

    Args:
        plan: The file with the plan.
        when_ended: Called in another thread when the process has ended.
    """

    def __init__(self, plan: Path, when_ended: Callable[[], None]) -> None:
        # -P: the working directory is no place to import sacred-core from.
        words = [sys.executable, "-P", "-m", "sacred_core.worker", str(plan)]
        environ = {**os.environ, **_SINGLE}
        environ.pop(LOCATION_VARIABLE, None)
        self._process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, env=environ, start_new_session=True
        )
        self._has_ended = threading.Event()
        thread = threading.Thread(target=self._wait, args=(when_ended,), daemon=True)
        thread.start()

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        """Whether the process has ended."""
        return self._has_ended.is_set()

    @property
    def code(self) -> int:
        """The exit code of the process that has ended; negative for the signal that ended it."""
        return self._process.returncode

    def terminate(self) -> None:
        """Ask the process to end."""
        if not self.has_ended:
            self._process.terminate()

    def kill(self) -> None:
        """End the process, and those that it has started, at once."""
        if self.has_ended:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(self.pid, signal.SIGKILL)
            else:
                self._process.kill()

    def _wait(self, when_ended: Callable[[], None]) -> None:
        self._process.wait()
        self._has_ended.set()
        when_ended()


def end_text(code: int) -> str:
    """Return how a process ended, from its exit code."""
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"was ended by {signal.Signals(-code).name}"
        return f"was ended by signal {-code}"
    return f"ended with exit code {code}"
