"""The code blocks of a documentation page, and plugins that are installed from them."""

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

from sacred_core.testing.scripts import python_path

ROOT = Path(__file__).resolve().parents[2]


def load_tool(name: str) -> dict[str, Any]:
    """Return the names of a script in ``tools/``."""
    return runpy.run_path(str(ROOT / "tools" / f"{name}.py"))


def blocks(page: str, language: str) -> list[str]:
    """Return the code blocks of a page of ``docs/`` in one language."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def run(folder: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    """Run a command that imports what `install` installed in ``folder``."""
    environment = {**os.environ, "PYTHONPATH": python_path(folder / "site")}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def install(folder: Path, files: dict[str, str]) -> None:
    """Write the files of a distribution, install it with pip, and remove its modules again."""
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
    done = run(
        folder, sys.executable, "-m", "pip", "install", "-q", "--no-deps",
        "--no-build-isolation", "--target", "site", ".",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for name in files:
        (folder / name).unlink()  # what is installed counts


def run_tests(folder: Path, tests: str) -> str:
    """Run a module of tests in ``folder`` and return what pytest prints."""
    (folder / "test_page.py").write_text(tests, encoding="utf-8")
    result = run(
        folder, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_page.py"
    )
    assert result.returncode == 0, result.stdout
    return result.stdout
