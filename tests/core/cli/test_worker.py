"""Tests of ``sacred worker``."""

import pytest
from click.testing import CliRunner

from sacred_core.cli.worker import worker
from sacred_core.exceptions import QueryError
from sacred_core.worker import LOCATION_VARIABLE, WorkerOptions


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], f"name a LOCATION, or set {LOCATION_VARIABLE}"),
        (["runs", "--max", "0"], "--max"),
        (["runs", "--tries", "0"], "--tries"),
        (["runs", "--lease", "0"], "--lease"),
        (["runs", "--idle", "-1"], "--idle"),
        (["runs", "--retry", "all"], "'failed'"),
        (["runs", "more"], "more"),
    ],
)
def test_wrong_options_are_refused(words: list[str], expected: str) -> None:
    """The exit code is 2; no run is claimed."""
    done = CliRunner().invoke(worker, words)
    assert done.exit_code == 2
    assert expected in done.output


def test_a_wrong_condition_is_refused_before_the_store_is_opened() -> None:
    """The message has the position."""
    done = CliRunner().invoke(worker, ["nowhere", "--where", "lr >"])
    assert isinstance(done.exception, QueryError)


@pytest.mark.parametrize(
    ("words", "location"),
    [(["my_runs"], "my_runs"), (["-F", "my_runs", "--max", "2"], "-F my_runs")],
)
def test_a_location_may_be_a_flag(
    words: list[str], location: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exit code is that of the worker."""
    found: list[WorkerOptions] = []
    monkeypatch.setattr("sacred_core.worker.working.work", lambda given: found.append(given) or 143)
    done = CliRunner().invoke(worker, words, env={LOCATION_VARIABLE: "other"})
    assert done.exit_code == 143
    assert found[0].location == location
