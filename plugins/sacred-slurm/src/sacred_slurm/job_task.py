"""What a job executes: a worker that stops when Slurm asks for it."""

import os
import signal
import socket
import sys

import attrs
from sacred_sweep.worker_task import WorkerTask
from submitit.helpers import DelayedSubmission

from sacred_core.worker import WorkerOptions

_STOPPED = 128 + signal.SIGTERM


@attrs.define(eq=False, repr=False, slots=False)
class JobTask(WorkerTask):
    """Executes a worker in a job of submitit.

    On SIGTERM (scancel, requeue, preemption) the worker puts its run back into the queue, and the
    job ends. On the signal that Slurm sends before the time limit, submitit calls `checkpoint` and
    puts the job back into the queue of Slurm.

    Attributes:
        is_requeued: The job is requeued at its time limit.
    """

    is_requeued: bool = True

    def __call__(self, number: int = 0) -> int:
        """Execute the worker with this number; see `WorkerTask`."""
        signal.signal(signal.SIGTERM, self._end)
        return super().__call__(number)

    def choose_worker(self, number: int) -> WorkerOptions:
        """Return the options of a worker; without a name, its name is that of the job."""
        if self.worker.name:
            return super().choose_worker(number)
        variables = ("SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID")
        parts = [os.environ[each] for each in variables if each in os.environ]
        job = "_".join(parts) or os.environ["SLURM_JOB_ID"]
        return attrs.evolve(self.worker, name=f"slurm-{job}@{socket.gethostname()}")

    def checkpoint(self, number: int = 0) -> DelayedSubmission | None:
        """Stop the worker.

        Returns:
            What submitit executes after the job is requeued; None if it is not.
        """
        self.stop()
        return DelayedSubmission(self, number) if self.is_requeued else None

    def _end(self, *_: object) -> None:
        """Ask the worker to end; `__call__` returns when it has."""
        if self._process is None:
            sys.exit(_STOPPED)
        self._process.send_signal(signal.SIGTERM)
