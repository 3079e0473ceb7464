"""Tests of ``sacred doctor``."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sacred_core.cli import doctor as module
from sacred_core.cli.doctor import doctor
from sacred_core.doctor import Finding
from sacred_core.doctor.findings import failure, passed, warning

FOUND = (
    ("python", passed("Python 3.12")),
    ("git", warning("git is missing, so that it is not recorded what was changed", "install git")),
    ("stores", failure("a: away\x1b[2J", "start the server")),
)


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Call the command with what the checks find."""

    def invoke(*words: str, found: tuple[tuple[str, Finding], ...] = FOUND) -> Result:
        def examine(locations: Any, timeout: float) -> Iterator[tuple[str, Finding]]:
            yield from found
            yield "given", passed(f"{locations} {timeout}")

        monkeypatch.setattr(module, "examine", examine)
        monkeypatch.setenv("COLUMNS", "62")
        return CliRunner().invoke(doctor, words)

    return invoke


def test_findings_are_lines_with_their_fixes(call: Callable[..., Result]) -> None:
    """Level, check and message are columns; a long message is wrapped; an error is exit code 1."""
    result = call("my_runs", "sqlite:///x.db", "--timeout", "2")
    assert result.exit_code == 1
    assert result.output == (
        "ok       python       Python 3.12\n"
        "warning  git          git is missing, so that it is not\n"
        "                      recorded what was changed\n"
        "                      Fix: install git\n"
        "error    stores       a: away\\x1b[2J\n"
        "                      Fix: start the server\n"
        "ok       given        ('my_runs', 'sqlite:///x.db') 2.0\n"
        "1 error, 1 warning.\n"
    )


def test_warnings_are_no_failure(call: Callable[..., Result]) -> None:
    """The exit code is 0, and without any problem the last line is another one."""
    result = call(found=FOUND[:2])
    assert result.exit_code == 0 and result.output.endswith("0 errors, 1 warning.\n")
    assert call(found=()).output.endswith("No problem found.\n")


def test_json_has_every_finding(call: Callable[..., Result]) -> None:
    """One list of objects with the same names; the exit code is the same."""
    result = call("--json")
    assert result.exit_code == 1
    first, second, *_ = json.loads(result.output)
    assert first == {"check": "python", "level": "ok", "message": "Python 3.12", "fix": None}
    assert second["level"] == "warning" and second["fix"] == "install git"


@pytest.mark.parametrize("seconds", ["0", "-1", "soon"])
def test_the_timeout_is_a_positive_number(call: Callable[..., Result], seconds: str) -> None:
    """Anything else is an error of the command line."""
    assert call("--timeout", seconds).exit_code == 2
