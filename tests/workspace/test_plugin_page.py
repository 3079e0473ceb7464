"""Tests that follow the page *Write a plugin* as a reader would."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "write-a-plugin.md").read_text(encoding="utf-8")
SCRIPT = """
from sacred_core import Experiment

ex = Experiment("unchanged")


@ex.automain
def main(seed):
    return seed
"""


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def run(folder: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHONPATH": str(folder / "site")}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The first two blocks as files, installed by pip into a folder on the path."""
    (tmp_path / "pyproject.toml").write_text(blocks("toml")[0])
    (tmp_path / "acme_jsonl.py").write_text(blocks("python")[0])
    (tmp_path / "my_experiment.py").write_text(SCRIPT)
    done = run(
        tmp_path, sys.executable, "-m", "pip", "install", "-q", "--no-deps",
        "--no-build-isolation", "--target", "site", ".",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return tmp_path


def test_the_smallest_plugin_works(installed: Path) -> None:
    """Its flag is in the help of an unchanged script, and each run adds a line."""
    (installed / "acme_jsonl.py").unlink()  # what is installed counts
    assert "--jsonl FILE" in run(installed, sys.executable, "my_experiment.py", "--help").stdout
    for seed in (1, 2):
        words = ("my_experiment.py", "--jsonl", "runs.jsonl", "with", f"seed={seed}")
        result = run(installed, sys.executable, *words)
        assert result.returncode == 0, result.stderr
    lines = [json.loads(line) for line in (installed / "runs.jsonl").read_text().splitlines()]
    assert [line["result"] for line in lines] == [1, 2]
    assert lines[0]["config"] == {"seed": 1}


def test_the_smallest_plugin_keeps_the_contract(installed: Path) -> None:
    """The block of tests, run by pytest, passes: the plugin's rules and the observer's."""
    [tests] = [block for block in blocks("python") if "class TestPlugin" in block]
    (installed / "test_acme.py").write_text(tests)
    (installed / "acme_jsonl.py").unlink()
    result = run(
        installed, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_acme.py"
    )
    assert result.returncode == 0, result.stdout
    assert "14 passed" in result.stdout


def test_the_observer_can_be_imported_by_name(installed: Path) -> None:
    """As the page says."""
    code = "from sacred_core.observers import JsonLinesObserver as O; print(O.__module__)"
    assert run(installed, sys.executable, "-c", code).stdout == "acme_jsonl\n"


def test_the_module_is_short() -> None:
    """About twenty lines: what one has to write to publish an observer."""
    code = [line for line in blocks("python")[0].splitlines() if line.strip()]
    assert len(code) <= 20
