"""Tests of the command ``sacred`` itself."""

from collections.abc import Callable

import click
import pytest
from click.testing import CliRunner, Result

from sacred_core.cli import main
from sacred_core.cli.main import sacred
from sacred_core.hooks import lookup
from sacred_core.hooks.manager import PluginManager


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Call ``sacred`` in an environment without plugins."""
    manager = PluginManager([])
    for module in (main, lookup):
        monkeypatch.setattr(module, "plugin_manager", lambda: manager)
    return lambda *words: CliRunner().invoke(sacred, words, prog_name="sacred")


def test_the_help_shows_what_to_do_first(call: Callable[..., Result]) -> None:
    """Without arguments the examples are printed, and what other plugins offer."""
    printed = call().output
    assert "python train.py -F my_runs  record a run of your script\n" in printed
    assert "Commands of other plugins:\n  board  install it with: pip install sacred-board\n" in (
        printed
    )
    assert call("runs").output.count("other plugins") == 0


@pytest.mark.parametrize(
    ("words", "same"),
    [
        (["-h"], ["--help"]),
        (["help"], ["--help"]),
        (["help", "runs", "list"], ["runs", "list", "--help"]),
        (["runs", "-h"], ["runs", "--help"]),
        (["-V"], ["--version"]),
    ],
)
def test_usual_spellings_are_accepted(
    call: Callable[..., Result], words: list[str], same: list[str]
) -> None:
    """The help and the version are those of the long option."""
    found = call(*words)
    assert found.exit_code == 0 and found.output == call(*same).output


def test_help_of_a_command_that_does_not_exist_is_an_error(call: Callable[..., Result]) -> None:
    """It is that of the command itself."""
    found = call("help", "nope")
    assert found.exit_code == 2 and "No such command 'nope'" in found.output


@pytest.mark.parametrize(
    ("words", "end"),
    [
        (
            ["runs", "copy", "my_runs"],
            "Error: Missing argument 'TARGET'.\n"
            "Example: sacred runs copy my_runs sqlite:///runs.db -w 'status = COMPLETED'\n",
        ),
        (
            ["runs", "export", "my_runs"],
            "Error: Missing option '--to'.\nExample: sacred runs export my_runs --to runs.csv\n",
        ),
    ],
)
def test_where_something_is_missing_an_example_is_shown(
    call: Callable[..., Result], words: list[str], end: str
) -> None:
    """It is the one in the help of the command."""
    found = call(*words)
    assert found.exit_code == 2 and found.output.endswith(end)


def test_a_command_without_an_example_is_reported_as_usual(call: Callable[..., Result]) -> None:
    """A plugin may offer one whose help has none."""

    @click.command("acme")
    @click.argument("account")
    def acme(account: str) -> None:
        """Show an account."""

    group = main.LazyGroup(name="sacred", commands={"acme": acme})
    found = CliRunner().invoke(group, ["acme"])
    assert found.exit_code == 2 and found.output.endswith("Error: Missing argument 'ACCOUNT'.\n")


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("list", ": did you mean 'sacred runs list'?"),
        ("lst", ": did you mean 'sacred runs list'?"),
        ("plugin", ": did you mean 'plugins'?"),
        ("nope", "."),
        ("board", ": install it with: pip install sacred-board"),
        ("sqlite:///runs.db", ": did you mean 'sacred runs list sqlite:///runs.db'?"),
    ],
)
def test_an_unknown_command_has_a_hint(call: Callable[..., Result], typed: str, hint: str) -> None:
    """A command with such a name, also of a group, or the plugin that has it."""
    found = call(typed)
    assert found.exit_code == 2
    assert found.output.endswith(f"Error: No such command {typed!r}{hint}\n")
