"""Tests of what ``sacred`` prints for exceptions."""

import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from sacred_core.cli import main as cli
from sacred_core.cli.errors import issues_url, responsible_distribution
from sacred_core.exceptions import StoreError
from sacred_core.hooks.manager import plugin_manager

Sacred = Callable[..., int]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], Sacred]:
    """Return what runs ``sacred fail``, which raises an exception, and returns the exit code."""

    def prepare(error: BaseException) -> Sacred:
        @click.command()
        @click.argument("words", nargs=-1)
        def fail(words: object) -> None:
            raise error

        monkeypatch.setitem(cli.sacred.commands, "fail", fail)

        def run(*words: str) -> int:
            monkeypatch.setattr(sys, "argv", ["sacred", *words])
            with pytest.raises(SystemExit) as ended:
                cli.main()
            return int(str(ended.value.code))

        return run

    return prepare


def test_an_unexpected_exception_names_the_place_to_report_it(
    failing: Callable[[BaseException], Sacred], capsys: pytest.CaptureFixture[str]
) -> None:
    """It prints the exception, the distribution, and the command that shows the traceback."""
    code = failing(ValueError("mongodb://u:hunter2@host is odd"))("fail", "a b", "--where")
    shown = capsys.readouterr()
    assert (code, shown.out) == (2, "")  # an option that does not exist is not an exception
    code = failing(ValueError("mongodb://u:hunter2@host is odd"))("fail", "a b")
    first, second = capsys.readouterr().err.splitlines()
    assert code == 1
    assert first == "Error: unexpected ValueError: mongodb://u:***@host is odd (in sacred-core)"
    assert second.startswith("This is a bug. Please report it ")
    assert second.endswith("with the output of: sacred --traceback fail 'a b'")


@pytest.mark.parametrize("name", ["board", "mongo"])
def test_a_command_of_a_missing_plugin_names_what_to_install(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error for `sacred board` without sacred-board has the command that installs it."""
    monkeypatch.setattr(plugin_manager(), "commands", [])
    monkeypatch.setattr(plugin_manager(), "plugins", [])
    result = CliRunner().invoke(cli.sacred, [name, "runs"])
    assert result.exit_code == 2
    assert f"No such command {name!r}: install it with: pip install sacred-{name}" in result.output


@pytest.mark.parametrize("words", [("--traceback", "fail"), ("fail", "--traceback")])
def test_the_traceback_is_shown(
    failing: Callable[[BaseException], Sacred],
    words: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With `--traceback`, before the command or after it, the exception is not caught."""
    failing(StoreError("no store"))
    monkeypatch.setattr(sys, "argv", ["sacred", *words])
    with pytest.raises(StoreError, match="no store"):
        cli.main()


@pytest.mark.parametrize(
    ("error", "printed"),
    [
        (StoreError("no store"), "Error: no store\n"),
        (PermissionError(13, "Permission denied", "a\tb"), "Error: Permission denied: 'a\\tb'\n"),
        (PermissionError(13, "Permission denied", Path("x")), "Error: Permission denied: 'x'\n"),
        (ConnectionResetError(104, "Connection reset"), "Error: Connection reset\n"),
    ],
)
def test_an_expected_exception_is_one_sentence(
    failing: Callable[[BaseException], Sacred],
    capfd: pytest.CaptureFixture[str],
    error: BaseException,
    printed: str,
) -> None:
    """An error of a store or of the system is one sentence and exit code 1."""
    assert failing(error)("fail") == 1
    assert capfd.readouterr().err == printed


def test_the_core_is_responsible_for_its_own_code() -> None:
    """An exception without frames of a plugin is the core's, which has an address."""
    assert responsible_distribution(ValueError()) == "sacred-core"
    assert issues_url("no-such-distribution") is None


@pytest.mark.parametrize("words", [(), ("runs",)])
def test_a_group_without_a_command_prints_its_help(words: tuple[str, ...]) -> None:
    """The help goes to stdout, with exit code 0, whatever the version of click is."""
    result = CliRunner().invoke(cli.sacred, words, prog_name="sacred")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith(f"Usage: {' '.join(['sacred', *words])} [OPTIONS] COMMAND")
    asked = CliRunner().invoke(cli.sacred, [*words, "--help"], prog_name="sacred")
    assert result.stdout == asked.stdout


def test_an_interrupted_command_has_the_exit_code_of_scripts(
    failing: Callable[[BaseException], Callable[..., int]], capfd: pytest.CaptureFixture[str]
) -> None:
    """After Ctrl-C the exit code is 130, without a traceback."""
    assert failing(KeyboardInterrupt())("fail") == 130
    assert capfd.readouterr().err.split() == ["Interrupted"]
