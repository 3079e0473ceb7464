"""Tests of the option in a process of its own, since a limit cannot be undone."""

import subprocess
import sys
from pathlib import Path

import pytest
from example_memory_limit import read_size

from sacred_core.exceptions import UsageError
from sacred_core.testing import PluginContract

SCRIPT = """
from sacred_core import Experiment

ex = Experiment("large", save_git_info=False)

@ex.automain
def main(_run, size):
    print("limit", _run.info["memory_limit"])
    return len(bytes(size))
"""


class TestPlugin(PluginContract):
    distribution = "example-memory-limit"


def run_script(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run the script."""
    (folder / "large.py").write_text(SCRIPT)
    command = [sys.executable, "large.py", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_a_run_beyond_the_limit_fails(tmp_path: Path) -> None:
    """The run fails with a traceback of the script; a smaller one succeeds."""
    words = ["--memory-limit", "4G", "with"]
    done = run_script(tmp_path, *words, f"size={2**33}")
    assert done.returncode == 1
    assert f"limit {2**32}" in done.stdout and "MemoryError" in done.stderr
    assert run_script(tmp_path, *words, "size=1000").returncode == 0


def test_a_wrong_size_is_an_error(tmp_path: Path) -> None:
    """The run does not start."""
    done = run_script(tmp_path, "--memory-limit", "much", "with", "size=1")
    assert done.returncode == 2
    assert "--memory-limit: expected a size such as 500M or 8G, got 'much'" in done.stderr


@pytest.mark.parametrize(
    ("text", "size"), [("1000", 1000), ("1.5K", 1536), (" 2G ", 2**31), ("1TB", 2**40)]
)
def test_sizes_have_units(text: str, size: int) -> None:
    """A unit is a power of 1024."""
    assert read_size(text) == size


@pytest.mark.parametrize("text", ["", "0", "-1G", "G", "1X", "9999999T"])
def test_other_strings_are_errors(text: str) -> None:
    """The message has the string."""
    with pytest.raises(UsageError, match="expected a size such as 500M or 8G"):
        read_size(text)
