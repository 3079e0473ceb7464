"""Tests that pages, messages, docstrings and comments use standard words."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(
    path
    for pattern in (
        "*.md", "docs/*.md", "plugins/*/*.md", "sacred_core/**/*.py", "plugins/*/src/**/*.py",
    )
    for path in ROOT.glob(pattern)
)  # fmt: skip
#: Words that have no correct use here, and the standard words.
REPLACED = {
    "given again": "retried",
    "hand on": "forward, pass",
    "hears": "receives",
    "lies in": "is stored in",
    "look after": "manage",
    "set off by": "separated by",
    "somebody": "another user, another process",
    "stands after": "comes after",
    "stands in": "is in",
    "told": "reported, described",
    "told twice": "delivered twice",
    "under way": "running",
    "whole number": "integer",
    "whole numbers": "integers",
}


def uses(pattern: re.Pattern[str]) -> Iterator[str]:
    """Yield the places where a pattern matches; words may be on two lines."""
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        for match in pattern.finditer(text):
            yield f"{path.relative_to(ROOT)}:{text.count(chr(10), 0, match.start()) + 1}"


@pytest.mark.parametrize("words", REPLACED)
def test_standard_words_are_used(words: str) -> None:
    """Each phrase has a plain replacement, which is used everywhere."""
    pattern = re.compile(r"\b" + words.replace(" ", r"[\s#:]+") + r"\b", re.IGNORECASE)
    assert list(uses(pattern)) == [], f"write: {REPLACED[words]}"


PAGES = [*ROOT.glob("docs/*.md"), *ROOT.glob("plugins/*/README.md"), ROOT / "CONTRIBUTING.md"]
#: Pages that begin in another way: generated pages, tutorials and the index.
OTHERS = {
    "guide.md", "index.md", "mistakes.md", "plugin-contract.md", "screens.md",
}  # fmt: skip


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_names_its_readers_first(page: Path) -> None:
    """The first sentence says for whom the page is, and what it describes."""
    text = re.sub(r"(?s)<!--.*?-->\n\n?", "", page.read_text(encoding="utf-8"))
    assert page.name in OTHERS or text.split("\n\n")[1].startswith("For ")
