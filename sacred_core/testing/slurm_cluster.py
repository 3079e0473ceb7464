"""A Slurm cluster of one node, in a folder: munged, slurmctld and slurmd on free ports.

It needs the programs of Debian's packages slurm-wlm and munge, but neither systemd nor control
groups, and not root: the jobs are those of the user who starts it.
"""

import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

#: The programs and their packages.
_PROGRAMS = {
    "munged": "munge", "slurmctld": "slurm-wlm", "slurmd": "slurm-wlm", "srun": "slurm-wlm",
    "sbatch": "slurm-wlm", "scontrol": "slurm-wlm", "scancel": "slurm-wlm",
}  # fmt: skip
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
_CONFIGURATION = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket,cred_expire=5
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/builtin
SchedulerParameters=batch_sched_delay=0,sched_interval=2
MpiDefault=none
ReturnToService=2
KillWait=20
JobRequeue=1
SlurmdParameters=config_overrides
NodeName={host} NodeAddr=127.0.0.1 CPUs=8 CoresPerSocket=8 RealMemory=4000 State=UNKNOWN
PartitionName=test Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


class Cluster:
    """A cluster that is running.

    Attributes:
        environ: The environment variables with which commands use it.
    """

    def __init__(self, configuration: Path) -> None:
        own = {key: value for key, value in os.environ.items() if not key.startswith("SLURM")}
        self.environ: Mapping[str, str] = own | {"SLURM_CONF": str(configuration), "PATH": _PATH}

    def call(self, *command: object) -> str:
        """Call a program of Slurm and return its output."""
        done = subprocess.run(
            list(map(str, command)), env=self.environ, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def submit(self, script: Path, *options: object) -> str:
        """Submit a job and return its number."""
        return self.call("sbatch", "--parsable", *options, script).strip()

    def job_state(self, job: str) -> str:
        """Return the state of a job, such as ``RUNNING``."""
        words = self.call("scontrol", "show", "job", job).split()
        return next(word for word in words if word.startswith("JobState=")).partition("=")[2]


@contextlib.contextmanager
def running_cluster(folder: Path) -> Iterator[Cluster]:
    """Start a cluster whose files are in a folder, and stop it at the end."""
    missing = {name: pack for name, pack in _PROGRAMS.items() if not shutil.which(name, path=_PATH)}
    if missing:
        pytest.skip(f"{min(missing)} is not installed (Debian: {missing[min(missing)]})")
    for name in ("munge", "state", "spool"):
        (folder / name).mkdir(mode=0o755)
    key = folder / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o600)
    host = socket.gethostname().partition(".")[0]
    configuration = folder / "slurm.conf"
    configuration.write_text(
        _CONFIGURATION.format(
            folder=folder,
            host=host,
            user=getpass.getuser(),
            controller_port=_free_port(),
            node_port=_free_port(),
        )
    )
    cluster = Cluster(configuration)
    munge = folder / "munge"
    with contextlib.ExitStack() as stack:
        _start(
            stack, cluster, folder, "munged", "--foreground", "--force", f"--key-file={key}",
            *(f"--{name}={munge / name.partition('-')[0]}"
              for name in ("socket", "pid-file", "log-file", "seed-file")),
        )  # fmt: skip
        _wait(lambda: (munge / "socket").exists(), folder)
        _start(stack, cluster, folder, "slurmctld", "-D", "-c")
        _start(stack, cluster, folder, "slurmd", "-D", "-c", "-N", host)
        _wait(lambda: _node_state(cluster) == "idle", folder)
        stack.callback(_kill_jobs, cluster)
        yield cluster


def _kill_jobs(cluster: Cluster) -> None:
    """Kill all jobs, and wait for their ends: without the controller they would not end."""
    until = time.monotonic() + 30
    while cluster.call("squeue", "--noheader") and time.monotonic() < until:
        cluster.call("scancel", "--full", "--signal=KILL", f"--user={getpass.getuser()}")
        cluster.call("scancel", f"--user={getpass.getuser()}")
        time.sleep(0.2)


def _node_state(cluster: Cluster) -> str:
    with contextlib.suppress(AssertionError):  # the controller does not answer yet
        return cluster.call("sinfo", "-h", "-o", "%T").strip()
    return ""


def _start(
    stack: contextlib.ExitStack, cluster: Cluster, folder: Path, name: str, *arguments: str
) -> None:
    program = shutil.which(name, path=_PATH)
    with (folder / f"{name}.out").open("wb") as output:
        process = subprocess.Popen(
            [str(program), *arguments], env=cluster.environ, stdout=output, stderr=output
        )
    stack.callback(process.wait, 30)
    stack.callback(process.terminate)


def _wait(check: object, folder: Path) -> None:
    until = time.monotonic() + 30
    while not check():  # type: ignore[operator]
        if time.monotonic() > until:
            logs = [path.read_text(errors="replace")[-2000:] for path in folder.glob("*.out")]
            raise AssertionError("the cluster has not started:\n" + "\n".join(logs))
        time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
