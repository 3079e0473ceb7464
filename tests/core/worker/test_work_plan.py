"""Tests of what the process of a claimed run is told, and what it reports."""

import hashlib
import stat
from pathlib import Path
from typing import Any

import pytest

from sacred_core.exceptions import RerunError
from sacred_core.rerun.records import MissingValuesError
from sacred_core.stores import StoredRun
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore
from sacred_core.worker.work_plan import (
    NotExecutableError,
    WorkOutcome,
    WorkPlan,
    make_plan,
)

SOURCE = "x = 1\n"
META = {
    "options": {"COMMAND": None, "UPDATE": ["lr=0.5"], "--queue": True},
    "config_updates": {"lr": 0.5}, "named_configs": [], "uid": "ab" * 16,
    "origins": {"command line": ["lr"], "scope config": ["twice"], "seed": ["seed"]},
    "sweep": {"uid": "abc"}, "comment": "why", "beat_interval": 10.0, "masked": ["host.ENV.KEY"],
}  # fmt: skip


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def queue_and_claim(base: Path, info: Any = None, **meta: Any) -> tuple[MemoryStore, StoredRun]:
    """Queue a run with a script, and claim it."""
    (base / "train.py").write_text(SOURCE)
    memory = Memory()
    ex_info = {
        "name": "train", "base_dir": str(base), "working_dir": str(base), "mainfile": "train.py",
        "sources": [["train.py", hashlib.md5(SOURCE.encode()).hexdigest()]],
        "dependencies": [], "repositories": [], **(info or {}),
    }  # fmt: skip
    config = {"lr": 0.5, "twice": 1.0, "seed": 3}
    EventDriver(MemoryObserver(memory)).queue(
        ex_info=ex_info, command="main", config=config, meta_info={**META, **meta}
    )
    store = MemoryStore(memory)
    run = store.claim(None, "me", 30.0)
    assert run is not None
    return store, run


def test_a_plan_has_the_recorded_run(base: Path) -> None:
    """Metadata that the process determines itself is not among it."""
    store, run = queue_and_claim(base)
    plan = make_plan(store, "my_runs", run)
    assert run.claim is not None
    assert (plan.name, plan.command, plan.main) == ("train", "main", str(base / "train.py"))
    assert (plan.module, plan.roots, plan.working_dir) == (None, [str(base)], str(base))
    assert (plan.run_id, plan.uid, plan.location) == (1, "ab" * 16, "my_runs")
    assert (plan.is_resumed, plan.is_resolved, plan.repositories) == (False, True, None)
    assert plan.claim["token"] == run.claim.token
    assert plan.meta["sweep"] == {"uid": "abc"}
    assert plan.meta["comment"] == "why"
    assert plan.meta.keys().isdisjoint({"uid", "beat_interval", "masked"})
    assert plan.words == ["with", "lr=0.5"]
    assert plan.config.first_updates() == {"lr": 0.5, "seed": 3}


def test_a_plan_is_written_for_this_user_only_and_read_once(base: Path, tmp_path: Path) -> None:
    """It may have a password."""
    plan = make_plan(*_located(queue_and_claim(base), "mysql://ann:hunter2@db"))
    path = tmp_path / "plan.json"
    plan.write(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert WorkPlan.read(path) == plan
    assert not path.exists()


def _located(found: tuple[MemoryStore, StoredRun], location: str) -> tuple[Any, str, StoredRun]:
    return found[0], location, found[1]


@pytest.mark.parametrize("what", ["script", "working directory"])
def test_a_folder_of_another_machine_is_named(base: Path, tmp_path: Path, what: str) -> None:
    """The error has the path and the option that executes the stored sources."""
    gone = tmp_path / "gone"
    store, run = queue_and_claim(base, {"working_dir": str(gone)} if what != "script" else None)
    if what == "script":
        (base / "train.py").unlink()
    with pytest.raises(NotExecutableError, match=f"the {what} of run '1' does not exist") as error:
        make_plan(store, "my_runs", run)
    assert repr(str(base / "train.py") if what == "script" else str(gone)) in str(error.value)
    assert "--from-store" in str(error.value)


def test_stored_sources_are_restored(base: Path, tmp_path: Path) -> None:
    """The record says where the run was queued, as its own folder will be another one."""
    store, run = queue_and_claim(base)
    (base / "train.py").write_text("changed")
    folder = tmp_path / "restored"
    folder.mkdir()
    plan = make_plan(store, "my_runs", run, folder)
    assert Path(plan.main).read_text() == SOURCE
    assert Path(plan.main).is_relative_to(folder)
    assert plan.folder == str(folder)
    assert plan.repositories == []
    assert plan.meta["queued_in"] == {"base_dir": str(base), "working_dir": str(base)}


def test_the_folder_of_the_queue_is_found_again(base: Path, tmp_path: Path) -> None:
    """A run that was executed from the store is resumed where it was queued."""
    folders = {"base_dir": str(base), "working_dir": str(base)}
    info = {"base_dir": str(tmp_path / "gone"), "working_dir": str(tmp_path / "gone")}
    (tmp_path / "gone").mkdir()
    (tmp_path / "gone" / "train.py").write_text(SOURCE)
    store, run = queue_and_claim(base, None, queued_in=folders)
    run.experiment |= info
    assert make_plan(store, "my_runs", run).main == str(base / "train.py")


def test_masked_entries_of_the_call_cannot_be_set(base: Path) -> None:
    """The error names them."""
    store, run = queue_and_claim(base, masked=["config.lr", "config.twice"])
    with pytest.raises(MissingValuesError, match=r"from an environment variable: lr$"):
        make_plan(store, "my_runs", run)


@pytest.mark.parametrize("was_started", [False, True])
def test_an_open_configuration_has_only_updates_and_seed(base: Path, was_started: bool) -> None:
    """Once the run was started, the record has all of it."""
    updates = {"opt.lr": 0.7}
    store, run = queue_and_claim(base, sweep={"is_resolved": False}, config_updates=updates)
    if was_started:
        run.start_time = run.queue_time
    plan = make_plan(store, "my_runs", run)
    assert plan.is_resumed is plan.is_resolved is was_started
    expected = {"lr": 0.5, "twice": 1.0, "seed": 3} if was_started else {**updates, "seed": 3}
    assert plan.config.config == expected


def test_a_notebook_cannot_be_executed(base: Path) -> None:
    """The reason is that of a rerun."""
    store, run = queue_and_claim(base, {"mainfile": None})
    with pytest.raises(RerunError, match="has no main file"):
        make_plan(store, "my_runs", run)


def test_an_outcome_is_read_back(tmp_path: Path) -> None:
    """A process that reports nothing has an empty one."""
    path = tmp_path / "outcome.json"
    assert WorkOutcome.read(path) == WorkOutcome()
    outcome = WorkOutcome(is_started=True, status="FAILED", problem=["a\udcff\n"])
    outcome.write(path)
    assert WorkOutcome.read(path) == outcome
