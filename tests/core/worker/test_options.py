"""Tests of the options of workers."""

from typing import Any

import pytest
from click.testing import CliRunner

from sacred_core.cli.worker import worker
from sacred_core.worker import LOCATION_VARIABLE, WorkerOptions


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"where": "config.lr > 0.1", "max_runs": 3, "idle": 1.5, "name": "gpu 1"},
        {"until_empty": True, "from_store": True, "retry_failed": True},
        {"tries": 1, "lease": 0.5, "deadline": 0.0},
    ],
)
def test_the_words_of_options_are_parsed_to_the_same(
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The location is in the environment, and in no word."""
    expected = WorkerOptions(location="mysql://ann:hunter2@db", **options)
    found: list[WorkerOptions] = []
    monkeypatch.setattr("sacred_core.worker.working.work", lambda given: found.append(given) or 0)
    environ = {LOCATION_VARIABLE: expected.location}
    done = CliRunner().invoke(worker, expected.arguments(), env=environ)
    assert done.exit_code == 0, done.output
    assert found == [expected]
    assert "hunter2" not in " ".join(expected.arguments())
