"""Tests of `Experiment.current_run` and `Experiment.info`, during runs and after them."""

import contextvars
import threading
from typing import Any

import pytest

from sacred_core import Experiment
from sacred_core.context import current_run, run_of_context
from sacred_core.exceptions import AmbiguousRunError, NoRunError
from sacred_core.testing.memory import Memory, MemoryObserver


@pytest.fixture
def ex() -> Experiment:
    return Experiment("outer")


def test_there_is_none_before_the_first_run(ex: Experiment) -> None:
    """`current_run` is None and `info` an error that names it."""
    assert ex.current_run is None
    with pytest.raises(NoRunError, match=r"ex.info works only while"):
        ex.info


def test_it_is_the_last_run_afterwards(ex: Experiment) -> None:
    """It is the last run afterwards, so that a script may look at results after `ex.run()`."""

    @ex.main
    def main(_run: Any) -> str:
        assert ex.current_run is _run
        ex.info["loss"] = 0.5
        return "result"

    first, second = ex.run(), ex.run(info={"more": 1})
    assert first is not second
    assert ex.current_run is second
    assert ex.info == {"loss": 0.5, "more": 1}
    assert ex.current_run.result == "result"


@pytest.mark.parametrize("error", [ValueError("x"), KeyboardInterrupt(), SystemExit(3)])
def test_it_is_also_a_run_that_did_not_complete(ex: Experiment, error: BaseException) -> None:
    """It is also a run that did not complete, with its status, trace and info."""

    @ex.main
    def main() -> None:
        ex.info["step"] = 3
        raise error

    with pytest.raises(type(error)):
        ex.run()
    assert ex.info == {"step": 3}
    assert ex.current_run is not None
    assert ex.current_run.status in ("FAILED", "INTERRUPTED")
    assert ex.current_run.fail_trace


def test_a_run_that_could_not_be_created_changes_nothing(ex: Experiment) -> None:
    """The last run is that before it."""
    ex.main(lambda: None)
    run = ex.run()
    with pytest.raises(Exception, match="nothing"):
        ex.run("nothing")
    assert ex.current_run is run


def test_a_context_that_outlives_its_run_has_no_run(ex: Experiment) -> None:
    """A copy of the context of a run that has ended belongs to no run, or to a running one."""
    contexts = []

    @ex.main
    def main(_run: Any) -> None:
        contexts.append(contextvars.copy_context())
        found = contexts[0].run(run_of_context)
        assert found is (_run if len(contexts) == 1 else None)
        assert contexts[0].run(current_run) is _run

    ex.run()
    assert contexts[0].run(run_of_context) is None
    assert contexts[0].run(current_run) is None
    ex.run()


def test_each_experiment_has_its_own(ex: Experiment) -> None:
    """Inside a nested run too, during and after it; `log_scalar` goes to the run of this name."""
    inner, memory = Experiment("inner"), Memory()
    ex.observers.append(MemoryObserver(memory))

    @inner.main
    def inner_main(_run: Any) -> str:
        assert inner.current_run is _run
        assert ex.current_run is not _run
        ex.info["from_inner"] = True
        inner.info["own"] = True
        ex.log_scalar("x", 1.0)
        inner.log_scalar("y", 2.0)
        return "inner result"

    @ex.main
    def main(_run: Any) -> None:
        assert inner.current_run is None
        inner.run()
        assert ex.current_run is _run
        assert inner.current_run is not None
        assert (inner.current_run.result, inner.info) == ("inner result", {"own": True})

    assert ex.run().info == {"from_inner": True}
    assert list(memory.runs[1].metrics) == ["x"]


def test_a_nested_run_of_the_same_experiment(ex: Experiment) -> None:
    """Inside it is the inner one, after it the outer one again, in the end the last created."""
    seen: list[Any] = []

    @ex.main
    def main(_run: Any, depth: int = 0) -> None:
        if depth < 1:
            seen.append(ex.run("deeper"))
        assert ex.current_run is _run

    @ex.command
    def deeper(_run: Any) -> None:
        assert ex.current_run is _run

    ex.run()
    assert ex.current_run is seen[0]


def test_an_experiment_without_a_run_logs_to_the_run_around(ex: Experiment) -> None:
    """Code that is shared by several scripts may name another experiment than the one running."""
    shared = Experiment("shared")

    @ex.main
    def main() -> None:
        shared.log_scalar("x", 1.0)
        shared.info["a"] = 1

    assert ex.run().info == {"a": 1}
    assert shared.current_run is None


def test_a_plain_thread_belongs_to_the_run_of_the_experiment_that_it_names(ex: Experiment) -> None:
    """Two experiments may be running at once; two runs of one cannot be distinguished."""
    other = Experiment("other")
    started, done = threading.Barrier(3, timeout=20), threading.Barrier(3, timeout=20)

    def main() -> None:
        started.wait()
        done.wait()

    ex.main(main)
    other.main(main)
    for second, expected in ((other, True), (ex, False)):
        threads = [threading.Thread(target=e.run) for e in (ex, second)]
        for thread in threads:
            thread.start()
        started.wait()
        try:
            if expected:
                assert ex.current_run is not other.current_run
                assert ex.current_run is not None
                assert ex.current_run.status == "RUNNING"
            else:
                with pytest.raises(AmbiguousRunError, match="2 runs are running"):
                    ex.current_run
        finally:
            done.wait()
            for thread in threads:
                thread.join()


@pytest.mark.parametrize("words", ["--help", "-h", "help", "help main", "with a=1 --help"])
def test_the_help_ends_the_program_with_code_0(
    ex: Experiment, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The help ends the program with code 0, so that ``ex.run_commandline().config`` is always a
    configuration.
    """
    ex.add_config(a=0)

    @ex.main
    def main(a: int) -> None:
        raise AssertionError("it was run")

    with pytest.raises(SystemExit) as exit_info:
        ex.run_commandline(f"x.py {words}")
    assert exit_info.value.code == 0
    assert "main" in capsys.readouterr().out
    assert ex.current_run is None
