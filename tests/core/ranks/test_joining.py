"""Tests of ranks that record in the run that rank 0 starts."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from sacred_core import SETTINGS, Experiment
from sacred_core.exceptions import RankError
from sacred_core.observers import RunObserver
from sacred_core.ranks.detection import VARIABLES
from sacred_core.run.creation import RANK_VARIABLES
from sacred_core.spool.descriptions import SpooledRun
from sacred_core.spool.flushing import flush
from sacred_core.stores.writers import part_uid
from sacred_core.testing import Memory, MemoryObserver, MemoryStore
from tests.core.ranks.conftest import Job

Warnings = Callable[[], list[str]]


def test_the_creation_of_runs_looks_for_all_variables() -> None:
    """No variable of a launcher is missing where it is decided whether to import the detection."""
    assert set(RANK_VARIABLES) == set(VARIABLES)


def test_ranks_record_parts_of_one_run(job: Job, warnings: Warnings) -> None:
    """Metrics, output, result and end of each rank are in its part, with the seed of rank 0."""
    first = job.run(0)
    others = [job.run(number) for number in (2, 1, 3)]
    (stored,) = job.stored()
    assert stored.writers == ["rank1", "rank2", "rank3"]
    assert stored.meta["world_size"] == 4
    assert stored.uid == first.uid
    assert (stored.id, first._id, first.writer) == (1, 1, "main")
    assert job.store().metrics(1)["loss"]["values"] == [0]
    parts, store = job.parts(), job.part_store()
    assert list(parts) == ["rank1", "rank2", "rank3"]
    for run, number in zip(others, (2, 1, 3), strict=True):
        part = parts[f"rank{number}"]
        assert (run._id, run.uid, run.writer) == (1, first.uid, f"rank{number}")
        assert run.config["seed"] == part.config["seed"] == stored.seed
        assert (part.status, part.result) == ("COMPLETED", first.result)
        assert part.meta["group"] == stored.meta["group"]
        assert part.meta["run"] == stored.uid
        assert part.writers == []
        assert store.output(part.id).splitlines() == [f"rank {number}"]
        assert store.metrics(part.id)["loss"]["values"] == [number]
    assert not warnings()


def test_a_failed_rank_fails_alone(job: Job) -> None:
    """The failure of a rank is in its part, and the run of rank 0 stays completed."""
    job.run(0)
    with pytest.raises(ZeroDivisionError):
        job.run(1, lr=0.0)
    assert job.stored()[0].status == "COMPLETED"
    part = job.parts()["rank1"]
    assert part.status == "FAILED"
    assert "ZeroDivisionError" in part.fail_trace[-1]


def test_each_start_is_a_run(job: Job) -> None:
    """Starts of the same ranks one after another are as many runs, in order."""
    for _ in range(3):
        for number in range(3):
            job.run(number, size=3)
    assert [run.id for run in job.stored()] == [1, 2, 3]
    assert len({run.uid for run in job.stored()}) == 3
    assert [list(job.parts(run_id)) for run_id in (1, 2, 3)] == [["rank1", "rank2"]] * 3


def test_ranks_that_are_slower_than_rank_0(job: Job) -> None:
    """A rank joins the runs of its group in the order in which rank 0 started them."""
    seeds = [job.run(0, size=2).config["seed"] for _ in range(3)]
    assert [job.run(1, size=2).config["seed"] for _ in range(3)] == seeds
    assert [list(job.parts(run_id)) for run_id in (1, 2, 3)] == [["rank1"]] * 3


def test_a_rank_without_rank_0(job: Job, warnings: Warnings) -> None:
    """A rank that finds no run of its group records in a spool, and says where."""
    job.run(0, group="other")
    run = job.run(1, group="late")
    assert (run.status, run._id, run.writer) == ("COMPLETED", None, "rank1")
    assert job.parts() == {}
    not_found, spooled, left = warnings()
    assert re.fullmatch(
        r"Rank 1 found no run of rank 0 in memory://\d+/0 within 0.2 seconds. If rank 0 has "
        "started, set SACRED_GROUP to the same value for all ranks",
        not_found,
    )
    assert spooled == (
        f"Rank 1 records in the spool {job.spool}. To deliver the record to the run of rank 0 when "
        f"it is there: sacred spool flush --spool {job.spool}"
    )
    assert "to which it belongs, is not there" in left
    (result,) = flush([job.spool])
    assert isinstance(result.entry, SpooledRun)
    assert (result.run_id, result.entry.uid) == (None, run.uid)
    assert job.run(0, group="late")._id == 2
    (result,) = flush([job.spool])
    assert (result.reason, result.entry.writer) == ("", "rank1")  # type: ignore[union-attr]
    assert [list(job.parts(run_id)) for run_id in (1, 2)] == [[], ["rank1"]]
    part = job.parts(2)["rank1"]
    assert (part.uid, part.result) == (part_uid(job.stored()[1].uid, "rank1"), run.result)
    assert job.part_store(2).metrics(part.id)["loss"]["values"] == [1]
    assert [each.id for each in job.stored()] == [1, 2]
    assert list(flush([job.spool])) == []


def test_rank_0_that_starts_while_a_rank_runs(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is in the spool is delivered as soon as the run is there, in several stores."""
    job.memories = [Memory(), Memory()]
    job.run(1)
    job.run(0)
    assert [result.reason for result in flush([job.spool])] == ["", ""]
    assert list(job.parts(1, 0)) == list(job.parts(1, 1)) == ["rank1"]


def test_ranks_with_a_spool(job: Job, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With a spool for all runs, what a rank records is copied from there to its part."""
    monkeypatch.setattr(SETTINGS, "SPOOL", str(tmp_path / "spool"))
    job.run(0)
    run = job.run(1)
    assert [each.id for each in job.stored()] == [1]
    assert list(job.parts()) == ["rank1"]
    assert run.config["seed"] == job.stored()[0].seed
    assert list(flush([tmp_path / "spool"])) == []


def test_a_store_without_parts(
    job: Job, warnings: Warnings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that has no parts has the run of rank 0 only."""
    job.run(0)

    class WithoutParts(MemoryStore):
        writer_observer = None  # type: ignore[assignment]

    monkeypatch.setattr(
        MemoryObserver, "open_store", lambda observer: WithoutParts(observer.memory)
    )
    run = job.run(1)
    assert (run.status, run.observers) == ("COMPLETED", [])
    (message,) = warnings()
    assert "cannot record parts of a run: of this run it has only rank 0" in message


def test_every_store_has_the_parts(job: Job) -> None:
    """With several stores, a rank finds the run in each, where it has another id."""
    job.memories = [Memory(), Memory()]
    job.memories, both = job.memories[1:], job.memories
    job.run(0, group="other")
    job.memories = both
    job.run(0)
    job.run(1)
    assert [[run.id for run in job.stored(number)] for number in (0, 1)] == [[1], [1, 2]]
    assert list(job.parts(1, 0)) == list(job.parts(2, 1)) == ["rank1"]
    assert job.parts(1, 1) == {}


def test_only_rank_0_calls_observers_without_a_store(job: Job) -> None:
    """Messages are sent once."""
    calls = []

    class Messages(RunObserver):
        def started_event(self, command: str) -> None:
            calls.append(command)

    for number in range(3):
        job.run(number, Messages(), size=3)
    assert calls == ["main"]


def test_ranks_without_a_store(job: Job) -> None:
    """If nothing is recorded, the ranks do not wait."""
    job.memories = []
    run = job.run(1)
    assert (run.status, run.observers, run._id) == ("COMPLETED", [], None)


def test_a_different_configuration(job: Job, warnings: Warnings) -> None:
    """A rank whose configuration is not that of rank 0 says which entries differ."""
    job.run(0, seed=5)
    job.run(1, seed=6, model={"size": 2})
    (message,) = warnings()
    assert message == (
        "The configuration of rank 1 differs from that of rank 0, which is recorded: "
        "model.size is 1 in rank 0 and 2 here; seed is 5 in rank 0 and 6 here"
    )
    assert job.parts()["rank1"].config["seed"] == 6


def test_queued_runs(job: Job) -> None:
    """Rank 0 queues a run; the ranks that start it later record in it."""
    for number in (0, 1):
        job.become(number, 2)
        experiment = Experiment("job", save_git_info=False)
        experiment.observers.extend(job.observers())
        experiment.main(lambda: None)
        experiment.run(options={"--queue": True})
    assert [run.status for run in job.stored()] == ["QUEUED"]
    for number in (0, 1):
        job.become(number, 2)
        experiment.run(options={"--id": "1"})
    assert [run.status for run in job.stored()] == ["COMPLETED"]
    assert list(job.parts()) == ["rank1"]


def test_standard_commands_do_not_wait(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    """Each rank can show the configuration, also if the variables are wrong."""
    experiment = Experiment("job", save_git_info=False)
    experiment.observers.extend(job.observers())
    experiment.main(lambda: None)
    job.become(9, 2)
    experiment.run("print_config")
    assert "seed" in capsys.readouterr().out
    with pytest.raises(RankError, match="SACRED_RANK is 9"):
        experiment.run()
    assert job.stored() == []


def test_inner_runs_are_not_ranks(job: Job) -> None:
    """Each rank that starts a run inside its own starts a run of its own."""
    inner = Experiment("inner", save_git_info=False)
    inner.observers.extend(job.observers())
    inner.main(lambda: None)
    for number in (0, 1):
        job.become(number, 2)
        outer = Experiment("outer", save_git_info=False)
        outer.observers.extend(job.observers())
        outer.main(lambda: inner.run().writer)
        assert outer.run().result == "main"
    assert sorted(run.name for run in job.stored()) == ["inner", "inner", "outer"]


def test_a_world_of_one_process(job: Job) -> None:
    """With SACRED_WORLD_SIZE=1 each process starts a run, without metadata of ranks."""
    job.become(3, 1)
    experiment = Experiment("job", save_git_info=False)
    experiment.observers.extend(job.observers())
    experiment.main(lambda: None)
    experiment.run()
    (stored,) = job.stored()
    assert stored.writers == []
    assert not {"group", "job", "world_size", "writer"} & set(stored.meta)
