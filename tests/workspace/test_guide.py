"""Tests of the structure of the guide and of the README; `test_code_blocks.py` runs them."""

import re

from .pages import ROOT


def test_the_guide_has_ten_steps() -> None:
    """Its headings are numbered from 1 to 10."""
    text = (ROOT / "docs/guide.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (\d+)\. ", text, re.MULTILINE) == [*map(str, range(1, 11))]


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
