"""Tests of the record that a run and its life cycle share."""

import inspect
import logging
import os

import pytest

from sacred_core import Experiment
from sacred_core.run import Run
from sacred_core.run.state import RunState


def run_of_nothing(**given: object) -> Run:
    logger = logging.getLogger("nothing")
    return Run({"password": "hunter22"}, None, print, [], logger, logger, {}, {}, (), (), **given)  # type: ignore[arg-type]


def test_a_run_is_its_own_state() -> None:
    """What the life cycle writes is what the user reads from the run."""
    assert issubclass(Run, RunState)


def test_everything_beside_the_documented_arguments_is_given_by_keyword() -> None:
    """Sacred's eleven arguments may be given by position, and no other one."""
    kinds = [parameter.kind for parameter in inspect.signature(Run).parameters.values()]
    positional = [kind for kind in kinds if kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
    assert len(positional) == 11
    assert set(kinds[11:]) == {inspect.Parameter.KEYWORD_ONLY}


def test_the_command_is_named_like_the_main_function_by_default() -> None:
    """A run that is built by hand needs no name of a command."""
    assert run_of_nothing().command == "print"
    assert run_of_nothing(command="train").command == "train"


def test_the_info_of_the_caller_is_copied() -> None:
    """What the run adds to its info does not change the dictionary that it was given."""
    given = {"a": 1}
    run = run_of_nothing(info=given)
    run.info["b"] = 2
    assert (run.info, given) == ({"a": 1, "b": 2}, {"a": 1})


def test_the_representation_of_a_run_shows_no_configuration() -> None:
    """A run in a log or a traceback shows none of its secrets."""
    assert "hunter22" not in repr(run_of_nothing())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_only_a_started_run_belongs_to_its_process() -> None:
    """A run that is created before a fork can be started in the child; a started one cannot."""
    ex = Experiment("forking", interactive=True, save_git_info=False)

    @ex.main
    def main(_run: Run) -> tuple[bool, bool]:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.write(writing, bytes([_run.is_forked, created.is_forked]))
            os._exit(0)
        os.waitpid(child, 0)
        started, waiting = os.read(reading, 2)
        os.close(reading)
        os.close(writing)
        assert not _run.is_forked
        return bool(started), bool(waiting)

    created = ex.create_run(options={"--loglevel": "ERROR"})
    run = ex.run(options={"--loglevel": "ERROR", "--capture": "no"})
    assert run.result == (True, False)
