"""Tests of ranks in a run that rank 0 resumes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.core.ranks.conftest import Job


def stop_after(*steps: Callable[[Any], Any]) -> Callable[[Any], None]:
    """Return code that does something and is then interrupted, as by Ctrl-C."""

    def code(run: Any) -> None:
        for step in steps:
            step(run)
        raise KeyboardInterrupt

    return code


def start(job: Job, ranks: int, *steps: Callable[[Any], Any]) -> None:
    """Start all ranks, which are interrupted."""
    for number in range(ranks):
        with pytest.raises(KeyboardInterrupt):
            job.run(number, size=ranks, code=stop_after(*steps))


def test_ranks_resume_their_parts(job: Job) -> None:
    """After a restart with more ranks, each continues its part, and the new one has one."""
    start(job, 2)
    resumed: dict[int, Any] = {}
    for number in range(3):
        run = job.run(number, size=3, restart=1, code=lambda run: resumed.update({0: run.resumed}))
        assert (run._id, run.segment) == (1, 1)
        known = resumed[0]
        assert (known.segment, known.status) == (1, "INTERRUPTED")
        assert known.last_steps == ({} if number == 2 else {"loss": 0})
    (stored,) = job.stored()
    assert [segment.status for segment in stored.segments] == ["INTERRUPTED", "COMPLETED"]
    assert stored.writers == ["rank1", "rank2"]
    assert len({segment.group for segment in stored.segments}) == 2
    parts = job.parts()
    assert [len(parts[name].segments) for name in ("rank1", "rank2")] == [2, 1]
    assert [part.status for part in parts.values()] == ["COMPLETED", "COMPLETED"]
    store = job.part_store()
    points = store.metrics(parts["rank1"].id)["loss"]
    assert (points["steps"], points["values"]) == ([0, 1], [1, 1])
    assert "[segment 2 of this run: " in store.output(parts["rank1"].id)
    assert store.metrics(parts["rank2"].id)["loss"]["steps"] == [0]
    assert {part.config["seed"] for part in parts.values()} == {stored.seed}


def test_fewer_ranks(job: Job) -> None:
    """A rank that is missing after a restart has one segment, and is still a writer."""
    start(job, 3)
    for number in range(2):
        job.run(number, size=2, restart=1)
    (stored,) = job.stored()
    assert stored.writers == ["rank1", "rank2"]
    parts = job.parts()
    assert [len(parts[name].segments) for name in ("rank1", "rank2")] == [2, 1]
    assert parts["rank2"].status == "INTERRUPTED"


def test_checkpoints_of_ranks(job: Job, tmp_path: Path) -> None:
    """A rank gets back its own checkpoint, or else that of rank 0, and its own info."""

    def save(run: Any) -> None:
        for name in ["own.txt"] if run.is_part else ["own.txt", "shared.txt"]:
            path = tmp_path / run.writer / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"{name} of {run.writer}")
            run.add_artifact(path)
        run.info["epoch"] = run.writer

    start(job, 2, save)
    read: list[str] = []

    def load(run: Any) -> None:
        names = ("own.txt", "shared.txt")
        read.extend(run.artifact_path(name).read_text() for name in names)
        read.append(run.info["epoch"])
        assert sorted(run.resumed.artifacts) == list(names)

    for number in range(2):
        job.run(number, size=2, restart=1, code=load)
    assert read == [
        "own.txt of main", "shared.txt of main", "main",
        "own.txt of rank1", "shared.txt of main", "rank1",
    ]  # fmt: skip


def test_a_restart_without_a_run_to_resume(job: Job) -> None:
    """If there is nothing to resume, rank 0 starts a run, which the others join."""
    for number in range(2):
        job.run(number, size=2, restart=1)
    (stored,) = job.stored()
    assert len(stored.segments) == 1
    assert list(job.parts()) == ["rank1"]
