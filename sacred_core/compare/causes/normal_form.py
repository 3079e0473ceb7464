"""The normal form of Python code: what a change of comments or of the layout does not change.

Not part of it are comments, the positions of code, quote characters, docstrings and other constants
that are statements of their own, ``pass``, the annotations of variables, and whether names are
imported by one statement or by several.
"""

import ast
import warnings
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

N = TypeVar("N", bound=ast.AST)

Function = ast.FunctionDef | ast.AsyncFunctionDef
#: What has a body of its own, which is executed later or in a namespace of its own.
Definition = Function | ast.ClassDef
#: Texts that a module contains if it reads docstrings.
_READERS = ("__doc__", "getdoc", "docopt")


def parse(text: str, has_docstrings: bool = False) -> ast.Module | None:
    """Return the normal form of a module.

    Args:
        text: Its source.
        has_docstrings: Docstrings are a part of it, because some code reads them.

    Returns:
        The tree, without the docstrings; None if the text is not Python.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about invalid escape sequences, as in "\d"
            tree = ast.parse(text)
        return _Normalizer(has_docstrings).visit(tree)  # type: ignore[no-any-return]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def reads_docstrings(texts: Iterable[str]) -> bool:
    """Return whether one of several modules reads docstrings, as a command line's help does."""
    return any(reader in text for text in texts for reader in _READERS)


def form(node: ast.AST | Sequence[ast.AST] | None) -> str:
    """Return a string that is equal for equal code."""
    if node is None:
        return ""
    if isinstance(node, ast.AST):
        return ast.dump(node)
    return "\n".join(map(ast.dump, node))


def code_text(node: ast.AST) -> str:
    """Return code as Python prints it, on one line."""
    try:
        return " ".join(ast.unparse(node).split())
    except RecursionError:
        return f"<{type(node).__name__} that is nested too deeply to be shown>"


class _Normalizer(ast.NodeTransformer):
    """Changes a tree to its normal form, in place."""

    def __init__(self, has_docstrings: bool) -> None:
        self._has_docstrings = has_docstrings
        self._in_class = False

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        node.kind = None  # "u" of a string with this prefix
        return node

    def visit_Pass(self, node: ast.Pass) -> None:
        return None

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        if isinstance(node.value, ast.Constant):
            return None
        return self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> list[ast.Import]:
        return [ast.copy_location(ast.Import([name]), node) for name in node.names]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> list[ast.ImportFrom]:
        names = sorted(node.names, key=lambda name: (name.name, name.asname or ""))
        return [
            ast.copy_location(ast.ImportFrom(node.module, [name], node.level), node)
            for name in names
        ]

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        self.generic_visit(node)
        if self._in_class or not node.simple:  # fields of a dataclass; ``self.x: int = 1``
            return node
        if node.value is None:
            return None
        return ast.copy_location(ast.Assign([node.target], node.value), node)

    def visit_Module(self, node: ast.Module) -> ast.AST:
        return self._visit_block(node, in_class=False)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._visit_block(node, in_class=False)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._visit_block(node, in_class=False)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._visit_block(node, in_class=True)

    def _visit_block(self, node: N, in_class: bool) -> N:
        docstring = _docstring(node) if self._has_docstrings else None
        outer, self._in_class = self._in_class, in_class
        self.generic_visit(node)
        self._in_class = outer
        if docstring is not None:
            node.body.insert(0, docstring)  # type: ignore[attr-defined]
        return node


def _docstring(node: Any) -> ast.stmt | None:
    first: ast.stmt | None = node.body[0] if node.body else None
    is_string = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return first if is_string and isinstance(first.value.value, str) else None  # type: ignore[union-attr]
