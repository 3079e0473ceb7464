"""Tests of hints for invalid command lines; tests/mistakes has most of them."""

import pytest

from sacred_core import Experiment
from sacred_core.script_cli import hints


@pytest.mark.parametrize("rest", [[], ["lr=1"], ["with", "lr=1"]])
def test_a_command_of_a_missing_plugin_has_its_installation(
    rest: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever comes after it, the error has the command that installs the plugin."""
    monkeypatch.setattr(hints, "KNOWN_SCRIPT_COMMANDS", {"grid": "sacred-grid"})
    ex = Experiment("train", interactive=True)

    @ex.main
    def main() -> None:
        pass

    with pytest.raises(SystemExit) as ended:
        ex.run_commandline(["train.py", "grid", *rest])
    assert ended.value.code == 2
    assert capsys.readouterr().err.endswith(
        "Error: No such command 'grid': install it with: pip install sacred-grid\n"
    )


def test_a_command_of_that_name_is_executed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The experiment may have it itself; an error in its line has its own hint."""
    monkeypatch.setattr(hints, "KNOWN_SCRIPT_COMMANDS", {"grid": "sacred-grid"})
    ex = Experiment("train", interactive=True)

    @ex.command
    def grid() -> int:
        return 3

    assert ex.run_commandline(["train.py", "grid"]).result == 3
    with pytest.raises(SystemExit) as ended:
        ex.run_commandline(["train.py", "grid", "with"])
    assert ended.value.code == 2
