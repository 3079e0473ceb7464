"""A scope respects what is fixed in every statement of Python."""

import ast
import sys
import tokenize
from pathlib import Path
from typing import Any

import pytest

from sacred_core import Experiment
from sacred_core.config.scope_source import ScopeSource

#: For each kind of statement, scopes that bind ``a`` and set ``seen`` to what follows.
SCOPES: dict[str, list[str]] = {
    "FunctionDef": ["def a(): pass\nseen = a"],
    "AsyncFunctionDef": ["async def a(): pass\nseen = a"],
    "ClassDef": ["class a: pass\nseen = a"],
    "Delete": ["a = 1\nb = 2\ndel b\nseen = a"],
    "Assign": ["a = 1\nseen = a", "b = a = 1\nseen = a", "(b, *a) = 1, 2\nseen = a"],
    "AugAssign": ["a = 1\na += 1\nseen = a"],
    "AnnAssign": ["a: int = 1\nseen = a"],
    "For": ["for a in [1]:\n    seen = a", "for b, a in [(1, 2)]: pass\nseen = a",
            "for b in []: pass\nelse:\n    a = 1\nseen = a"],
    "While": ["b = 1\nwhile b:\n    a = b = 0\nseen = a", "while (a := 0) == 1: pass\nseen = a"],
    "If": ["if True:\n    a = 1\nelse:\n    a = 2\nseen = a", "if (a := 1): seen = a"],
    "With": ["with open(__file__) as a:\n    seen = a",
             "import contextlib\nwith contextlib.nullcontext(a := 1):\n    seen = a"],
    "Match": ["match 1:\n    case a:\n        seen = a",
              "match [1, 2]:\n    case [b, *a]:\n        seen = a",
              "match {'k': 1}:\n    case {'x': 1}: pass\n    case {**a}:\n        seen = a",
              "match 1:\n    case a if a == 7:\n        seen = a",
              "match 1:\n    case int() as a:\n        seen = a",
              "match 1:\n    case 1 | 2 if (a := 3):\n        seen = a",
              "match (a := 1):\n    case _:\n        seen = a",
              "match 1:\n    case 1:\n        a = 1\n        seen = a"],
    "Raise": ["a = 1\ntry:\n    raise ValueError\nexcept ValueError:\n    seen = a"],
    "Try": ["try:\n    a = 1\nfinally:\n    seen = a",
            "try:\n    raise ValueError\nexcept ValueError as a:\n    seen = a\na = 1",
            "try: pass\nexcept ValueError: pass\nelse:\n    a = 1\nseen = a"],
    "TryStar": ["try:\n    raise ValueError\nexcept* ValueError:\n    a = 1\nseen = a"],
    "Assert": ["a = 1\nassert a == 7\nseen = a"],
    "Import": ["import os as a\nseen = a"],
    "ImportFrom": ["from os import path as a\nseen = a"],
    "Expr": ["a = [1]\nlen(str(a))\nseen = a", "(a := 1)\nseen = a"],
    "Pass": ["a = 1\npass\nseen = a"],
    "Break": ["for b in [1]:\n    a = 1\n    break\nseen = a"],
    "Continue": ["for b in [1]:\n    a = 1\n    continue\nseen = a"],
    "Global": ["global unused\na = 1\nseen = a"],
    "Nonlocal": ["a = 1\ndef f():\n    b = 1\n    def g():\n        nonlocal b\nseen = a"],
    "TypeAlias": ["type a = int\nseen = a"],
}  # fmt: skip
#: A scope returns nothing, and is not asynchronous.
REFUSED = {"Return", "AsyncFor", "AsyncWith"}


def test_every_statement_is_in_the_table() -> None:
    """Every statement is in the table, also those of later releases of Python."""
    kinds = {kind.__name__ for kind in ast.stmt.__subclasses__()}
    assert kinds - REFUSED <= SCOPES.keys()


@pytest.mark.parametrize(
    ("kind", "source"), [(kind, source) for kind, sources in SCOPES.items() for source in sources]
)
def test_a_fixed_entry_has_its_value_in(kind: str, source: str, tmp_path: Path) -> None:
    """The statement binds the name, and what follows sees the value of the update."""
    if kind == "TypeAlias" and sys.version_info < (3, 12):
        return  # not in the grammar of Python 3.11
    path = tmp_path / "scope.py"
    body = "\n".join(f"    {line}" for line in source.splitlines())
    path.write_text(f"def scope():\n{body}\n")
    namespace: dict[str, Any] = {"__file__": str(path)}
    exec(compile(path.read_text(), str(path), "exec"), namespace)
    ex = Experiment("statements", save_git_info=False)
    ex.main(lambda a, seen: (a, seen))
    ex.config(namespace["scope"])
    assert ex.run(config_updates={"a": 7}).result == (7, 7)


#: Functions with lines that are not indented, and what they set.
UNINDENTED: dict[str, tuple[str, dict[str, Any]]] = {
    "string": ('def scope():\n    a = """\nx\n"""\n    b = 1\n', {"a": "\nx\n", "b": 1}),
    "text": ('def scope():\n    a = """\n# x\n\n"""\n    b = 1\n', {"a": "\n# x\n\n", "b": 1}),
    "expression": ("def scope():\n    a = [1,\n2]\n    b = 1\n", {"a": [1, 2], "b": 1}),
    "backslash": ("def scope():\n    a = 1; \\\nb = 2\n    c = 3\n", {"a": 1, "b": 2, "c": 3}),
    "comment": ("def scope():\n    a = 1\n# 2\n    b = 1\n", {"a": 1, "b": 1}),
    "comment in a block": (
        "if True:\n    def scope():\n        a = 1\n# 2\n        b = 1\n", {"a": 1, "b": 1}),
    "header": ("def scope(\n):\n    a = 1\n", {"a": 1}),
    "decorator": ("@(lambda f:\nf)\ndef scope():\n    a = 1\n", {"a": 1}),
    "nested": (
        "if True:\n    def scope():\n        a = [\n1]\n        b = 1\n", {"a": [1], "b": 1}),
    "tabs": ("if True:\n\tdef scope():\n\t\ta = 1\n\n\t\tb = 1\n", {"a": 1, "b": 1}),
    "one line": ("def scope(): a = 1; b = 2\n", {"a": 1, "b": 2}),
    "end of the file": ("def scope():\n    a = 1\n    b = 2", {"a": 1, "b": 2}),
}  # fmt: skip


@pytest.mark.parametrize("following", ["", "\nlater = 5\n", "\n# comment\ndef later(): pass\n"])
@pytest.mark.parametrize("kind", UNINDENTED)
def test_the_whole_function_is_read(kind: str, following: str, tmp_path: Path) -> None:
    """All statements of a scope are read, and nothing that follows it."""
    source, expected = UNINDENTED[kind]
    assert _source(source + following, tmp_path).evaluate({}, set(), lambda _, x: x) == expected


def test_a_scope_without_comments_is_not_read_token_by_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end of a scope is found by its indentation, which is faster."""
    monkeypatch.setattr(tokenize, "generate_tokens", lambda _: pytest.fail("read"))
    source = _source("def scope():\n    a = 1\n\nlater = 5\n", tmp_path)
    assert not source.docs
    assert source.lines == ["def scope():\n", "    a = 1\n", "\n"]


def _source(text: str, folder: Path) -> ScopeSource:
    path = folder / "scope.py"
    path.write_text(text)
    namespace: dict[str, Any] = {"__file__": str(path)}
    exec(compile(text, str(path), "exec"), namespace)
    return ScopeSource(namespace["scope"])
