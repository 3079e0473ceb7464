"""The code blocks of a documentation page, and plugins that are installed from them."""

import ast
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

from sacred_core.testing.effort import VARIABLE
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
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment = {**os.environ, "PATH": path, "PYTHONPATH": python_path(folder / "site")}
    environment.pop(VARIABLE, None)  # a reader tries few examples
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def files_of(page: str) -> dict[str, str]:
    """Return the blocks that a page puts into files, by the last file name before each.

    A file that is changed later on the page has its first content.
    """
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    text = re.sub(r"<!--.*?-->\n\n", "", text)
    files: dict[str, str] = {}
    for before, block in re.findall(r"(?s)(.*?)```(?:\w+)\n(.*?)```", text):
        paragraph = before.rstrip().rpartition("\n\n")[2]
        names = re.findall(r"`([\w-]+\.(?:py|toml))`", paragraph)
        if names:
            files.setdefault(names[-1], block)
    return files


def type_lines(folder: Path, block: str) -> list["subprocess.CompletedProcess[str]"]:
    """Run each line of a block in bash, where ``pip install .`` installs for `run`."""
    return [
        install(folder) if line == "pip install ." else run(folder, "bash", "-c", line)
        for line in block.splitlines()
    ]


def install(
    folder: Path, files: dict[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Install the distribution in a folder with pip, for `run`.

    Args:
        folder: Of the distribution.
        files: Files that are written before, and removed afterwards: what is installed counts.
    """
    files = files or {}
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
    done = run(
        folder, sys.executable, "-m", "pip", "install", "-q", "--no-deps",
        "--no-build-isolation", "--target", "site", ".",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for name in files:
        (folder / name).unlink()
    return done


def concepts(page: str) -> dict[str, str]:
    """Return the first column of the first table of a page, and the anchor in its last column."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    table = text.partition("| concept |")[2].partition("\n\n")[0]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]
    return {row[0]: row[-1].partition("(#")[2].rstrip(")") for row in rows}


def sections(page: str) -> dict[str, str]:
    """Return the sections of a page by their anchors."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    parts = (part.partition("\n") for part in text.split("\n## ")[1:])
    return {
        re.sub(r"[^\w-]", "", title.lower().replace(" ", "-")): body for title, _, body in parts
    }


def imported_names(code: str) -> set[str]:
    """Return the names that code imports from sacred-core."""
    nodes = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.ImportFrom)]
    return {
        alias.name
        for node in nodes
        if (node.module or "").startswith("sacred_core")
        for alias in node.names
    }


def run_tests(folder: Path, tests: str) -> str:
    """Run a module of tests in ``folder`` and return what pytest prints."""
    (folder / "test_page.py").write_text(tests, encoding="utf-8")
    options = ("-q", "-p", "no:cacheprovider", "-p", "sacred_core.testing.summary")
    result = run(folder, sys.executable, "-m", "pytest", *options, "test_page.py")
    assert result.returncode == 0, result.stdout
    return result.stdout


def count_passed(printed: str) -> int:
    """Return how many tests passed by what pytest printed.

    There are no failures and no warnings, and only rules that are not applicable were skipped.
    """
    last = printed.splitlines()[-1].strip("= ")
    summary = re.fullmatch(r"(\d+) passed(?:, \d+ skipped)? in [^,]*", last)
    assert summary is not None, printed
    rules = re.findall(r"(?m)^\w+Contract  .*", printed)
    assert not [line for line in rules if re.search("failed|skipped|not run", line)], printed
    return int(summary[1])
