"""Tests of ``--resume`` and ``--fork``."""

import subprocess
import sys
from typing import Any

import pytest

from sacred_core import Experiment
from sacred_core.exceptions import OptionError, ResumeError, SacredInterrupt


def test_a_failed_run_is_continued_as_its_next_segment(training: Any) -> None:
    """The resumed run has the id and uid of the failed one, and its points follow the earlier."""
    failed = training.fail(4)
    run = training.ex.run(resume=failed.id)
    stored = training.store.get(failed.id)
    assert (run._id, run.uid, run.segment) == (failed.id, failed.uid, 1)
    assert [each.status for each in stored.segments] == ["FAILED", "COMPLETED"]
    assert (stored.status, stored.result) == ("COMPLETED", "result of 4")
    assert len(training.memory.runs) == 1
    assert training.memory.runs[failed.id].metrics["loss"]["steps"] == [0, 1, 2, 3, 4, 4, 5]


def test_a_resumed_run_knows_what_was_recorded_before(training: Any) -> None:
    """``_run.resumed`` has the segment, the last steps and the status; it is None before."""
    training.fail(4)
    training.ex.run(resume=1)
    first, second = training.seen
    assert first is None
    assert (second.segment, second.status, second.result) == (1, "FAILED", None)
    assert second.last_steps == {"loss": 4, "calls": 4}


def test_steps_and_info_continue(training: Any) -> None:
    """A metric without steps continues after its last step, and ``info`` with what was stored."""
    training.fail(3)
    training.ex.run(resume=1, info={"new": 1})
    steps = training.memory.runs[1].metrics["calls"]["steps"]
    assert steps == list(range(len(steps)))
    assert training.store.get(1).info == {"step": 5, "new": 1}


def test_points_before_a_checkpoint_are_recorded_with_it(training: Any) -> None:
    """A process that ends without any heartbeat has recorded the points before its artifact."""
    seen = []

    @training.ex.main
    def main(_run: Any) -> None:
        _run.log_scalar("loss", 1.0)
        training.checkpoint.write_text("0")
        _run.add_artifact(training.checkpoint)
        seen.append(training.store.metrics(1)["loss"]["values"])

    training.ex.run()
    assert seen == [[1.0]]


def test_a_run_can_be_resumed_several_times(training: Any) -> None:
    """Each time it has one more segment."""
    training.fail(0)
    training.fail(2, resume=1)
    training.fail(4, resume=1)
    training.ex.run(resume=1)
    stored = training.store.get(1)
    assert [each.status for each in stored.segments] == ["FAILED"] * 3 + ["COMPLETED"]
    assert [each and each.segment for each in training.seen] == [None, 1, 2, 3]
    steps = training.memory.runs[1].metrics["loss"]["steps"]
    assert steps == [0, 0, 1, 2, 2, 3, 4, 4, 5]


def test_another_configuration_is_an_error_that_names_the_entries(training: Any) -> None:
    """The error lists old and new values, and ``--fork``; the stored run is not changed."""
    training.fail(3)
    before = training.store.get(1)
    with pytest.raises(ResumeError, match=r"steps: 6 → 7, lr: 0.1 → 0.5.*add --fork"):
        training.ex.run(resume=1, config_updates={"steps": 7, "lr": 0.5})
    assert training.store.get(1) == before


def test_the_stored_seed_is_used(training: Any) -> None:
    """Entries that depend on the seed are equal to the stored ones; another seed is an error."""

    @training.ex.config
    def derived(seed: int) -> None:
        shift = seed % 1000

    stored = training.fail(3)
    training.ex.run(resume=1)
    assert training.configs[1] == training.configs[0] == stored.config
    training.fail(3)
    with pytest.raises(ResumeError, match=r"seed: \d+ → 5, shift: "):
        training.ex.run(resume=2, config_updates={"seed": 5})


def test_a_fork_is_a_new_run_with_a_parent(training: Any) -> None:
    """It may have another configuration, has the stored seed, and reads the other's artifacts."""
    parent = training.fail(4)
    read = []

    @training.ex.main
    def main(_run: Any) -> None:
        read.append((_run.resumed, _run.artifact_path("checkpoint.txt").read_text()))

    run = training.ex.run(resume=1, fork=True, config_updates={"lr": 0.5}, command_name="train")
    assert (run._id, run.segment) == (2, 0)
    child = training.store.get(2)
    assert (child.meta["parent"], child.seed) == (parent.uid, parent.seed)
    assert training.store.get(1).segments == parent.segments


def test_a_fork_reads_artifacts_of_its_parent(training: Any) -> None:
    """``artifact_path`` of a fork returns a copy of the parent's artifact."""
    training.fail(4)
    read = []

    @training.ex.post_run_hook
    def read_checkpoint() -> None:
        read.append(training.ex.current_run.artifact_path("checkpoint.txt").read_text())

    training.ex.run(resume=1, fork=True, config_updates={"steps": 0})
    assert read == ["3"]


@pytest.mark.parametrize(
    ("status", "message"),
    [("COMPLETED", "has completed: .* add --fork"), ("QUEUED", "is queued .* --id=1")],
)
def test_some_runs_cannot_be_resumed(training: Any, status: str, message: str) -> None:
    """The error says why, and what to do."""
    training.fail(1)
    run = training.memory.runs[1].run
    run.recorded_status = status
    run.start_time = None if status == "QUEUED" else run.start_time
    with pytest.raises(ResumeError, match=message):
        training.ex.run(resume=1)


def test_a_completed_run_can_be_forked(training: Any) -> None:
    """The new run starts from the beginning, with the other as its parent."""
    run = training.ex.run()
    child = training.ex.run(resume=1, fork=True)
    assert training.store.get(child._id).meta["parent"] == run.uid


def test_a_run_with_a_status_of_the_user_is_resumed(training: Any) -> None:
    """An interrupt of a class of the user can be resumed, as FAILED can."""

    class OutOfBudget(SacredInterrupt):
        STATUS = "OUT_OF_BUDGET"

    @training.ex.pre_run_hook
    def stop() -> None:
        if training.fails_at is not None:
            raise OutOfBudget

    training.fails_at = 1
    with pytest.raises(OutOfBudget):
        training.ex.run()
    training.fails_at = None
    assert training.ex.run(resume=1).resumed.status == "OUT_OF_BUDGET"
    assert training.store.get(1).segments[0].status == "OUT_OF_BUDGET"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"options": {"--id": 5}, "resume": 1}, "with --id"),
        ({"options": {"--queue": True}, "resume": 1}, "with --queue"),
        ({"options": {"--unobserved": True}, "resume": 1}, "with --unobserved"),
        ({"fork": True}, "--fork requires --resume ID"),
        ({"fork": True, "resume": "auto"}, "requires the id"),
        ({"resume": ""}, "must be the id of a run"),
        ({"resume": 1.5}, "must be the id of a run"),
        ({"resume": True}, "must be the id of a run"),
    ],
)
def test_contradicting_options_are_errors(
    training: Any, arguments: dict[str, Any], message: str
) -> None:
    """The error names the flag; no run is created."""
    with pytest.raises(OptionError, match=message):
        training.ex.run(**arguments)
    assert not training.memory.runs


def test_only_runs_of_the_same_experiment_and_command_are_resumed(training: Any) -> None:
    """The error names both experiments, or both commands; a missing run is named too."""
    training.fail(1)
    other = Experiment("other", interactive=True)
    other.observers = training.ex.observers

    @other.main
    def main() -> None: ...

    with pytest.raises(ResumeError, match="of the experiment 'training', not of 'other'"):
        other.run(resume=1)
    with pytest.raises(ResumeError, match="of the command 'train', not of 'main'"):
        other.run(resume=1, options={"--name": "training"})
    with pytest.raises(ResumeError, match="run '7' not found"):
        training.ex.run(resume=7)


def test_an_observer_with_a_store_is_required(training: Any) -> None:
    """Without one, the error says how to add it."""
    training.ex.observers.clear()
    with pytest.raises(ResumeError, match="requires an observer with a store"):
        training.ex.run(resume=1)


def test_standard_commands_ignore_the_option(training: Any, capsys: Any) -> None:
    """``print_config --resume ID`` prints the configuration, and needs no stored run."""
    training.ex.run("print_config", options={"--resume": "9"})
    assert "lr = 0.1" in capsys.readouterr().out


def test_an_ordinary_run_imports_nothing_of_it_and_records_no_option() -> None:
    """The package is imported for ``--resume`` alone; the record has the options as before."""
    code = """
import sys
from sacred_core import Experiment
from sacred_core.testing.memory import Memory, MemoryObserver
memory = Memory()
ex = Experiment("e", interactive=True, save_git_info=False)
ex.observers.append(MemoryObserver(memory))
ex.main(lambda: 1) if False else ex.add_config(a=1)
@ex.main
def main(): pass
ex.run()
print([n for n in sys.modules if "sacred_core.resume" in n or n.endswith("resumption")])
print([n for n in memory.runs[1].run.meta["options"] if n in ("--resume", "--fork")])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n[]\n"
