"""Tests that docs/public-names.md and docs/compatibility.md describe the code."""

import ast
import difflib
import importlib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.workspace.pages import ROOT, load_tool

PAGES = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "plugins/*/README.md", "examples/**/*.py")
    for path in ROOT.glob(pattern)
)
#: Observers that a page itself defines as a plugin.
DEFINED_BY_PAGES = {"JsonLinesObserver"}


@pytest.fixture(scope="module")
def tool() -> dict[str, Any]:
    return load_tool("make_names_page")


@pytest.fixture(scope="module")
def public(tool: dict[str, Any]) -> set[tuple[str, str]]:
    names: set[tuple[str, str]] = tool["public_names"]()
    return names


def test_the_list_of_public_names_is_up_to_date(tool: dict[str, Any]) -> None:
    """A name, member or parameter that was added, renamed or removed fails this test."""
    page = (ROOT / "docs" / "public-names.md").read_text(encoding="utf-8")
    changes = difflib.unified_diff(page.splitlines(), tool["page"]().splitlines(), n=0, lineterm="")
    found = [line for line in changes if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    assert not found, "\n".join(
        [
            *found,
            "Public names have changed. A name that was removed or renamed must be deprecated "
            "first (docs/compatibility.md). Then run: python tools/make_names_page.py",
        ]
    )


def imports(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the module and the name of each import of sacred-core in a page or an example."""
    text = path.read_text(encoding="utf-8")
    blocks = [text] if path.suffix == ".py" else re.findall(r"(?ms)^```python.*?\n(.*?)^```", text)
    for block in blocks:
        for found in re.finditer(r"(?m)^ *from (sacred_\w+[\w.]*) import (\([^)]*\)|.+)$", block):
            statement = ast.parse(found[0].strip()).body[0]
            assert isinstance(statement, ast.ImportFrom)
            yield from ((str(statement.module), alias.name) for alias in statement.names)


def test_pages_and_examples_use_public_names_only(public: set[tuple[str, str]]) -> None:
    """Each import in a block of code, also one of an exception or of an observer, is public."""
    places = {(module, name) for path in PAGES for module, name in imports(path)}
    assert len(places) > 50
    objects = [getattr(importlib.import_module(module), name) for module, name in public]
    missing = [
        (module, name)
        for module, name in sorted(places - public)
        if module != "sacred_core.exceptions"
        and name not in DEFINED_BY_PAGES
        and not any(getattr(importlib.import_module(module), name) is each for each in objects)
    ]
    assert missing == []


def test_the_reference_documents_each_public_name(public: set[tuple[str, str]]) -> None:
    """docs/api.toml, from which the reference of the site is made, has the names of the list."""
    text = (ROOT / "docs" / "api.toml").read_text(encoding="utf-8")
    names = [name for page in tomllib.loads(text)["page"] for name in page["names"]]
    documented = [
        getattr(importlib.import_module(module), each)
        for module, _, last in (name.rpartition(".") for name in names)
        if module != "sacred_core.exceptions"
        for each in (importlib.import_module(module).__all__ if last == "*" else [last])
    ]
    missing = [
        (module, name)
        for module, name in sorted(public)
        for value in [getattr(importlib.import_module(module), name)]
        if not any(value is each for each in documented)
        and getattr(value, "__module__", "") != "sacred_core.exceptions"
    ]
    assert missing == []


def test_the_list_has_parameters_members_and_base_classes(tool: dict[str, Any]) -> None:
    """A function has its parameters, and a class its members and the bases that are public."""
    page = tool["page"]()
    assert "- `find_runs(runs, where, sort, limit, offset, *, fields, metrics, since)`: Ret" in page
    observer = page.partition("- `FileStorageObserver(basedir, ")[2].partition("\n- ")[0]
    assert "  - members of `DocumentObserver`; " in observer
    assert "`resource_dir`" in observer
    assert "`completed_event" not in observer  # of a base class
    assert "`add_artifact(filename, name, metadata, content_type)`" in page
    assert "- [`ConfigError`](errors.md#configerror)" in page


def test_each_public_function_and_class_has_a_summary(tool: dict[str, Any]) -> None:
    """The list describes each of them in a sentence."""
    items = re.findall(r"(?m)^- `(\w+)\((?:[^`]*)\)`(.*)$", tool["page"]())
    assert len(items) > 150
    assert [name for name, summary in items if not summary.startswith(": ")] == []


def test_the_page_lists_each_deprecation() -> None:
    """docs/compatibility.md has a row for each call of a function that deprecates a name."""
    text = (ROOT / "docs" / "compatibility.md").read_text(encoding="utf-8")
    table = text.partition("| deprecated | since |")[2].partition("\n\n")[0].splitlines()[2:]
    names = "deprecated|deprecation|moved_names|renamed_argument|warn_deprecated"
    files = [*ROOT.glob("sacred_core/**/*.py"), *ROOT.glob("plugins/*/src/**/*.py")]
    calls = [
        call
        for path in files
        if path.name != "deprecation.py"
        for call in re.findall(rf"\b(?:{names})\(.*since=", path.read_text(encoding="utf-8"))
    ]
    assert len(table) == len(calls) > 0
