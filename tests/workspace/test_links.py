"""Tests that pages name what exists: links, files, and the steps of CONTRIBUTING.md."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: The address of the files of the project.
BLOB = "https://github.com/sacred-core/sacred-core/blob/main/"
PAGES = sorted(
    path for pattern in ("*.md", "docs/*.md", "plugins/*/*.md") for path in ROOT.glob(pattern)
)


def without_code(page: Path) -> str:
    return re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)


def links(page: Path) -> list[tuple[Path, str]]:
    """Return the links of a page to files of the checkout, each as a file and a heading.

    They are relative, or full addresses of files of the project.
    """
    found = []
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(page)):
        address, _, heading = target.partition("#")
        if address.startswith(BLOB):
            found.append((ROOT / address.removeprefix(BLOB), heading))
        elif "://" not in address:
            file = (page.parent / address).resolve() if address else page
            found.append((file, heading))
    return found


def anchors(page: Path) -> set[str]:
    """Return the anchors of the headings of a page, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", without_code(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_pages_and_headings(page: Path) -> None:
    """Each relative link names a file that exists, and a heading of it."""
    for target, heading in links(page):
        assert target.exists(), target
        assert not heading or heading in anchors(target), f"{target}#{heading}"


def test_every_page_is_linked() -> None:
    """The README or another page links each page of docs/."""
    linked = {target for page in PAGES for target, _ in links(page) if target != page}
    assert set(ROOT.glob("docs/*.md")) <= linked


def test_the_index_links_each_page() -> None:
    """docs/index.md has a row for each page of docs/."""
    index = ROOT / "docs" / "index.md"
    linked = {target for target, _ in links(index)}
    assert set(ROOT.glob("docs/*.md")) - {index} <= linked


def test_the_path_of_an_event_names_code_that_exists() -> None:
    """Each step in CONTRIBUTING.md names a file, and a class or function in it."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    steps = re.findall(r"^\| \d+ \| `(\S+)` `(\w+)` \|", text, re.MULTILINE)
    assert len(steps) == 10
    for file, name in steps:
        source = (ROOT / file).read_text(encoding="utf-8")
        assert re.search(rf"^ *(class|def) {name}\b", source, re.MULTILINE), f"{file} {name}"
