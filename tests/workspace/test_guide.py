"""Tests that follow the guide and the README as their readers would."""

import difflib
import os
import re
import sys
from pathlib import Path

from .pages import ROOT, load_tool

tool = load_tool("run_page")


def difference(expected: str, found: str, page: str) -> str:
    lines = difflib.unified_diff(expected.splitlines(), found.splitlines(), page, "found", n=1)
    return "\n".join([f"update with: tools/run_page.py {page} --write", *lines])


def test_the_guide_prints_what_it_shows() -> None:
    """From wheels, in a fresh environment, every command of the guide prints what it shows."""
    text = (ROOT / "docs/guide.md").read_text(encoding="utf-8")
    with tool["fresh_reader"](is_fast=True) as (folder, environment):
        assert not folder.is_relative_to(ROOT)
        page = tool["Page"](text, folder, environment)
        filled = page.run()
    assert filled == text, difference(text, filled, "docs/guide.md")
    tasks = [section for section in page.sections if section.commands]
    assert [section.title.partition(".")[0] for section in tasks] == [*map(str, range(1, 11))]


def test_the_readme_prints_what_it_shows(tmp_path: Path) -> None:
    """The commands of the README print what it shows, in the environment of the tests."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    path = f"{Path(sys.executable).parent}{os.pathsep}/usr/bin{os.pathsep}/bin"
    environment = tool["reader_environment"](tmp_path, path, UV="true")  # nothing is installed
    filled = tool["Page"](text, tmp_path, environment).run()
    assert filled == text, difference(text, filled, "README.md")


def test_the_page_of_sweeps_prints_what_it_shows(tmp_path: Path) -> None:
    """The commands of the page print what it shows, in the environment of the tests."""
    text = (ROOT / "docs/sweeps.md").read_text(encoding="utf-8")
    path = f"{Path(sys.executable).parent}{os.pathsep}/usr/bin{os.pathsep}/bin"
    environment = tool["reader_environment"](tmp_path, path, UV="true")
    filled = tool["Page"](text, tmp_path, environment).run()
    assert filled == text, difference(text, filled, "docs/sweeps.md")


def test_the_readme_has_the_two_commands_of_a_clone() -> None:
    """Its two blocks in `sh`, the second of which `.ci/run` uses, run an example and the tests."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text.index("## Quick start\n") < text.index("```sh\n")
    found = re.findall(r"^```sh\n(.*?)\n```$", text, re.MULTILINE | re.DOTALL)
    environment = "python3 -m venv .venv && .venv/bin/pip install -q"
    assert found == [
        f"{environment} -e . -e plugins/sacred-file && .venv/bin/python examples/01_hello_world.py "
        "-F my_runs && .venv/bin/sacred runs show my_runs",
        f"{environment} nox uv && .venv/bin/nox",
    ]
