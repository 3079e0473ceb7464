"""Tests of how tests are written: they use public names, and their docstrings are sentences."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = sorted(
    path
    for pattern in ("conftest.py", "tests/**/*.py", "plugins/*/tests/**/*.py")
    for path in ROOT.glob(pattern)
)
SOURCES = [*ROOT.glob("sacred_core/**/*.py"), *ROOT.glob("plugins/*/src/**/*.py")]
#: Names that Sacred or a library documents, although they begin with an underscore.
DOCUMENTED = {
    "_id", "_run", "_seed", "_rnd", "_log", "_config", "_asdict", "_replace", "_fields", "_mapping",
    "_repr_html_",
}  # fmt: skip
#: What begins no sentence.
FRAGMENTS = {"And", "Or", "Nor", "But", "Is", "Are", "Has", "Have", "Unless", "To"}


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__") and name not in DOCUMENTED


def defined_names(tree: ast.AST) -> Iterator[str]:
    """Yield the names that a file defines, attributes of its classes included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            if isinstance(node.value, ast.Name) and node.value.id == "self":
                yield node.attr
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


@pytest.fixture(scope="module")
def private_names() -> set[str]:
    """The private names of the core and of the plugins."""
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES)
    return {name for tree in trees for name in defined_names(tree) if is_private(name)}


def private_uses(tree: ast.AST, private: set[str]) -> Iterator[str]:
    """Yield the private names that tests use: not those of their own classes and bases."""
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str(module)) if module.startswith("sacred_"):
                yield from (alias.name for alias in node.names if is_private(alias.name))
            case ast.Attribute(value=ast.Name(id="self" | "cls")):
                continue
            case ast.Attribute(value=ast.Call(func=ast.Name(id="super"))):
                continue
            case ast.Attribute(attr=attr) if attr in private:
                yield attr
            case ast.Constant(value=str(text)) if re.fullmatch(r"sacred_\w+(\.\w+)*\._\w+", text):
                yield text.rpartition(".")[2]
            case ast.Constant(value=str(text)) if "\n" in text:  # the source of a script
                yield from private & set(re.findall(r"(?<!self)\.(_[a-z]\w*)", text))


@pytest.mark.parametrize("path", TESTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_tests_use_public_names(path: Path, private_names: set[str]) -> None:
    """No private name of a module, a class or an object is used."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    own = set(defined_names(tree))
    used = {name for name in private_uses(tree, private_names) if name not in own}
    assert not used, f"private names are used: {used}"


def test_test_docstrings_are_sentences() -> None:
    """Each test function states its fact in at least four words that end with a period."""
    kit = ROOT.glob("sacred_core/testing/*.py")
    for path in [*TESTS, *kit]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                text = ast.get_docstring(node) or ""
                assert len(text.partition("\n\n")[0].split()) >= 4, f"{path}: {node.name}: {text!r}"
                assert text.endswith("."), f"{path}: {node.name}: {text!r}"
                assert text.split()[0] not in FRAGMENTS, f"{path}: {node.name}: {text!r}"
