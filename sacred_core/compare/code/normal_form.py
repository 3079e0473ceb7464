"""The normal form of Python code: what a change of comments or of the layout does not change.

Not part of it are comments, the positions of code, quote characters, docstrings and other constants
that are statements of their own, ``pass``, the annotations of variables, and whether names are
imported by one statement or by several.
"""

import ast
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

Function = ast.FunctionDef | ast.AsyncFunctionDef
#: What has a body of its own, which is executed later or in a namespace of its own.
Definition = Function | ast.ClassDef
#: Texts that a module contains if it reads docstrings.
_READERS = ("__doc__", "getdoc", "docopt")
#: Fields of a statement that contain other statements, or what contains them.
BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
#: The prefix of a string, which the tree has although it means nothing.
_PREFIX = ", kind='u'"


def parse(text: str, has_docstrings: bool = False) -> ast.Module | None:
    """Return the normal form of a module.

    Args:
        text: Its source.
        has_docstrings: Docstrings are a part of it, because some code reads them.

    Returns:
        The tree; None if the text is not Python.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about invalid escape sequences, as in "\d"
            tree = ast.parse(text)
        normalize_block(tree, has_docstrings, in_class=False)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return tree


def reads_docstrings(texts: Iterable[str]) -> bool:
    """Return whether one of several modules reads docstrings, as a command line's help does."""
    return any(reader in text for text in texts for reader in _READERS)


def form(node: ast.AST | Sequence[ast.AST] | None) -> str:
    """Return a string that is equal for equal code."""
    if node is None:
        return ""
    nodes = [node] if isinstance(node, ast.AST) else node
    return "\n".join(ast.dump(each) for each in nodes).replace(_PREFIX, "")


def code_text(node: ast.AST) -> str:
    """Return code as Python prints it, on one line."""
    try:
        return " ".join(ast.unparse(node).split())
    except RecursionError:
        return f"<{type(node).__name__} that is nested too deeply to be shown>"


def normalize_block(owner: Any, has_docstrings: bool, in_class: bool) -> None:
    """Change the statements in a module, definition or statement to their normal form."""
    docstring = _docstring(owner) if has_docstrings else None

    def change(statements: list[ast.stmt]) -> list[ast.stmt]:
        found = [new for each in statements for new in _normalize(each, in_class)]
        for each in found:
            is_class = isinstance(each, ast.ClassDef)
            is_definition = is_class or isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
            normalize_block(each, has_docstrings, is_class if is_definition else in_class)
        return found

    change_blocks(owner, change)
    if docstring is not None:
        owner.body.insert(0, docstring)


def change_blocks(owner: ast.AST, change: Callable[[list[ast.stmt]], list[ast.stmt]]) -> None:
    """Replace each list of statements that is directly in a module, definition or statement."""
    for name in BLOCKS:
        block = getattr(owner, name, None)
        if not isinstance(block, list):
            continue
        if block and not isinstance(block[0], ast.stmt):  # of ``except`` and ``case``
            for each in block:
                change_blocks(each, change)
        else:
            setattr(owner, name, change(block))


def inner_statements(owner: ast.AST) -> Iterator[ast.AST]:
    """Yield a statement and those inside of it, in order, without what expressions consist of."""
    yield owner
    for name in BLOCKS:
        block = getattr(owner, name, None)
        for each in block if isinstance(block, list) else ():
            yield from inner_statements(each)


def _normalize(node: ast.stmt, in_class: bool) -> Iterable[ast.stmt]:
    """Return what takes the place of a statement."""
    match node:
        case ast.Pass() | ast.Expr(value=ast.Constant()):
            return []
        case ast.Import(names=names):
            return [ast.copy_location(ast.Import([name]), node) for name in names]
        case ast.ImportFrom(names=names):
            names = sorted(names, key=lambda name: (name.name, name.asname or ""))
            return [
                ast.copy_location(ast.ImportFrom(node.module, [name], node.level), node)
                for name in names
            ]
        case ast.AnnAssign(simple=1) if not in_class:  # not a field of a dataclass
            if node.value is None:
                return []
            return [ast.copy_location(ast.Assign([node.target], node.value), node)]
    return [node]


def _docstring(node: Any) -> ast.stmt | None:
    match getattr(node, "body", None):
        case [ast.Expr(value=ast.Constant(value=str())) as first, *_]:
            return first
    return None
