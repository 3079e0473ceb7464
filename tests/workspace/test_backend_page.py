"""Tests that follow the page *Write a backend* as a reader would."""

import json
import re
import sys
from pathlib import Path

import pytest

from .pages import blocks, install, run, run_tests

PAGE = "write-a-backend.md"
SCRIPT = """
from sacred_core import Experiment

ex = Experiment("unchanged", save_git_info=False)


@ex.automain
def main(seed, _run):
    print("printed")
    _run.log_scalar("loss", 0.5)
    ex.add_artifact(__file__, "script")
    return seed
"""
#: The rules about changes only, so that the others do not run twice.
CHANGES = """
from acme_sqlite_changes import AcmeChangeStore
from acme_sqlite_runs import AcmeObserver
from sacred_core.testing.changes_contract import ChangesContract


class TestChanges(ChangesContract):
    def make_observer(self, tmp_path):
        return AcmeObserver(tmp_path / "acme.db")

    def make_store(self, tmp_path):
        return AcmeChangeStore(tmp_path / "acme.db")
"""


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder with the distribution of the page, installed by pip."""
    plugin, runs, changes, _ = blocks(PAGE, "python")
    files = {"pyproject.toml": blocks(PAGE, "toml")[0]}
    install(tmp_path, {**files, "acme_sqlite.py": plugin, "acme_sqlite_runs.py": runs})
    (tmp_path / "acme_sqlite_changes.py").write_text(changes, encoding="utf-8")
    return tmp_path


def test_the_backend_passes_every_contract(installed: Path) -> None:
    """The block of tests, run by pytest, passes: the plugin's rules and those of stores."""
    printed = run_tests(installed, blocks(PAGE, "python")[3])
    passed = re.search(r"(\d+) passed", printed)
    assert passed is not None and int(passed[1]) >= 100, printed
    assert "skipped" not in printed and "failed" not in printed


def test_the_backend_finds_changes(installed: Path) -> None:
    """With the block about changes it passes the rules of changes."""
    printed = run_tests(installed, CHANGES)
    passed = re.search(r"(\d+) passed", printed)
    assert passed is not None and int(passed[1]) >= 5, printed


def test_the_backend_records_an_unchanged_script(installed: Path) -> None:
    """Its flag records a run, which `sacred runs show` reads back."""
    (installed / "my_experiment.py").write_text(SCRIPT)
    done = run(installed, sys.executable, "my_experiment.py", "--acme", "a.db", "with", "seed=3")
    assert done.returncode == 0, done.stderr
    command = ("-m", "sacred_core", "runs", "show", f"acme://{installed}/a.db", "1", "--json")
    shown = run(installed, sys.executable, *command)
    assert shown.returncode == 0, shown.stderr
    data = json.loads(shown.stdout)
    assert (data["status"], data["result"], data["config"]) == ("COMPLETED", 3, {"seed": 3})


def test_the_backend_is_short() -> None:
    """The backend has at most 150 lines of code and 8 concepts."""
    plugin, runs, *_ = blocks(PAGE, "python")
    assert len([line for line in (plugin + runs).splitlines() if line.strip()]) <= 150
    text = (Path(__file__).parents[2] / "docs" / PAGE).read_text(encoding="utf-8")
    concepts = text.partition("## Concepts")[2].partition("\n## ")[0]
    assert len([row for row in concepts.splitlines() if row.startswith("| ")]) - 2 == 8
