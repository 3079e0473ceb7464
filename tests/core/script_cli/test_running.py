"""Tests of what a script shows where a function that makes the configuration raises."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

HEAD = """
    from sacred_core import Experiment, Ingredient
    data = Ingredient("data")
    ex = Experiment("raising", ingredients=[data], save_git_info=False)

    def fail():
        raise {error}

    @ex.command
    def main(): ...

    @ex.named_config
    def faulty():
        named = fail()

"""
PLACES = {
    "scope": "@ex.config\ndef place():\n    a = fail()",
    "ingredient": "@data.config\ndef place():\n    a = fail()",
    "config hook": "@ex.config_hook\ndef place(config, command_name, logger):\n    fail()",
    "option hook": "@ex.option_hook\ndef place(options):\n    fail()",
    "named config": "",
}


def run_script(
    folder: Path, place: str, *args: str, error: str = "ZeroDivisionError('of mine')"
) -> "subprocess.CompletedProcess[str]":
    text = textwrap.dedent(HEAD).replace("{error}", error) + PLACES[place]
    (folder / "script.py").write_text(f"{text}\n\nex.run_commandline()\n")
    updates = ["with", "faulty"] if place == "named config" else []
    command = [sys.executable, "script.py", "main", *updates, *args]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("place", PLACES)
def test_only_frames_of_the_user_are_shown(tmp_path: Path, place: str) -> None:
    """The stack ends in the user's function; no line of sacred-core is in it."""
    done = run_script(tmp_path, place)
    assert done.returncode == 1
    frames = [line for line in done.stderr.splitlines() if line.startswith("  File ")]
    assert all(str(tmp_path / "script.py") in frame for frame in frames), done.stderr
    last = "faulty" if place == "named config" else "place"
    assert [frame.rpartition(" in ")[2] for frame in frames[-2:]] == [last, "fail"]
    assert done.stderr.rstrip().endswith("ZeroDivisionError: of mine")


def test_debug_shows_all_frames(tmp_path: Path) -> None:
    """With `-d` a debugger sees the whole stack."""
    done = run_script(tmp_path, "scope", "-d")
    assert done.returncode == 1
    assert "sacred_core" in done.stderr
    assert done.stderr.rstrip().endswith("ZeroDivisionError: of mine")


@pytest.mark.parametrize(
    ("error", "code"), [("KeyboardInterrupt", 130), ("SystemExit(3)", 3), ("SystemExit('x')", 1)]
)
def test_other_ends_have_their_exit_codes(tmp_path: Path, error: str, code: int) -> None:
    """Ctrl-C in a scope is 130, and what `sys.exit` was given."""
    assert run_script(tmp_path, "scope", error=error).returncode == code
