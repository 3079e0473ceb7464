"""Tests that the commands of docs/moving-runs.md print what the page shows."""

import re
import sqlite3
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner

from sacred_core.cli.main import sacred
from tests.workspace.pages import blocks

#: Commands and their output, without those that need a server.
COMMANDS = [
    (command, output)
    for block in blocks("moving-runs.md", "text")
    for command, output in re.findall(r"\$ sacred (.+)\n((?:[^$].*\n)*)", block)
    if "mongodb:" not in command
]


def test_commands_print_what_the_page_shows(
    golden_rich: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs of Sacred 0.8.7, 0.7.5 and 0.8.2 are copied to one database, and verified."""
    monkeypatch.chdir(tmp_path)
    golden_rich.unpack("0.8.7", "files", tmp_path / "old_runs")
    golden_rich.unpack("0.7.5", "tinydb", tmp_path / "old_tinydb")
    with sqlite3.connect("old.db") as connection:
        connection.executescript(golden_rich.load("0.8.2")["sql"])
    connection.close()
    assert len(COMMANDS) == 5
    for command, output in COMMANDS:
        result = CliRunner().invoke(sacred, command.split())
        assert (result.output, result.exit_code) == (output, 0)
