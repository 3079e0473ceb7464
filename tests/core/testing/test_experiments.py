"""Tests of the small experiments that the tests of observers run."""

import logging
from pathlib import Path
from typing import Any

import pytest

from sacred_core.exceptions import TimeoutInterrupt
from sacred_core.testing import Memory, MemoryObserver, MemoryStore
from sacred_core.testing.event_driver import record_completed_run
from sacred_core.testing.experiments import (
    experiment_with_each_end,
    run_main,
    shown_while_recording,
)


def test_a_main_function_is_run_and_recorded(tmp_path: Path) -> None:
    """The record has the configuration, the result and the given folder of sources."""
    memory = Memory()
    options = {"--comment": "short"}
    run = run_main(MemoryObserver(memory), lambda lr: lr, tmp_path, {"lr": 0.5}, options=options)
    stored = MemoryStore(memory).get(run._id)
    assert (run.result, stored.status, stored.config["lr"]) == (0.5, "COMPLETED", 0.5)
    assert (stored.meta["comment"], stored.experiment["base_dir"]) == ("short", str(tmp_path))


def test_sources_are_in_the_folder_of_the_main_function() -> None:
    """Without a folder it is that of the file that defines the main function."""
    memory = Memory()
    run = run_main(MemoryObserver(memory), lambda: None)
    stored = MemoryStore(memory).get(run._id)
    assert stored.experiment["base_dir"] == str(Path(__file__).parent)


@pytest.mark.parametrize(
    ("command", "error", "status"),
    [
        ("fail", ValueError, "FAILED"),
        ("interrupt", KeyboardInterrupt, "INTERRUPTED"),
        ("time_out", TimeoutInterrupt, "TIMEOUT"),
    ],
)
def test_each_command_ends_in_its_own_way(
    command: str, error: type[BaseException], status: str
) -> None:
    """The exception of the command is raised, and the run has its status."""
    memory = Memory()
    ex = experiment_with_each_end(MemoryObserver(memory), "ends", "it broke")
    assert ex.run().result == 42
    with pytest.raises(error):
        ex.run(command)
    first, second = MemoryStore(memory).list()
    assert (first.status, second.status, second.name) == ("COMPLETED", status, "ends")
    assert ("it broke" in "".join(second.fail_trace or ())) == (command == "fail")


def test_a_completed_run_is_recorded() -> None:
    """Its result is the given one, and its driver is returned."""
    memory = Memory()
    driver = record_completed_run(MemoryObserver(memory), 3)
    (run,) = MemoryStore(memory).list()
    assert (run.status, run.result, driver.expected.result) == ("COMPLETED", 3, 3)


class Failing(MemoryObserver):
    """Raises at the end of a run, after it logged something."""

    def completed_event(self, stop_time: Any, result: Any) -> None:
        logging.getLogger("failing").debug("about to fail")
        raise ValueError("the reason")

    def __repr__(self) -> str:
        return "Failing()"


def test_all_that_is_shown_of_an_observer_is_returned(caplog: pytest.LogCaptureFixture) -> None:
    """It has the observer, the exception with its traceback, and lines of the level DEBUG."""
    shown = shown_while_recording(Failing(Memory()), caplog)
    for part in ("Failing()", "ValueError('the reason')", "in completed_event", "about to fail"):
        assert part in shown
