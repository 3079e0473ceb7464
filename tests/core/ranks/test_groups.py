"""Tests of what the ranks of a job have in common."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sacred_core.ranks.detection import Rank, detect_rank
from sacred_core.ranks.groups import batch_job_key
from tests.core.ranks.test_detection import BATCH, HYDRA, OPENMPI, SRUN, TORCHRUN

OWN = {"SACRED_RANK": "1", "SACRED_WORLD_SIZE": "2"}
STANDALONE = {**TORCHRUN, "MASTER_ADDR": "127.0.0.1"}
ELASTIC = {**TORCHRUN, "TORCHELASTIC_RUN_ID": "e1f2"}


def rank_of(environ: dict[str, str], **changed: str) -> Rank:
    found = detect_rank({**environ, **changed})
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("environ", "number"),
    [
        (TORCHRUN, "RANK"),
        (ELASTIC, "RANK"),
        (SRUN, "SLURM_PROCID"),
        (OPENMPI, "OMPI_COMM_WORLD_RANK"),
        (HYDRA, "PMI_RANK"),
        (OWN, "SACRED_RANK"),
        (SRUN | TORCHRUN, "RANK"),
        (BATCH | HYDRA, "PMI_RANK"),
    ],
)
def test_ranks_of_one_group_have_equal_keys(environ: dict[str, str], number: str) -> None:
    """The keys do not depend on the number of the rank."""
    one, other = rank_of(environ, **{number: "0"}), rank_of(environ, **{number: "1"})
    assert (one.group, one.job) == (other.group, other.job)
    assert len(one.group) == len(one.job) == 32
    assert one.group != one.job


@pytest.mark.parametrize(
    ("environ", "changed"),
    [
        (TORCHRUN, {"MASTER_PORT": "29501"}),
        (TORCHRUN, {"MASTER_ADDR": "10.0.0.2"}),
        (ELASTIC, {"TORCHELASTIC_RUN_ID": "other"}),
        (SRUN, {"SLURM_JOB_ID": "18"}),
        (SRUN, {"SLURM_STEP_ID": "1"}),
        (SRUN, {"SLURM_CLUSTER_NAME": "d"}),
        (OPENMPI, {"PMIX_NAMESPACE": "7"}),
        (OPENMPI, {"OMPI_MCA_orte_precondition_transports": "0-0"}),
        (HYDRA, {"PMI_JOBID": "7"}),
        (OWN, {"SACRED_GROUP": "mine"}),
        (SRUN, {"SACRED_GROUP": "mine"}),
        (OWN | {"SACRED_GROUP": "mine"}, {"SACRED_GROUP": "yours"}),
        (SRUN | TORCHRUN, {"SLURM_JOB_ID": "18"}),
    ],
)
def test_other_groups_have_other_keys(environ: dict[str, str], changed: dict[str, str]) -> None:
    """Groups that differ in what identifies them are not the same group, nor the same job."""
    one, other = rank_of(environ), rank_of(environ, **changed)
    assert one.group != other.group
    assert one.job != other.job


@pytest.mark.parametrize(
    ("environ", "changed"),
    [
        (TORCHRUN, {"TORCHELASTIC_RESTART_COUNT": "1"}),
        (ELASTIC, {"TORCHELASTIC_RESTART_COUNT": "1", "MASTER_PORT": "4711"}),
        (ELASTIC, {"MASTER_ADDR": "10.0.0.9"}),
        (SRUN, {"SLURM_RESTART_COUNT": "1"}),
        (SRUN | TORCHRUN, {"SLURM_RESTART_COUNT": "1", "MASTER_ADDR": "10.0.0.9"}),
        (OWN | {"SACRED_GROUP": "mine"}, {"SLURM_RESTART_COUNT": "1"}),
        (BATCH | OPENMPI, {"PMIX_NAMESPACE": "7"}),
    ],
)
def test_restarts_of_a_job(environ: dict[str, str], changed: dict[str, str]) -> None:
    """A job that was started again is another group of the same job."""
    one, other = rank_of(environ), rank_of(environ, **changed)
    assert one.group != other.group
    assert one.job == other.job


def test_steps_of_agents_do_not_matter() -> None:
    """Agents of torchrun that srun starts in different steps of a job have one group."""
    one = rank_of(SRUN | TORCHRUN, SLURM_STEP_ID="1")
    assert one == rank_of(SRUN | TORCHRUN, SLURM_STEP_ID="2")


def test_loopback_addresses_are_those_of_one_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two machines on which torchrun uses its default address have different groups."""
    groups = set()
    for name in ("one", "other"):
        monkeypatch.setattr("platform.node", lambda name=name: name)
        groups.add(rank_of(STANDALONE).group)
        groups.add(rank_of(STANDALONE, MASTER_ADDR="localhost").group)
        groups.add(rank_of({"RANK": "0", "WORLD_SIZE": "2", "MASTER_PORT": "1"}).group)
        groups.add(rank_of(TORCHRUN).group)
    assert len(groups) == 3 * 2 + 1


def test_a_launcher_that_passes_nothing(tmp_path: Path) -> None:
    """Processes with one parent have a group, and those of another parent another one."""
    show = "import os; from sacred_core.ranks.detection import detect_rank; "
    show += "print(detect_rank(os.environ).group)"
    twice = "import subprocess, sys; [subprocess.check_call([sys.executable, *sys.argv[1:]]) "
    twice += "for _ in (1, 2)]"
    found = []
    for _ in range(2):
        output = subprocess.run(
            [sys.executable, "-c", twice, "-c", show],
            env=os.environ | OWN, cwd=tmp_path, capture_output=True, text=True, check=True,
        ).stdout.split()  # fmt: skip
        assert len(output) == 2
        assert len(set(output)) == 1
        found.append(output[0])
    assert found[0] != found[1]


def test_srun_with_a_single_task_is_not_a_group() -> None:
    """Ranks that a script starts itself in a step of one task are found by the script."""
    single = {**SRUN, "SLURM_STEP_NUM_TASKS": "1"}
    one = rank_of(single | OWN)
    assert one.group != rank_of(SRUN | OWN).group


def test_jobs_of_single_processes() -> None:
    """A batch job without ranks has a key, which a requeued job has as well."""
    key = batch_job_key(BATCH)
    assert key is not None
    assert key == batch_job_key({**BATCH, "SLURM_RESTART_COUNT": "1"})
    assert key != batch_job_key({**BATCH, "SLURM_JOB_ID": "1"})
    assert batch_job_key({"PBS_JOBID": "17"}) not in (None, key)
    assert batch_job_key({}) is None
