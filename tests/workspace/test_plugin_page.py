"""Tests that follow the page *Write a plugin* as a reader would."""

import json
import sys
from pathlib import Path

import pytest

from .pages import blocks, install, run, run_tests

PAGE = "write-a-plugin.md"
SCRIPT = """
from sacred_core import Experiment

ex = Experiment("unchanged")


@ex.automain
def main(seed):
    return seed
"""


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The first two blocks as files, installed by pip into a folder on the path."""
    code = blocks(PAGE, "python")[0]
    install(tmp_path, {"pyproject.toml": blocks(PAGE, "toml")[0], "acme_jsonl.py": code})
    (tmp_path / "my_experiment.py").write_text(SCRIPT)
    return tmp_path


def test_the_smallest_plugin_works(installed: Path) -> None:
    """Its flag is in the help of an unchanged script, and each run adds a line."""
    assert "--jsonl FILE" in run(installed, sys.executable, "my_experiment.py", "--help").stdout
    for seed in (1, 2):
        words = ("my_experiment.py", "--jsonl", "runs.jsonl", "with", f"seed={seed}")
        result = run(installed, sys.executable, *words)
        assert result.returncode == 0, result.stderr
    lines = [json.loads(line) for line in (installed / "runs.jsonl").read_text().splitlines()]
    assert [line["result"] for line in lines] == [1, 2]
    assert lines[0]["config"] == {"seed": 1}


def test_the_smallest_plugin_fulfils_the_contract(installed: Path) -> None:
    """The block of tests, run by pytest, passes: the plugin's rules and the observer's."""
    [tests] = [block for block in blocks(PAGE, "python") if "class TestPlugin" in block]
    assert "17 passed" in run_tests(installed, tests)


def test_the_observer_can_be_imported_by_name(installed: Path) -> None:
    """The observer can be imported by name, as the page describes."""
    code = "from sacred_core.observers import JsonLinesObserver as O; print(O.__module__)"
    assert run(installed, sys.executable, "-c", code).stdout == "acme_jsonl\n"


def test_the_module_is_short() -> None:
    """About twenty lines: what one has to write to publish an observer."""
    code = [line for line in blocks(PAGE, "python")[0].splitlines() if line.strip()]
    assert len(code) <= 20
