"""Tests that every code block of every page is executed, and prints what the page shows."""

import difflib

import pytest

from .pages import ROOT, load_tool

tool = load_tool("run_page")
PAGES = sorted(path for pattern in tool["PAGES"] for path in ROOT.glob(pattern))
TEXTS = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in PAGES}
#: Pages with blocks that are run here.
EXECUTED = [
    name
    for name, text in TEXTS.items()
    if {block.kind for block in tool["blocks"](text)} - {"run by", "not run"}
]
#: Pages that are not converted yet.
LATER = {name for name in EXECUTED if name not in ("README.md", "docs/guide.md", "docs/sweeps.md")}


@pytest.mark.parametrize("name", EXECUTED)
def test_a_page_prints_what_it_shows(name: str) -> None:
    """Each command and block is executed without an error, and its output is that of the page."""
    if name in LATER:
        pytest.skip("not converted yet")
    text = TEXTS[name]
    filled, _ = tool["follow"](text, is_fast=True)
    lines = difflib.unified_diff(text.splitlines(), filled.splitlines(), name, "found", n=1)
    assert filled == text, "\n".join([f"update with: tools/run_page.py {name} --write", *lines])
