"""Tests that the pages that scripts in ``tools/`` write are up to date."""

import re
import runpy
import sys
from pathlib import Path

import pytest

from sacred_core.terminal import text_width

ROOT = Path(__file__).parents[2]


def test_the_page_of_the_contract_is_up_to_date() -> None:
    """docs/plugin-contract.md is the output of tools/make_contract_page.py."""
    page = runpy.run_path(str(ROOT / "tools" / "make_contract_page.py"))["page"]()
    assert (ROOT / "docs" / "plugin-contract.md").read_text(encoding="utf-8") == page


def test_the_page_of_mistakes_is_up_to_date() -> None:
    """docs/mistakes.md is the output of tools/make_mistakes_page.py."""
    page = runpy.run_path(str(ROOT / "tools" / "make_mistakes_page.py"))["page"]()
    assert (ROOT / "docs" / "mistakes.md").read_text(encoding="utf-8") == page


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="tracebacks differ between Pythons")
def test_the_page_of_screens_is_up_to_date() -> None:
    """docs/screens.md is the output of tools/make_screens.py."""
    page = runpy.run_path(str(ROOT / "tools" / "make_screens.py"))["screens"]()
    assert (ROOT / "docs" / "screens.md").read_text(encoding="utf-8") == page


def test_the_tables_of_screens_fit_their_widths() -> None:
    """Each table that is said to be in a terminal of a width has no wider line."""
    page = (ROOT / "docs" / "screens.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^\$ sacred runs list [^\n]*# (\d+) columns\n(.*?)```", page, re.M | re.S)
    assert {int(width) for width, _ in blocks} == {40, 80, 160}
    for width, block in blocks:
        table, _, _ = block.partition("Not shown:")
        assert max(map(text_width, table.splitlines())) <= int(width)


def test_the_screens_of_sacred_are_up_to_date() -> None:
    """Each screen of `sacred` in a page is what the command prints."""
    tool = runpy.run_path(str(ROOT / "tools" / "make_screens.py"))
    pages = [(ROOT / "docs" / name).read_text(encoding="utf-8") for name in tool["PAGES"]]
    assert [*map(tool["fill"], pages)] == pages
    shown = set(re.findall(r"^\$ sacred runs (\w+)", "".join(pages), re.MULTILINE))
    assert shown == {
        "list", "show", "get", "watch", "export", "copy", "sync", "verify", "diff", "significance",
        "rerun", "why",
    }  # fmt: skip


def test_no_other_page_has_screens_of_sacred() -> None:
    """A page with a screen of a command that reads is one that a script in tools/ writes."""
    pages = runpy.run_path(str(ROOT / "tools" / "make_screens.py"))["PAGES"]
    screen = re.compile(
        r"^\$ sacred runs (list|show|get|watch|export|diff|why|significance)", re.MULTILINE
    )
    found = {
        path.name
        for path in (ROOT / "docs").glob("*.md")
        if screen.search(path.read_text(encoding="utf-8"))
    }
    others = ("copying-runs.md", "rerunning-runs.md")  # with other commands
    pages = [name for name in pages if name not in others]
    assert found == {*pages, "screens.md", "guide.md", "sweeps.md"}  # the last two: run_page.py
