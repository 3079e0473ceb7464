"""Tests that the pages that scripts in ``tools/`` write are up to date."""

import re
import runpy
from pathlib import Path

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


def test_the_tables_of_screens_fit_their_widths() -> None:
    """Each table that is said to be in a terminal of a width has no wider line."""
    page = (ROOT / "docs" / "screens.md").read_text(encoding="utf-8")
    pattern = r"^\$ COLUMNS=(\d+) sacred runs list [^\n]*\n(.*?)```"
    blocks = re.findall(pattern, page, re.M | re.S)
    assert {int(width) for width, _ in blocks} == {40, 80, 160}
    for width, block in blocks:
        table, _, _ = block.partition("Not shown:")
        assert max(map(text_width, table.splitlines())) <= int(width)
