"""Whether this process is one of the ranks of a parallel job, from its environment variables."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import attrs

from sacred_core.exceptions import RankError
from sacred_core.ranks.groups import Keys, group_keys
from sacred_core.shared_methods import ValueMethods

RANK, WORLD_SIZE = "SACRED_RANK", "SACRED_WORLD_SIZE"
#: The record of a run has the name of each rank.
_LARGEST = 100_000
#: Ids of the steps of Slurm that run a single process: batch, interactive and others.
_FIRST_SPECIAL_STEP = 0xFFFFFFF0


class Launcher(NamedTuple):
    """A program that starts the ranks of a job.

    Attributes:
        name: Of the program, for messages and `sacred_core.ranks.groups`.
        rank: The variable with the number of a process.
        sizes: Variables of which the first that is set has the number of processes.
        is_used: Whether the variables are about ranks. Without a number of processes they are not.
    """

    name: str
    rank: str
    sizes: tuple[str, ...]
    is_used: Callable[[Mapping[str, str]], bool] = lambda environ: True


def _is_parallel_step(environ: Mapping[str, str]) -> bool:
    """Return whether srun started the process; a batch script has variables of its job only."""
    step = environ.get("SLURM_STEP_ID", environ.get("SLURM_STEPID", ""))
    return step.isdecimal() and int(step) < _FIRST_SPECIAL_STEP


#: A launcher may be started by one that comes after it, such as torchrun by srun.
_LAUNCHERS = (
    Launcher("torchrun", "RANK", ("WORLD_SIZE",)),
    Launcher("Open MPI", "OMPI_COMM_WORLD_RANK", ("OMPI_COMM_WORLD_SIZE",)),
    Launcher("MPI", "PMI_RANK", ("PMI_SIZE",)),
    Launcher("PMIx", "PMIX_RANK", ("SLURM_STEP_NUM_TASKS",)),
    Launcher("Slurm", "SLURM_PROCID", ("SLURM_STEP_NUM_TASKS", "SLURM_NTASKS"), _is_parallel_step),
)
#: If none of these is set, the process is not a rank.
VARIABLES = (RANK, WORLD_SIZE, *(launcher.rank for launcher in _LAUNCHERS))


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Rank(ValueMethods):
    """One process of a parallel job.

    Attributes:
        number: From 0; rank 0 starts the run.
        world_size: The number of processes, at least 2.
        group: A digest of what the processes of one start of the job have in common.
        job: The same for all starts of the job, also after it was requeued.
    """

    number: int
    world_size: int
    group: str
    job: str

    @property
    def writer(self) -> str:
        """The name under which it records in the run; rank 0 is the process of the run."""
        return rank_name(self.number)


def rank_name(number: int) -> str:
    """Return the name of the writer of a rank."""
    return f"rank{number}"


def detect_rank(environ: Mapping[str, str]) -> Rank | None:
    """Return which rank this process is; None if it is the only process of its job.

    Args:
        environ: The environment variables.

    Raises:
        RankError: a variable has no number, the rank is not below the number of processes, or one
            of both is missing.
    """
    launcher = next(filter(None, _used(environ)), None)
    size = _read(environ, WORLD_SIZE)
    size_name = WORLD_SIZE
    if size is None and launcher is not None:
        size_name = _size_variable(environ, launcher)
        size = _read(environ, size_name)
    if size == 1:
        return None
    rank_variable = RANK if launcher is None or environ.get(RANK) else launcher.rank
    number = _read(environ, rank_variable)
    if number is None and size is None:
        return None
    if number is None or size is None:
        known, missing = (WORLD_SIZE, RANK) if number is None else (RANK, WORLD_SIZE)
        raise RankError(f"{known} is {environ[known]!r}, but {missing} is not set: set both")
    if not 1 < size <= _LARGEST:
        raise RankError(f"{size_name} must be from 1 to {_LARGEST}, got {size}")
    if number >= size:
        raise RankError(
            f"{rank_variable} is {number}, but {size_name} is {size}: ranks are 0 to {size - 1}"
        )
    keys = _launcher_keys(environ, launcher)
    return Rank(number=number, world_size=size, group=keys.group, job=keys.job)


def _launcher_keys(environ: Mapping[str, str], launcher: Launcher | None) -> Keys:
    """Return the keys of the group that a launcher started."""
    is_parallel = launcher is not None and environ[_size_variable(environ, launcher)] != "1"
    return group_keys(environ, launcher.name if launcher is not None and is_parallel else "")


def _size_variable(environ: Mapping[str, str], launcher: Launcher) -> str:
    return next(name for name in launcher.sizes if environ.get(name))


def _used(environ: Mapping[str, str]) -> Iterable[Launcher]:
    """Yield the launchers whose variables are set."""
    for launcher in _LAUNCHERS:
        has_size = any(environ.get(name) for name in launcher.sizes)
        if environ.get(launcher.rank) and has_size and launcher.is_used(environ):
            yield launcher


def _read(environ: Mapping[str, str], name: str) -> int | None:
    """Return the number in a variable; None if it is not set."""
    text = environ.get(name, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdecimal()) or len(text) > 9:
        raise RankError(
            f"{name} must be an integer from 0, got {text!r}: set {RANK} and {WORLD_SIZE} to the "
            f"rank and the number of processes, or {WORLD_SIZE}=1 to record a run of its own"
        )
    return int(text)
