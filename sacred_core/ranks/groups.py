"""What the processes of a parallel job have in common, and other processes do not.

Launchers pass it in environment variables. Where they pass nothing, it is the process that started
the ranks.
"""

import hashlib
import os
import platform
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sacred_core.stores.leases import Owner

#: Set by the user, where ranks cannot find out what they have in common.
GROUP = "SACRED_GROUP"
#: How often a launcher has started the processes of the same job again.
_RESTARTS = ("TORCHELASTIC_RESTART_COUNT", "SLURM_RESTART_COUNT")
#: The job of a batch system: the variable of its id, and of what else the id depends on.
_JOBS = (
    ("SLURM_JOB_ID", ("SLURM_CLUSTER_NAME",)),
    ("PBS_JOBID", ()),
    ("LSB_JOBID", ("LSB_JOBINDEX",)),
    ("FLUX_JOB_ID", ()),
)
#: By launcher what differs between two groups that it starts, on all machines.
_NAMES = {
    "Open MPI": (
        "PMIX_NAMESPACE",
        "OMPI_MCA_ess_base_jobid",
        "OMPI_MCA_orte_precondition_transports",
    ),
    "MPI": ("PMI_JOBID",),
    "PMIx": ("PMIX_NAMESPACE",),
}
_LOOPBACK = ("localhost", "::1", "0.0.0.0")
_NO_ID = ("", "none")


class Keys(NamedTuple):
    """Digests of what ranks have in common; see `sacred_core.ranks.detection.Rank`."""

    group: str
    job: str


def group_keys(environ: Mapping[str, str], launcher: str) -> Keys:
    """Return the keys of a group.

    Args:
        environ: The environment variables of one of its processes.
        launcher: The program that started it; empty if it is unknown.
    """
    restarts = _values(environ, _RESTARTS)
    own = environ.get(GROUP)
    if own:
        return _keys([GROUP, own], restarts)
    batch = _batch_job(environ)
    if launcher == "torchrun":
        return _torchrun_keys(environ, batch, restarts)
    if launcher == "Slurm":
        return _keys([*batch, environ.get("SLURM_STEP_ID", "")], restarts)
    known = _values(environ, _NAMES.get(launcher, ()))
    if not known and not (batch and launcher):
        known = _launcher_process()
    return _keys(batch or known, [*known, *restarts])


def batch_job_key(environ: Mapping[str, str]) -> str | None:
    """Return the key of the batch job of a process that is not a rank; None without one."""
    batch = _batch_job(environ)
    return _digest(batch) if batch else None


def _torchrun_keys(environ: Mapping[str, str], batch: list[str], restarts: list[str]) -> Keys:
    """Return the keys of a group of torchrun, or of a program that sets the same variables.

    The agents of several machines agree on an id, or on the address of rank 0. An address that is
    the same on every machine is one of a single machine.
    """
    address, port = environ.get("MASTER_ADDR", ""), environ.get("MASTER_PORT", "")
    known = [address, port] if address or port else []
    if known and (not address or address in _LOOPBACK or address.startswith("127.")):
        known.append(platform.node())
    rendezvous = environ.get("TORCHELASTIC_RUN_ID", "")
    if rendezvous not in _NO_ID:
        return _keys([rendezvous], [*known, *restarts])
    if not known:
        known = _launcher_process()
    return _keys(batch or known, [*known, *restarts])


def _batch_job(environ: Mapping[str, str]) -> list[str]:
    """Return what identifies the batch job of this process; empty without one."""
    for name, others in _JOBS:
        if environ.get(name):
            return [name, *_values(environ, (name, *others))]
    return []


def _launcher_process() -> list[str]:
    """Return what identifies the process that started this one."""
    parent = Owner.of(os.getppid())
    return [str(parent.system or platform.node()), str(parent.pid), str(parent.started)]


def _values(environ: Mapping[str, str], names: Iterable[str]) -> list[str]:
    return [f"{name}={environ[name]}" for name in names if environ.get(name)]


def _keys(job: list[str], start: list[str]) -> Keys:
    return Keys(group=_digest([*job, "start", *start]), job=_digest(job))


def _digest(parts: Iterable[str]) -> str:
    text = "\0".join(parts).encode("utf-8", "surrogateescape")
    return hashlib.md5(text, usedforsecurity=False).hexdigest()
