"""Tests of the structure: import directions, sizes, and pages that name tests."""

import ast
import graphlib
import importlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from sacred_core import SETTINGS, Ingredient

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "sacred_core"

#: Each tier may import those above it, and its own folder. Other modules only re-export names.
TIERS = (
    ("frames",),
    (
        "bit_generators",
        "deprecation",
        "exceptions",
        "plurals",
        "environment",
        "printable",
        "range_reader",
        "readable_numbers",
        "readable_times",
        "regular_files",
        "settings",
        "shared_methods",
        "student_t",
        "terminal",
        "version",
    ),
    (
        "patches",
        "dotted_path",
    ),
    (
        "atomic_files",
        "contained_files",
        "content_types",
        "events",
        "context",
        "importing",
        "interactive",
        "loaded_code",
        "loggers",
        "masking",
        "serialization",
        "late_threads",
        "reused_threads",
        "stable_files",
        "state_folder",
    ),
    ("jsonpickle_data",),
    ("hooks",),
    ("config", "provenance", "stores", "randomness"),
    ("listing",),
    ("observers",),
    ("delivery",),
    ("transfer",),
    ("archives", "compare", "spool"),
    ("ranks",),
    ("run",),
    ("children",),
    ("resume",),
    ("script_cli",),
    ("ingredient",),
    ("experiment",),
    ("rerun",),
    ("worker",),
    ("doctor",),
    ("cli", "builtin"),
)
RANK = {name: rank for rank, names in enumerate(TIERS) for name in names}
#: Importer and imported that may break the order, and why.
EXCEPTIONS = {
    ("settings", "exceptions"): "a wrong setting is an error",
    ("masking", "settings"): "a list of words is a setting",
    ("stores", "run"): "a reader of a running run applies the filter that the run uses",
}
#: Files over 400 lines and functions over 40, with the reason that each may be.
LONG: dict[str, str] = {
    "sacred_core/exceptions.py": "each of its classes has a cause and a fix in its docstring",
    "sacred_core/hooks/manager.py": "it has one property after the other, one for each hook",
    "sacred_core/run/run.py": "the documented Run has one attribute and method after the other",
}


def sources(*folders: Path) -> list[Path]:
    found = [path for folder in folders for path in folder.rglob("*.py")]
    return [path for path in found if "tests" not in path.parts[len(ROOT.parts) :]]


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def tier_of(dotted: str) -> str | None:
    parts = dotted.split(".")
    return parts[1] if parts[0] == "sacred_core" and len(parts) > 1 else None


@pytest.mark.parametrize("path", sources(PACKAGE), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_run_one_way(path: Path) -> None:
    """A module imports only from tiers before its own, or from its own folder."""
    own = path.relative_to(PACKAGE).with_suffix("").parts[0]
    if own not in RANK:
        return
    for name in imports(path):
        other = tier_of(name)
        if other not in RANK or other == own or (own, other) in EXCEPTIONS:
            continue
        assert RANK[other] < RANK[own], f"{own} imports {name}"


def modules(package: Path) -> dict[str, Path]:
    """Return the files of a package by the dotted names of their modules."""
    found = {}
    for path in sources(package):
        parts = path.relative_to(package.parent).with_suffix("").parts
        found[".".join(parts).removesuffix(".__init__")] = path
    return found


def imported_modules(path: Path, known: Mapping[str, Path]) -> set[str]:
    """Return the modules among ``known`` that a file imports, wherever the statement is."""
    found = set()
    for name in imports(path):
        for candidate in (name, name.rpartition(".")[0]):
            if candidate in known:
                found.add(candidate)
                break
    return {name for name in found if known[name] != path}


@pytest.mark.parametrize(
    "package", [PACKAGE, *sorted(ROOT.glob("plugins/*/src/*"))], ids=lambda path: path.name
)
def test_no_modules_import_each_other(package: Path) -> None:
    """The imports of a package have no cycle, those for type checkers and in functions included."""
    known = modules(package)
    graph = {name: imported_modules(path, known) for name, path in known.items()}
    order = graphlib.TopologicalSorter(graph)
    try:
        order.prepare()
    except graphlib.CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


def test_the_core_imports_no_plugin() -> None:
    """Nothing in sacred_core imports a module of plugins/."""
    plugins = {path.name for path in (ROOT / "plugins").glob("*/src/*") if path.is_dir()}
    for path in sources(PACKAGE):
        for name in imports(path):
            assert name.split(".")[0] not in plugins, f"{path} imports {name}"


@pytest.mark.parametrize(
    "path", sources(PACKAGE, ROOT / "plugins"), ids=lambda p: str(p.relative_to(ROOT))
)
def test_long_files_and_functions_state_a_reason(path: Path) -> None:
    """Over 400 lines a file, over 40 a function (without its docstring), there is one here."""
    text = path.read_text(encoding="utf-8")
    name = str(path.relative_to(ROOT))
    long = [f"{name}: {len(text.splitlines())} lines"] if len(text.splitlines()) > 400 else []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = sum((part.end_lineno or 0) - part.lineno + 1 for part in body)
            if lines > 40:
                long.append(f"{name}: {node.name} has {lines} lines")
    assert not long or name in LONG, long


def test_every_reason_for_length_is_needed() -> None:
    """Each listed file is still longer than 400 lines."""
    for name in LONG:
        assert len((ROOT / name).read_text(encoding="utf-8").splitlines()) > 400, name


def test_every_difference_from_sacred_names_a_test_that_exists() -> None:
    """docs/from-sacred.md is true: each row of what behaves differently has its test."""
    text = (ROOT / "docs" / "from-sacred.md").read_text(encoding="utf-8")
    section = text.partition("## What behaves differently")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")][2:]
    tests = [re.fullmatch(r"\| .* \| .* \| .* \| `(\S+)::(\w+)` \|", row) for row in rows]
    assert len(rows) >= 8
    for row, test in zip(rows, tests, strict=True):
        assert test is not None, row
        file, name = test.groups()
        assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), row


def test_every_old_name_is_at_its_place() -> None:
    """docs/from-sacred.md is true: what it lists can be imported, and objects have it."""
    text = (ROOT / "docs" / "from-sacred.md").read_text(encoding="utf-8")
    rows = [
        [re.findall(r"`([\w.]+)`", cell) for cell in row.split("|")[1:-1]]
        for row in text.partition("## Names in the same modules")[2].splitlines()
        if row.startswith("| ") and "`" in row
    ]
    places: list[tuple[Any, list[str]]] = [
        (importlib.import_module(where[0]), names)
        for where, names in rows
        if where and where[0].startswith("sacred_core")
    ]
    ingredient = Ingredient("data")
    places += zip(
        (ingredient, ingredient.capture(lambda: None), SETTINGS),
        [names for where, names in rows if not where or where[0] == "SETTINGS"],
        strict=True,
    )
    assert sum(len(names) for _, names in places) >= 60
    for place, names in places:
        assert [name for name in names if not hasattr(place, name)] == []


def test_every_promise_names_a_test_that_exists() -> None:
    """tests/promises.md is true: each row's test is there."""
    text = (ROOT / "tests" / "promises.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| [\d.]+ \| .* \| (?:\*open\*|`(.+?)::(\w+)`) \|$", text, re.MULTILINE)
    assert len(rows) == sum(line.startswith("| 1.") for line in text.splitlines()) > 40
    for file, name in filter(all, rows):
        assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), f"{file}::{name}"


def test_every_attack_names_a_test_that_exists() -> None:
    """docs/robustness.md is true: each row has its cells, and its test is there."""
    text = (ROOT / "docs" / "robustness.md").read_text(encoding="utf-8")
    tables = re.sub("<!--.*?-->", "", text)  # test_explanations.py checks the tests in comments
    rows = [line for line in tables.splitlines() if line.startswith("| ") and "::" in line]
    assert len(rows) > 40
    for row in rows:
        *cells, test = row.strip("| ").split(" | ")
        found = re.fullmatch(r"`(\S+)::(\w+)`", test)
        assert found is not None and len(cells) == 7, row
        file, name = found.groups()
        assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), row
