"""Tests of where a run is recorded, and of the command that it prints at its end."""

import logging
import shlex
from typing import Any

import pytest

from sacred_core import Experiment
from sacred_core.observers import QueueObserver, RunObserver
from sacred_core.run.locations import show_command


class Recorder(RunObserver):
    """An observer with a store."""

    def __init__(self, location: Any, run_id: Any = None, shown: str | None = None) -> None:
        self.store_location = location
        self.display_location = shown
        self._id = run_id

    def queued_event(self) -> Any:
        return self._id

    def started_event(self) -> Any:
        return self._id


def run(caplog: pytest.LogCaptureFixture, *observers: Any, **options: Any) -> list[str]:
    """Return the lines that begin with ``To`` in the log of a run."""
    caplog.set_level(logging.INFO)
    ex = Experiment("shown", save_git_info=False, interactive=True)
    ex.observers.extend(observers)
    fails = options.pop("fails", False)

    @ex.main
    def main() -> None:
        if fails:
            raise ValueError("no")

    try:
        ex.run(options=options)
    except ValueError:
        assert fails
    messages = [record.getMessage() for record in caplog.records]
    return [message for message in messages if message.startswith("To ")]


def test_each_store_has_its_command(caplog: pytest.LogCaptureFixture) -> None:
    """Each observer with a store has a line with its own id; others have none."""
    observers = Recorder("acme://a", 3), Recorder("acme://b", "x y"), Recorder(None, 5)
    assert run(caplog, *observers) == [
        "To see it: sacred runs show acme://a 3",
        "To see it: sacred runs show acme://b 'x y'",
    ]


def test_the_line_is_the_last_one(caplog: pytest.LogCaptureFixture) -> None:
    """It follows the time that the run took, and is not in the recorded output."""
    run(caplog, Recorder("acme://a", 3))
    messages = [record.getMessage() for record in caplog.records]
    assert messages[-2].startswith("Completed after")
    assert messages[-1].startswith("To see it")


def test_what_users_write_is_preferred(caplog: pytest.LogCaptureFixture) -> None:
    """`display_location` comes before `store_location`, also through a queue."""
    observer = Recorder("acme:///home/ada/runs", 3, "acme://runs")
    expected = ["To see it: sacred runs show acme://runs 3"]
    assert run(caplog, QueueObserver(observer)) == expected


@pytest.mark.parametrize("options", [{}, {"--loglevel": "WARNING"}, {"--unobserved": True}])
def test_no_line_without_a_store_or_when_quiet(
    caplog: pytest.LogCaptureFixture, options: dict[str, Any]
) -> None:
    """Nothing is logged without a store or an observer, and at level WARNING."""
    assert run(caplog, Recorder("acme://a" if options else None, 3), **options) == []


def test_a_failed_run_has_the_line(caplog: pytest.LogCaptureFixture) -> None:
    """A run that failed can be looked at, too."""
    assert run(caplog, Recorder("acme://a", 3), fails=True) == [
        "To see it: sacred runs show acme://a 3"
    ]


def test_a_queued_run_can_be_started_and_seen(caplog: pytest.LogCaptureFixture) -> None:
    """A queued run has a line for its start, and one that shows it."""
    assert run(caplog, Recorder("acme://a", 3), **{"--queue": True}) == [
        "To start it: repeat the command with --id=3 in place of --queue",
        "To see it: sacred runs show acme://a 3",
    ]


def test_secrets_are_masked(caplog: pytest.LogCaptureFixture) -> None:
    """The password in the location of a careless observer is not shown."""
    (line,) = run(caplog, Recorder("acme://ada:hunter2@host/db", 3))
    assert "hunter2" not in line and "acme://ada:***@host/db" in line


def test_a_broken_location_does_not_harm_the_run(caplog: pytest.LogCaptureFixture) -> None:
    """An exception of a property of an observer is not raised."""

    class Broken(Recorder):
        @property
        def display_location(self) -> str:
            raise OSError("no")

        @display_location.setter
        def display_location(self, value: Any) -> None:
            pass

    assert run(caplog, Broken("acme://a", 3)) == ["To see it: sacred runs show acme://a 3"]


@pytest.mark.parametrize(
    ("location", "run_id"),
    [("my runs", 3), ("acme://a?b=c&d='e'", "it's"), ("-x", 1), ("a", "-1"), ("$HOME/`x`", 2)],
)
def test_the_command_is_quoted_for_a_shell(location: str, run_id: Any) -> None:
    """A shell splits the command into the location and the id; neither is an option."""
    words = shlex.split(show_command(location, run_id))
    assert words[:3] == ["sacred", "runs", "show"]
    assert words[-2:] == [location, str(run_id)]
    assert (words[3] == "--") == (location.startswith("-") or str(run_id).startswith("-"))
