"""Tests of runs that are started inside another run."""

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from sacred_core import Experiment
from sacred_core.environment import RunAddress, decode_address
from sacred_core.hooks.records import CLIOption
from sacred_core.observers import RunObserver
from sacred_core.testing.memory import Memory, MemoryObserver


@pytest.fixture
def memory() -> Memory:
    return Memory()


def nested(memory: Memory, **arguments: Any) -> tuple[Experiment, Experiment]:
    """Return an experiment with an option ``-M`` that records it, and one that it runs."""
    option = CLIOption(
        ("-M", "--memory"),
        lambda argument, run: run.observers.append(MemoryObserver(memory)),
        is_flag=True,
    )
    inner = Experiment("inner", additional_cli_options=[option])
    inner.main(lambda _run: _run._id)
    outer = Experiment("outer", additional_cli_options=[option])

    @outer.main
    def main(_run: Any) -> Any:
        given = {k: v(_run) if callable(v) else v for k, v in arguments.items()}
        return inner.run(**given).result

    return outer, inner


def names(memory: Memory) -> list[str]:
    return [stored.run.experiment["name"] for stored in memory.runs.values()]


@pytest.mark.parametrize(
    ("arguments", "recorded"),
    [
        ({}, ["outer"]),
        ({"inherit_observers": True}, ["outer", "inner"]),
        ({"options": lambda run: run.options}, ["outer", "inner"]),
    ],
)
def test_an_inner_run_has_the_observers_of_the_command_line_if_asked(
    memory: Memory, arguments: dict[str, Any], recorded: list[str]
) -> None:
    """By default it has only its own; two arguments of `ex.run` change that."""
    outer, _ = nested(memory, **arguments)
    outer.run_commandline("x -M")
    assert names(memory) == recorded
    assert {stored.run.status for stored in memory.runs.values()} == {"COMPLETED"}


def test_inherited_observers_come_after_its_own(memory: Memory) -> None:
    """Both record the run."""
    outer, inner = nested(memory, inherit_observers=True)
    own = Memory()
    inner.observers.append(MemoryObserver(own))
    outer.run_commandline("x -M")
    assert (names(own), names(memory)) == (["inner"], ["outer", "inner"])


def test_a_shared_observer_records_each_run_once(memory: Memory) -> None:
    """A shared observer records each run once, at any depth, although copies of it are at work
    inside.
    """
    ex = Experiment("deep")
    ex.observers.append(MemoryObserver(memory))

    @ex.main
    def main(_run: Any) -> int:
        ex.log_scalar("depth", len(memory.runs))
        if len(memory.runs) < 4:
            ex.run(inherit_observers=True)
        return len(memory.runs)

    ex.run()
    assert len(memory.runs) == 4
    depths = [stored.metrics["depth"]["values"] for stored in memory.runs.values()]
    assert depths == [[1], [2], [3], [4]]


def test_an_unobserved_outer_run_has_nothing_to_inherit(memory: Memory) -> None:
    """With ``-u`` nothing is recorded at any depth."""
    outer, _ = nested(memory, inherit_observers=True)
    outer.run_commandline("x -M -u")
    assert memory.runs == {}


def test_without_an_outer_run_the_argument_has_no_effect(memory: Memory) -> None:
    """Without an outer run the argument has no effect, so that a function may be used inside a run
    and outside of any.
    """
    _, inner = nested(memory)
    assert inner.run(inherit_observers=True, options={"-M": True}).status == "COMPLETED"
    assert names(memory) == ["inner"]


def test_a_run_that_follows_inherits_nothing(memory: Memory) -> None:
    """Only runs inside the outer one do; its observers are those of the experiment again."""
    outer, inner = nested(memory, inherit_observers=True)
    outer.run_commandline("x -M")
    inner.run(inherit_observers=True)
    assert names(memory) == ["outer", "inner"]
    assert (outer.observers, inner.observers) == ([], [])


def test_observers_are_those_at_the_start_of_the_outer_run(memory: Memory) -> None:
    """One that an option or a hook of the outer run attached is among them."""
    outer, _ = nested(memory, inherit_observers=True)
    seen = Memory()
    outer.option_hook(lambda options: outer.observers.append(MemoryObserver(seen)))
    outer.run()
    assert names(seen) == ["outer", "inner"]


def test_the_failure_of_an_inner_run_is_recorded_in_both() -> None:
    """Each observer gets the end of each run."""
    ends: list[Any] = []

    class Ends(RunObserver):
        def started_event(self, ex_info: Any, **fields: Any) -> None:
            self.name = ex_info["name"]

        def failed_event(self, fail_time: Any, fail_trace: Any) -> None:
            ends.append(self.name)

    inner, outer = Experiment("inner"), Experiment("outer")
    outer.observers.append(Ends())

    @inner.main
    def fails() -> None:
        raise ValueError("x")

    outer.main(lambda: inner.run(inherit_observers=True))
    with pytest.raises(ValueError, match="x"):
        outer.run()
    assert ends == ["inner", "outer"]


def parents(memory: Memory) -> dict[str, Any]:
    """Return the name of the parent of each run by its name."""
    runs = [stored.run for stored in memory.runs.values()]
    by_uid = {run.uid: run.name for run in runs}
    return {run.name: by_uid.get(run.meta.get("parent")) for run in runs}


def test_an_inner_run_records_its_parent(memory: Memory) -> None:
    """The outer run has none; metadata of the caller is not replaced."""
    outer, inner = nested(memory, options={"--memory": True})
    outer.run(options={"--memory": True})
    assert parents(memory) == {"outer": None, "inner": "outer"}
    inner.run(options={"--memory": True}, meta_info={"parent": "own"})
    assert memory.runs[3].run.meta["parent"] == "own"


def test_a_run_without_observers_is_not_a_parent(memory: Memory) -> None:
    """Runs in it belong to the recorded run around it."""
    outer, _ = nested(memory, options={"--memory": True})
    outer.run()
    assert "parent" not in memory.runs[1].run.meta
    around = Experiment("around", additional_cli_options=outer.additional_cli_options)
    around.main(lambda: outer.run().result)
    around.run(options={"--memory": True})
    assert memory.runs[3].run.meta["parent"] == memory.runs[2].run.uid


def test_a_run_of_another_process_finds_its_parent_in_the_environment(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs at the same time in other threads are not its parents; nonsense is ignored."""
    _, inner = nested(memory)
    monkeypatch.setenv("SACRED_RUN", RunAddress("a" * 32).encode())
    runs: list[Any] = []

    def start() -> None:
        runs.append(inner.run(options={"--memory": True}))

    both = Experiment("both")
    both.observers.append(MemoryObserver(memory))

    @both.main
    def main() -> None:
        thread = threading.Thread(target=start)
        thread.start()
        thread.join()

    both.run()
    monkeypatch.setenv("SACRED_RUN", "nonsense")
    inner.run(options={"--memory": True})
    found = [stored.run.meta.get("parent") for stored in memory.runs.values()]
    assert found == ["a" * 32, "a" * 32, None]


def test_the_address_of_a_run_is_in_the_environment_while_it_is_running(memory: Memory) -> None:
    """It has the uid, a folder of its own, which does not exist, and the stores."""
    ex = Experiment("addressed")
    ex.observers.append(MemoryObserver(memory))
    ex.main(lambda: os.environ["SACRED_RUN"])
    run = ex.run()
    address = decode_address(run.result)
    assert address is not None
    assert (address.uid, address.name, address.command) == (run.uid, "addressed", "<lambda>")
    assert run.uid in address.folder
    assert not Path(address.folder).exists()
    assert "SACRED_RUN" not in os.environ
