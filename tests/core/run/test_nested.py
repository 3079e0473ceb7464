"""Tests of runs that are started inside another run."""

from typing import Any

import pytest

from sacred_core import Experiment
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
