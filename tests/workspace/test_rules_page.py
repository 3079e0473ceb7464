"""The page of rules says what the contracts test."""

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_of_rules_is_up_to_date() -> None:
    """`python docs/make_rules.py` writes it from the tests' docstrings."""
    page = runpy.run_path(str(DOCS / "make_rules.py"))["page"]()
    assert (DOCS / "rules.md").read_text(encoding="utf-8") == page
