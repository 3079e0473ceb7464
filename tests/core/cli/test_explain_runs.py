"""Tests of ``sacred runs why``."""

import json

import pytest
from click.testing import CliRunner, Result

from sacred_core.cli.exit_codes import exit_code_of
from sacred_core.cli.main import sacred
from sacred_core.exceptions import StoreError
from sacred_core.testing import EventDriver, Memory, MemoryObserver


@pytest.fixture
def memory(memory: Memory) -> Memory:
    """Three runs with other rates, of which the first and the last are equal."""
    for rate in (0.1, 0.2, 0.1):
        driver = EventDriver(MemoryObserver(memory))
        info = {"name": "fed", "captured": [[None, "main", ["lr"]]]}
        driver.start(ex_info=info, config={"lr": rate, "batch": rate, "seed": 1})
        driver.log("loss", [1, rate])
        driver.complete()
    return memory


def run(*words: str) -> Result:
    return CliRunner().invoke(sacred, ["runs", "why", *words])


@pytest.mark.usefixtures("memory")
def test_causes_are_listed() -> None:
    """A line for each cause, then where the metrics part; the exit code is 0."""
    result = run("runs", "1", "2")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[:5] == [
        "Causes of differences between runs#1 (fed main, COMPLETED) and "
        "runs#2 (fed main, COMPLETED), the likeliest first",
        "  1. config  lr 0.1 → 0.2, received by main",
        "  2. config  batch 0.1 → 0.2",
        "",
        "Where the metrics part",
    ]
    assert "  loss: part at step 1: 0.1, 0.2" in result.stdout


@pytest.mark.usefixtures("memory")
def test_nothing_that_was_recorded_differs() -> None:
    """Equal runs have the exit code 0 as well, and what was not recorded."""
    result = run("runs", "1", "3")
    assert result.exit_code == 0
    assert result.stdout.startswith("Nothing that was recorded differs between runs#1 (fed")
    assert "\nNot recorded\n" in result.stdout


@pytest.mark.usefixtures("memory")
def test_the_newest_runs_are_the_default() -> None:
    """Without ids the newest two runs are explained, also with their locations."""
    assert run("runs").stdout == run("runs", "2", "3").stdout == run("runs#2", "runs#3").stdout


@pytest.mark.usefixtures("memory")
def test_a_limit_shortens_the_lists() -> None:
    """What is left out is counted."""
    lines = run("runs", "1", "2", "--limit", "1").stdout.splitlines()
    assert lines[1:3] == ["  1. config  lr 0.1 → 0.2, received by main", "  … and 1 more"]


@pytest.mark.usefixtures("memory")
def test_the_json_has_all_details() -> None:
    """One object with causes, their values and where the metrics part."""
    data = json.loads(run("runs", "1", "2", "--json", "--limit", "1").stdout)
    assert [(each["rank"], each["key"]) for each in data["causes"]] == [(1, "lr"), (2, "batch")]
    assert data["causes"][0]["details"]["received_by"] == ["main"]
    assert data["parting"][0]["step"] == 1


@pytest.mark.usefixtures("memory")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("runs", "1-3"), "expected two runs, got 3 runs"),
        (("runs", "1"), "expected at least two runs"),
        (("runs", "1", "2", "--limit", "0"), "0 is not in the range x>=1"),
    ],
)
def test_other_numbers_of_runs_are_an_error(words: tuple[str, ...], message: str) -> None:
    """The exit code is 2, and the message says what was expected."""
    result = run(*words)
    assert result.exit_code == 2
    assert message in result.stderr


@pytest.mark.usefixtures("memory")
def test_a_run_that_does_not_exist_is_an_error() -> None:
    """The exit code of the command is then 2."""
    result = run("runs", "1", "9")
    assert isinstance(result.exception, StoreError)
    assert exit_code_of(result.exception) == 2
