"""Tests that the pages that scripts in ``tools/`` write are up to date."""

import re
import runpy
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_the_page_of_the_contract_is_up_to_date() -> None:
    """docs/plugin-contract.md is the output of tools/make_contract_page.py."""
    page = runpy.run_path(str(ROOT / "tools" / "make_contract_page.py"))["page"]()
    assert (ROOT / "docs" / "plugin-contract.md").read_text(encoding="utf-8") == page


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="tracebacks differ between Pythons")
def test_the_page_of_screens_is_up_to_date() -> None:
    """docs/screens.md is the output of tools/make_screens.py."""
    page = runpy.run_path(str(ROOT / "tools" / "make_screens.py"))["screens"]()
    assert (ROOT / "docs" / "screens.md").read_text(encoding="utf-8") == page


def test_the_screens_of_reading_runs_are_up_to_date() -> None:
    """Each screen of `sacred` in docs/reading-runs.md is what the command prints."""
    fill = runpy.run_path(str(ROOT / "tools" / "make_screens.py"))["fill"]
    page = (ROOT / "docs" / "reading-runs.md").read_text(encoding="utf-8")
    assert fill(page) == page
    shown = set(re.findall(r"^\$ sacred runs (\w+)", page, re.MULTILINE))
    assert shown == {"list", "show", "get", "watch", "export"}
