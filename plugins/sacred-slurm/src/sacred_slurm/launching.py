"""The launcher ``slurm:N``: an array of jobs, each of which executes a worker."""

import contextlib
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import submitit
from sacred_sweep.launch_values import (
    read_choice,
    read_count,
    read_integer,
    read_path,
    read_string,
)
from sacred_sweep.launching import Launched, LaunchError, LaunchRequest
from sacred_sweep.worker_task import passed_variables

from sacred_core.plurals import counted
from sacred_core.state_folder import state_folder
from sacred_slurm.job_task import JobTask
from sacred_slurm.time_limits import read_time, to_minutes

#: Parameters of submitit by the options that have other names.
_NAMES = {"cpus": "cpus_per_task", "gpus": "gpus_per_node", "name": "job_name"}
#: Options of sbatch that submitit has no parameters for.
_FURTHER = ("nice", "reservation", "licenses")
_READERS: Mapping[str, Callable[[str], Any]] = {
    "partition": read_string,
    "time": read_time,
    "mem": read_string,
    "cpus": read_count,
    "gpus": read_count,
    "array_parallelism": read_count,
    "qos": read_string,
    "account": read_string,
    "constraint": read_string,
    "nice": read_integer,
    "requeue": read_choice,
    "folder": read_path,
    "name": read_string,
    "gres": read_string,
    "exclude": read_string,
    "nodelist": read_string,
    "reservation": read_string,
    "licenses": read_string,
    "dependency": read_string,
    "comment": read_string,
}
#: How often submitit requeues a job at its time limit: as long as runs are left.
_REQUEUES = 1_000_000
#: Seconds from Slurm's signal to the end of the job, besides the deadline of the run: Slurm may
#: need some to send it.
_SIGNAL_MARGIN = 70
#: Where no limit is set, in minutes.
_YEAR = 366 * 24 * 60


def launch(request: LaunchRequest) -> Launched:
    """Submit an array of jobs.

    Raises:
        OptionError: the number, or an option, is wrong.
        LaunchError: Slurm does not answer, or refuses the jobs.
    """
    count = request.read_argument(read_count, "8")
    options = request.read_options(_READERS)
    folder = request.folder / (options.pop("folder", None) or state_folder("slurm"))
    is_requeued = options.pop("requeue", True)
    task = JobTask(request.worker, str(request.folder), passed_variables(), is_requeued=is_requeued)
    with _private_files() as task.umask:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)  # the pickled options may have a password
        jobs = _submit(task, count, folder, _parameters(options, request, is_requeued))
    number = str(jobs[0].job_id).partition("_")[0]
    shown = f"{number}_[0-{count - 1}]" if count > 1 else number
    lines = [
        f"Submitted {counted(count, 'job')} with a worker each: {shown}",
        f"Logs: {folder / f'{number}_*_log.out'}",
        f"To see them: squeue -j {number}",
        f"To stop them: scancel {number} (their runs are queued again)",
    ]
    return Launched(workers=count, lines=lines)


def _submit(task: JobTask, count: int, folder: Path, parameters: dict[str, Any]) -> list[Any]:
    """Submit the jobs.

    Raises:
        LaunchError: it is not possible.
    """
    try:
        executor = submitit.SlurmExecutor(folder, max_num_timeout=_REQUEUES)
    except RuntimeError:
        raise LaunchError(
            "--launch slurm: the programs of Slurm (sbatch, srun) were not found: call this on a "
            "login node of the cluster"
        ) from None
    executor.update_parameters(**parameters)
    try:
        return list(executor.map_array(task, range(count)))
    except (submitit.core.utils.FailedJobError, submitit.core.utils.FailedSubmissionError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise LaunchError(f"--launch slurm: sbatch failed: {reason}") from None


def _parameters(
    options: dict[str, Any], request: LaunchRequest, is_requeued: bool
) -> dict[str, Any]:
    """Return the parameters of submitit."""
    limit = options.pop("time", None) or _default_limit(options.get("partition"))
    minutes = to_minutes(limit)
    delay = round(request.worker.deadline) + _SIGNAL_MARGIN
    if minutes is not None:
        delay = min(delay, max(1, minutes * 60 // 2))
    further = {name: options.pop(name) for name in _FURTHER if name in options}
    # No value: the name alone. Slurm sends the signal and, if the limit has not been reached,
    # leaves the job to submitit, which calls `scontrol requeue`.
    further |= {"time": limit, "requeue" if is_requeued else "no-requeue": True}
    return {
        "job_name": "sacred-worker",
        "time": minutes or _YEAR,
        "stderr_to_stdout": True,
        "signal_delay_s": delay,
        "additional_parameters": further,
    } | {_NAMES.get(name, name): value for name, value in options.items()}


def _default_limit(partition: str | None) -> str:
    """Return the time limit of jobs in a partition that do not set one.

    Raises:
        LaunchError: Slurm does not answer, or there is no such partition.
    """
    command = ["sinfo", "--noheader", "--format=%P %L %l"]
    command += [f"--partition={partition}"] if partition else []
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except FileNotFoundError:
        raise LaunchError(
            "--launch slurm: the programs of Slurm (sinfo, sbatch) were not found: call this on a "
            "login node of the cluster"
        ) from None
    except subprocess.TimeoutExpired:
        raise LaunchError("--launch slurm: sinfo did not answer within 60 seconds") from None
    if done.returncode:
        raise LaunchError(f"--launch slurm: sinfo failed: {' '.join(done.stderr.split())}")
    rows = [line.split() for line in done.stdout.splitlines()]
    chosen = next((row for row in rows if partition or row[0].endswith("*")), None)
    if chosen is None:
        what = f"no partition {partition!r}" if partition else "no default partition: set partition"
        raise LaunchError(f"--launch slurm: the cluster has {what}")
    _, default, longest = chosen
    limit = longest if default in ("n/a", "NONE") else default
    return "UNLIMITED" if limit == "infinite" else limit


@contextlib.contextmanager
def _private_files() -> Iterator[int]:
    """Create files that only this user can read; yields the permissions of other new files."""
    umask = os.umask(0o077)
    try:
        yield umask
    finally:
        os.umask(umask)
