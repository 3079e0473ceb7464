"""Tests of explanations: pictures that scripts draw, and the table of what survives a crash."""

import re
import runpy
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs" / "pictures"
DIAGRAMS = runpy.run_path(str(ROOT / "tools" / "make_diagrams.py"))["DIAGRAMS"]


@pytest.mark.parametrize("name", DIAGRAMS)
def test_a_diagram_is_up_to_date(name: str) -> None:
    """Each diagram is the output of tools/make_diagrams.py, and is valid XML."""
    drawn = DIAGRAMS[name]()
    ElementTree.fromstring(drawn)
    assert (PICTURES / name).read_text(encoding="utf-8") == drawn


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="output differs between Pythons")
def test_pictures_of_a_terminal_are_up_to_date() -> None:
    """Each picture of a terminal shows what its command prints, in its colours."""
    drawn = runpy.run_path(str(ROOT / "tools" / "make_terminal_pictures.py"))["pictures"]()
    files = {path.name: path.read_text(encoding="utf-8") for path in PICTURES.glob("terminal-*")}
    assert drawn == files
    for picture in drawn.values():
        ElementTree.fromstring(picture)


def test_the_picture_of_layers_shows_the_resolved_values() -> None:
    """The last row has the values that the page prints for its example."""
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    printed = page.partition("$ python layers.py print_config")[2].partition("```")[0]
    values = dict(re.findall(r"^  (\w+) = (\S+)", printed, re.MULTILINE))
    root = ElementTree.fromstring(DIAGRAMS["configuration-layers.svg"]())
    cells = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    last = cells[cells.index("The configuration") :]
    entries = ("batch", "rate", "epochs", "steps", "warmup")
    assert [cell for cell in last if cell in values.values()] == [values[each] for each in entries]


def test_each_row_of_the_crash_table_names_tests_that_exist() -> None:
    """docs/robustness.md lists the tests of each row in a comment, which the page does not show."""
    text = (ROOT / "docs" / "robustness.md").read_text(encoding="utf-8")
    table = text.partition("## What survives a crash")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")][2:]
    assert len(rows) >= 12
    for row in rows:
        found = re.search(r"<!-- tests: (.+) --> \|$", row)
        assert found, row
        for test in found[1].split():
            file, _, name = test.partition("::")
            assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), test
