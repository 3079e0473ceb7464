"""Tests that docs/errors.md has an entry with cause and fix for every error class."""

import inspect
import re
from typing import Any

import pytest

from sacred_core import exceptions
from tests.workspace.pages import ROOT, load_tool

PAGE = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
ENTRIES = {part.partition("\n")[0]: part for part in re.split(r"(?m)^### ", PAGE)[1:]}


@pytest.fixture(scope="module")
def tool() -> dict[str, Any]:
    return load_tool("make_errors_page")


@pytest.fixture(scope="module")
def trees(tool: dict[str, Any]) -> Any:
    return tool["source_trees"]()


@pytest.fixture(scope="module")
def classes(tool: dict[str, Any], trees: Any) -> list[Any]:
    found: list[Any] = tool["error_classes"](trees)
    return found


def test_the_page_is_up_to_date(tool: dict[str, Any]) -> None:
    """docs/errors.md is the output of tools/make_errors_page.py."""
    assert tool["page"]() == PAGE


def test_every_error_class_has_an_entry(classes: list[Any]) -> None:
    """Each class of the core and of the plugins is on the page, and nothing else is."""
    assert sorted(ENTRIES) == sorted(each.name for each in classes)
    assert len({each.distribution for each in classes}) > 5


def test_every_error_has_a_summary_a_cause_and_a_fix(classes: list[Any]) -> None:
    """A docstring without the paragraphs ``Cause:`` and ``Fix:`` fails this test."""
    for each in classes:
        parts = [each.summary, each.part("Cause"), each.part("Fix")]
        assert all(re.fullmatch(r"(?s).{15,}[.]", part) for part in parts), (each.name, parts)


def test_the_classes_are_those_that_python_has(classes: list[Any], tool: dict[str, Any]) -> None:
    """What the source of the core shows are the classes of `sacred_core.exceptions`."""
    public = {
        name
        for name, value in inspect.getmembers(exceptions, inspect.isclass)
        if issubclass(value, BaseException) and value.__module__ == exceptions.__name__
    }
    found = {each.name for each in classes if each.module == exceptions.__name__}
    assert found == {name for name in public if not name.startswith("_")}
    assert not found & set(tool["INTERNAL"])


def test_every_internal_error_exists(tool: dict[str, Any], trees: Any) -> None:
    """Each error that no user gets is still defined somewhere."""
    source = "\n".join(path.read_text(encoding="utf-8") for path in trees)
    assert [name for name in tool["INTERNAL"] if f"class {name}(" not in source] == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ConfigAddedError", "`unknown config entry …: not defined in the configuration"),
        ("NotExecutableError", "of run … does not exist on this machine: …."),  # in a function
        ("StoreError", "`no credentials found for …: …` (sacred-gcs)"),
    ],
)
def test_entries_have_the_messages_of_the_code(name: str, message: str) -> None:
    """Messages are found where an error is created, and in functions that return its message."""
    assert message in ENTRIES[name]


def test_an_entry_links_its_base_class_and_pages() -> None:
    """Names of errors and pages in docstrings are links."""
    entry = ENTRIES["QueryError"]
    assert "It is a [StoreError](#storeerror)." in entry
    assert "[Queries](queries.md)" in entry
