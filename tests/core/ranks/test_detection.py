"""Tests of the detection of ranks from environment variables."""

import pytest

from sacred_core.exceptions import RankError
from sacred_core.ranks.detection import Rank, detect_rank, rank_name

TORCHRUN = {
    "RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "MASTER_ADDR": "10.0.0.1",
    "MASTER_PORT": "29500", "TORCHELASTIC_RUN_ID": "none", "TORCHELASTIC_RESTART_COUNT": "0",
}  # fmt: skip
#: What srun sets, and what a batch script has before it calls srun.
BATCH = {
    "SLURM_JOB_ID": "17", "SLURM_CLUSTER_NAME": "c", "SLURM_PROCID": "0", "SLURM_NTASKS": "4"
}  # fmt: skip
SRUN = BATCH | {"SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "4", "SLURM_PROCID": "2"}
OPENMPI = {
    "OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "2", "PMIX_RANK": "1",
    "PMIX_NAMESPACE": "990642177", "OMPI_MCA_ess_base_jobid": "990642177",
    "OMPI_MCA_orte_precondition_transports": "f3985f215648d02c-9c4ef68cd1748459",
}  # fmt: skip
HYDRA = {"PMI_RANK": "1", "PMI_SIZE": "3", "PMI_FD": "9"}


def number_and_size(environ: dict[str, str]) -> tuple[int, int] | None:
    rank = detect_rank(environ)
    return None if rank is None else (rank.number, rank.world_size)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, None),
        (TORCHRUN, (3, 4)),
        (SRUN, (2, 4)),
        (OPENMPI, (1, 2)),
        (HYDRA, (1, 3)),
        ({"PMIX_RANK": "1", "SLURM_STEP_NUM_TASKS": "2"}, (1, 2)),
        ({"PMIX_RANK": "1"}, None),
        (BATCH, None),
        ({**SRUN, "SLURM_STEP_NUM_TASKS": "1"}, None),
        ({**SRUN, "SLURM_STEP_ID": "4294967291"}, None),
        ({**SRUN, "SLURM_STEP_ID": "4294967290"}, None),
        ({"RANK": "3"}, None),
        ({"RANK": "captain"}, None),
        ({"RANK": "0", "WORLD_SIZE": "1"}, None),
        ({"RANK": "", "WORLD_SIZE": ""}, None),
        ({"SACRED_RANK": "1", "SACRED_WORLD_SIZE": "2"}, (1, 2)),
        ({**SRUN, "SACRED_WORLD_SIZE": "1"}, None),
        ({**SRUN, "SACRED_RANK": "0"}, (0, 4)),
        ({**SRUN, "SACRED_WORLD_SIZE": "3"}, (2, 3)),
        ({"SACRED_WORLD_SIZE": "1"}, None),
        (SRUN | TORCHRUN, (3, 4)),
        (BATCH | OPENMPI, (1, 2)),
        ({**SRUN, "PMI_RANK": "2", "PMI_SIZE": "4"}, (2, 4)),
        ({"SACRED_RANK": " 1 ", "SACRED_WORLD_SIZE": "100000"}, (1, 100_000)),
    ],
)
def test_rank_and_size_of_launchers(
    environ: dict[str, str], expected: tuple[int, int] | None
) -> None:
    """The variables of each launcher, and of launchers in each other, name one rank or none."""
    assert number_and_size(environ) == expected


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        (
            {"RANK": "one", "WORLD_SIZE": "4"},
            "RANK must be an integer from 0, got 'one': set SACRED_RANK and SACRED_WORLD_SIZE to "
            "the rank and the number of processes, or SACRED_WORLD_SIZE=1 to record a run of its "
            "own",
        ),
        ({"RANK": "0", "WORLD_SIZE": "many"}, "WORLD_SIZE must be an integer from 0, got 'many'"),
        ({"RANK": "-1", "WORLD_SIZE": "4"}, "RANK must be an integer from 0, got '-1'"),
        ({"RANK": "²", "WORLD_SIZE": "4"}, "RANK must be an integer from 0, got '²'"),
        ({"RANK": "1" * 10, "WORLD_SIZE": "4"}, "RANK must be an integer from 0"),
        (
            {"RANK": "4", "WORLD_SIZE": "4"},
            "RANK is 4, but WORLD_SIZE is 4: ranks are 0 to 3",
        ),
        (
            {**SRUN, "SACRED_RANK": "9"},
            "SACRED_RANK is 9, but SLURM_STEP_NUM_TASKS is 4: ranks are 0 to 3",
        ),
        ({"RANK": "0", "WORLD_SIZE": "0"}, "WORLD_SIZE must be from 1 to 100000, got 0"),
        (
            {"SACRED_RANK": "0", "SACRED_WORLD_SIZE": "100001"},
            "SACRED_WORLD_SIZE must be from 1 to 100000, got 100001",
        ),
        ({"SACRED_RANK": "2"}, "SACRED_RANK is '2', but SACRED_WORLD_SIZE is not set: set both"),
        ({"SACRED_WORLD_SIZE": "2"}, "SACRED_WORLD_SIZE is '2', but SACRED_RANK is not set"),
    ],
)
def test_bad_values_are_errors(environ: dict[str, str], message: str) -> None:
    """The error names the variable, its value and what to do."""
    with pytest.raises(RankError, match=message):
        detect_rank(environ)


def test_names_of_writers() -> None:
    """A rank records under its number."""
    rank = detect_rank(TORCHRUN)
    assert rank is not None
    assert rank.writer == rank_name(3) == "rank3"
    assert rank == Rank(number=3, world_size=4, group=rank.group, job=rank.job)
