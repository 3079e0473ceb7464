"""The launcher ``joblib:N``: processes on this machine that end with the one that started them."""

import attrs

from sacred_core.exceptions import OptionError
from sacred_core.plurals import counted
from sacred_sweep.launch_values import read_count
from sacred_sweep.launching import Launched, LaunchError, LaunchRequest
from sacred_sweep.worker_task import WorkerTask, stop_all, to_task

try:
    from joblib import Parallel, delayed
except ModuleNotFoundError:
    Parallel = None


def launch(request: LaunchRequest) -> Launched:
    """Prepare workers, which start when `Launched.wait` is called.

    A backend that ``joblib.parallel_config`` sets is used, such as that of Dask.

    Raises:
        OptionError: the number, or an option, is wrong, or joblib is not installed.
    """
    count = request.read_argument(read_count, "4")
    request.read_options({})
    if Parallel is None:
        message = "joblib is not installed (install it with: pip install 'sacred-sweep[joblib]')"
        raise OptionError(f"--launch {request.launcher}: {message}")
    task = to_task(request)
    lines = [f"Starting {counted(count, 'worker')}, which end with this process (Ctrl-C)"]
    return Launched(workers=count, lines=lines, wait=lambda: _execute(task, count))


def _execute(task: WorkerTask, count: int) -> None:
    """Execute the workers, and wait for their ends.

    Raises:
        LaunchError: some ended with an error.
    """
    try:
        # Each worker is a process of its own: a thread waits for it.
        outcomes = Parallel(n_jobs=count, prefer="threads")(
            delayed(_outcome)(attrs.evolve(task), number) for number in range(count)
        )
    except BaseException:
        stop_all()
        raise
    problems = [each for each in outcomes if each]
    if problems:
        raise LaunchError(f"{counted(len(problems), 'worker')} of {count}: {problems[0]}")


def _outcome(task: WorkerTask, number: int) -> str:
    """Execute a worker; return why it failed, or an empty string."""
    try:
        task(number)
    except LaunchError as error:
        return str(error)
    return ""
