"""Values that programs give as options, which need not be strings."""

import re
from typing import Any

import pytest

from sacred_core import Experiment
from sacred_core.exceptions import OptionError


class Index:
    """Like an integer of numpy's."""

    def __index__(self) -> int:
        return 9


@pytest.fixture
def ex() -> Experiment:
    experiment = Experiment("options", save_git_info=False)
    experiment.main(_nothing)
    return experiment


def _nothing() -> None:
    pass


@pytest.mark.parametrize(
    ("given", "expected"), [(7, 7), ("7", 7), ("a7", "a7"), (0, 0), (Index(), 9)]
)
def test_an_id_may_be_an_integer(ex: Experiment, given: Any, expected: Any) -> None:
    """An id may be an integer, as `run._id` returned it, or as it is typed."""
    assert ex.run(options={"--id": given, "-u": True})._id == expected


def test_names_and_comments_become_strings(ex: Experiment) -> None:
    """They are stored as what they show."""
    run = ex.run(options={"--name": 3, "--comment": 2.5, "-u": True})
    assert run.experiment_info["name"] == "3"
    assert run.meta_info["comment"] == "2.5"


def test_numbers_may_be_numbers(ex: Experiment) -> None:
    """The priority and the seconds between two beats."""
    run = ex.run(options={"--priority": 2, "--beat_interval": 3, "--loglevel": 40, "-u": True})
    assert run.meta_info["priority"] == 2.0
    assert run.beat_interval == 3.0


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        ("--id", 1.5), ("--id", [1]), ("--id", True), ("--priority", [1]), ("--priority", "high"),
        ("--beat_interval", {"a": 1}), ("--beat_interval", 0.0), ("--beat_interval", object),
        ("--capture", 3), ("--capture", [1]), ("--loglevel", [1]), ("--loglevel", "loud"),
        ("--loglevel", 2.5), ("--loglevel", "\u00b2"), ("--loglevel", "9" * 5_000),
    ],
)  # fmt: skip
def test_a_value_of_another_kind_is_an_error_that_names_the_flag(
    ex: Experiment, flag: str, value: Any
) -> None:
    """A value of another kind is an error that names the flag, not a TypeError from inside."""
    named = {"--loglevel": "log level"}.get(flag, flag)
    with pytest.raises(OptionError, match=re.escape(named)):
        ex.run(options={flag: value, "-u": True})
