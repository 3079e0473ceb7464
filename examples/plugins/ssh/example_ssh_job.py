"""What is executed on a host: ``python -m example_ssh_job NUMBER``, with the task as input."""

import os
import pickle
import signal
import sys
import threading

from sacred_sweep.worker_task import WorkerTask


def main() -> None:
    """Execute a worker, until the connection ends.

    Raises:
        SystemExit: with the exit code of the worker.
    """
    task: WorkerTask = pickle.load(sys.stdin.buffer)
    signal.signal(signal.SIGTERM, lambda *_: task.stop())
    threading.Thread(target=_stop_with_input, args=(task,), daemon=True).start()
    code = task(int(sys.argv[1]))
    sys.exit(0 if code > 128 else code)  # a worker that was asked to end has not failed


def _stop_with_input(task: WorkerTask) -> None:
    """Wait for the end of the connection; the worker puts its run back into the queue then."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    task.stop()


if __name__ == "__main__":
    main()
