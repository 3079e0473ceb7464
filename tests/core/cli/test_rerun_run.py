"""Tests of the arguments of ``sacred runs rerun``, and of what it prints."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sacred_core.cli.main import sacred
from sacred_core.cli.runs import rerun_run
from sacred_core.compare import ComparedRun
from sacred_core.exceptions import RerunError
from sacred_core.rerun.conclusion import conclude
from sacred_core.rerun.expectation import Expectation
from sacred_core.rerun.present import present_differences
from sacred_core.rerun.records import Departure, MissingValuesError, Outcome, Rerun
from sacred_core.rerun.running import RerunOptions
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore


class Calls:
    """What the command asks for, and what it gets.

    Attributes:
        location: Of the store, with which the run was requested.
        options: How.
        outcome: The answer.
        error: Raised in place of an answer.
    """

    def __init__(self) -> None:
        self.location: str | None = None
        self.options = RerunOptions()
        self.outcome = Outcome(status="COMPLETED", runs=[["my_runs", "2"]])
        self.error: Exception | None = None

    def answer(
        self, recorded: ComparedRun, location: str, options: RerunOptions, *,
        show: Any, show_departure: Any, output: Any,
    ) -> Rerun:  # fmt: skip
        del output
        self.location, self.options = location, options
        if self.error is not None:
            raise self.error
        show(present_differences(recorded), ["a warning"], Path("/folder"))
        for departure in self.outcome.departures:
            show_departure(departure)
        facts = {"run_id": recorded.run.id, "location": location, "folder": "/folder"}
        return conclude(Expectation(), self.outcome, 0, changed=[*options.sets], **facts)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """Replaces the rerun itself."""
    memory = Memory()
    driver = EventDriver(MemoryObserver(memory))
    info = {"name": "train", "dependencies": ["attrs==0.0.1"]}
    driver.start(ex_info=info, config={"lr": 0.1, "name": "a"})
    driver.complete()
    monkeypatch.setattr(rerun_run, "open_store", lambda location: MemoryStore(memory))
    calls = Calls()
    monkeypatch.setattr(rerun_run, "run_again", calls.answer)
    return calls


def invoke(*args: str) -> Result:
    return CliRunner().invoke(sacred, ["runs", "rerun", *args])


def test_differences_and_verdict_are_printed(calls: Calls) -> None:
    """What differs comes first, on stderr; the verdict and the new run on stdout."""
    result = invoke("my_runs", "1")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        "Identical: the end (COMPLETED); no metrics, result or artifacts are recorded",
        "Recorded as run 2 in my_runs",
    ]
    lines = result.stderr.splitlines()
    assert lines[0].startswith("Rerun of my_runs#1 (train")
    assert lines[0].endswith("in /folder")
    position = lines.index("  - attrs==0.0.1")
    assert lines[position - 1].lower() == "packages, as recorded (-) and now (+):"
    assert lines[-1] == "Warning: a warning"
    assert calls.options == RerunOptions(folder=None)


def test_all_options_are_understood(calls: Calls) -> None:
    """Each option of the command is one of the rerun."""
    result = invoke(
        "my_runs", "1", "--folder", "new", "--repo", "r", "--set", "lr=1e-3", "--set", "name=1e5",
        "--rtol", "0.1", "--atol", "0.2", "--stop-at-first", "--env", "uv",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    sets = {"lr": 0.001, "name": 100000.0}
    assert {name: float(str(value)) for name, value in calls.options.sets.items()} == sets
    found = calls.options
    assert (found.folder, found.repository) == (Path("new"), "r")
    assert (found.rtol, found.atol, found.stops, found.environment) == (0.1, 0.2, True, "uv")
    assert "2 entries set: lr, name" in result.stdout


@pytest.mark.parametrize(
    ("args", "location", "observers"),
    [
        (["my_runs", "1"], "my_runs", None),
        (["my_runs", "1", "-F", "other", "--mongo_db=x"], "my_runs", ["-F other", "--mongo_db x"]),
        (["-F", "my_runs", "1"], "-F my_runs", None),
        (["my_runs#1"], "my_runs", None),
        (["-F", "other", "my#runs#1"], "my#runs", ["-F other"]),
        (["-Fmy_runs", "1", "-u"], "-F my_runs", []),
        (["-F", "other", "my_runs", "1"], "my_runs", ["-F other"]),
        (["-t", "my_runs", "1", "-F", "other"], "-t my_runs", ["-F other"]),
    ],
)
def test_flags_of_observers(
    calls: Calls, args: list[str], location: str, observers: list[str] | None
) -> None:
    """They are where the rerun is recorded; without another location the first is the location."""
    result = invoke(*args)
    assert result.exit_code == 0, result.output
    assert (calls.location, calls.options.observers) == (location, observers)
    if observers is None and location.startswith("-"):
        assert calls.options.observers is None


def test_the_verdict_has_its_exit_code(calls: Calls) -> None:
    """Facts about the sources and the configuration are warnings."""
    calls.outcome = Outcome(
        status="COMPLETED", result=[1, 2], sources=["a.py"], left=["rule"], notes=["a note"]
    )
    result = invoke("my_runs", "1")
    assert result.exit_code == 3
    assert result.stdout == "The result differs: 1 recorded, 2 now\n"
    assert result.stderr.splitlines()[-3:] == [
        "Warning: a note",
        "Warning: other contents were imported for: a.py",
        "Warning: entries whose values are not in the record: rule",
    ]


def test_a_departure_is_printed_while_the_run_is_running(calls: Calls) -> None:
    """It comes at once on stderr, and again as the verdict."""
    departure = Departure(metric="loss", step=3, index=1, recorded=[3, 1.0], now=[3, 2.0])
    calls.outcome = Outcome(status="COMPLETED", departures=[departure])
    result = invoke("my_runs", "1")
    line = "Departs at loss, step 3: 1.0 recorded, 2.0 now"
    assert result.stderr.splitlines()[-1] == f"{line}; the rerun continues"
    assert result.stdout.strip() == line


def test_the_verdict_as_json(calls: Calls) -> None:
    """It is one object, alone on stdout."""
    result = invoke("my_runs", "1", "--json")
    data = json.loads(result.stdout)
    assert (data["verdict"], data["exit_code"]) == ("identical", 0)
    assert data["reruns"] == [{"location": "my_runs", "id": "2"}]
    assert calls.location == "my_runs"


@pytest.mark.parametrize(
    ("error", "code"),
    [(RerunError("cannot be started"), 4), (MissingValuesError("masked"), 2)],
)
def test_what_cannot_be_started_is_an_error(calls: Calls, error: Exception, code: int) -> None:
    """It is one sentence; missing values are a mistake of the call."""
    calls.error = error
    result = invoke("my_runs", "1")
    assert result.exit_code == code
    assert result.stderr.splitlines()[-1] == f"Error: {error}"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["my_runs"], "Missing argument 'RUN_ID'"),
        (["my_runs", "9"], "Error: run '9' not found"),
        (["my_runs", "1", "-u", "-F", "x"], "--unobserved cannot be used with -F"),
        (["my_runs", "1", "--set", "lr"], "Error: --set requires ENTRY=VALUE, got 'lr'"),
        (["my_runs", "1", "--rtol", "-1"], "Invalid value for '--rtol'"),
        (["my_runs", "1", "2"], "unexpected extra argument"),
    ],
)
def test_a_wrong_call_has_exit_code_2(calls: Calls, args: list[str], message: str) -> None:
    """Nothing is started, and stdout is empty."""
    result = invoke(*args)
    assert result.exit_code == 2
    assert message in result.stderr
    assert calls.location is None
    assert result.stdout == ""
