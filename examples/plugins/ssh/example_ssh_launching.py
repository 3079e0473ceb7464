"""Starts workers with ssh, which end with the program that started them."""

import pickle
import re
import shlex
import subprocess
import sys
from collections.abc import Iterable

from sacred_sweep.launch_values import read_count
from sacred_sweep.launching import Launched, LaunchError, LaunchRequest
from sacred_sweep.worker_task import WorkerTask, to_task

#: No question is asked: an unknown host, or a password, is an error.
SSH = ("ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10")
JOB = "example_ssh_job"


def launch(request: LaunchRequest) -> Launched:
    """Start ``workers`` processes on each of the hosts.

    Raises:
        OptionError: a host, or an option, is wrong.
        LaunchError: a host cannot be reached.
    """
    hosts = request.read_argument(read_hosts, "node1+node2")
    each = request.read_options({"workers": read_count}).get("workers", 1)
    for host in dict.fromkeys(hosts):
        _require_host(host)
    task = to_task(request)
    places = [host for host in hosts for _ in range(each)]
    processes = [_start(task, number, host) for number, host in enumerate(places)]
    lines = [f"Workers: {len(places)} on {', '.join(hosts)}", "To stop them: Ctrl-C"]
    return Launched(workers=len(places), lines=lines, wait=lambda: _wait(processes))


def read_hosts(text: str) -> list[str]:
    """Return the names of hosts, such as ``["node1", "ada@node2"]`` for ``node1+ada@node2``."""
    hosts = text.split("+")
    if not all(re.fullmatch(r"[\w.@:\[\]-]+", host) and host[0] != "-" for host in hosts):
        raise ValueError("names of hosts with + between them")
    return hosts


def _require_host(host: str) -> None:
    """Call a program on a host.

    Raises:
        LaunchError: it is not possible.
    """
    try:
        done = subprocess.run([*SSH, host, "true"], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise LaunchError("--launch ssh: the program ssh was not found: install it") from None
    if done.returncode:
        reason = " ".join(done.stderr.split()) or f"exit code {done.returncode}"
        raise LaunchError(f"--launch ssh: {host!r} cannot be reached: {reason}")


def _start(task: WorkerTask, number: int, host: str) -> "subprocess.Popen[bytes]":
    """Start a job on a host. What it does is not in its command line, which others can see."""
    command = shlex.join([sys.executable, "-P", "-m", JOB, str(number)])
    process = subprocess.Popen([*SSH, host, command], stdin=subprocess.PIPE)
    assert process.stdin is not None
    pickle.dump(task, process.stdin)
    process.stdin.flush()  # it stays open: its end stops the job
    return process


def _wait(processes: Iterable["subprocess.Popen[bytes]"]) -> None:
    """Wait for all jobs.

    Raises:
        LaunchError: one of them failed.
    """
    codes = [process.wait() for process in processes]
    if any(codes):
        raise LaunchError(f"--launch ssh: exit codes of workers: {codes}; see their output")
