"""Which names the statements of a config scope bind and mention."""

import ast
from collections.abc import Iterator

#: What has names of its own.
NESTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def own_nodes(root: ast.AST) -> Iterator[ast.AST]:
    """Walk the tree below ``root`` without entering functions and classes inside it."""
    for node in ast.iter_child_nodes(root):
        yield node
        if not isinstance(node, NESTED):
            yield from own_nodes(node)


def mentioned_names(statement: ast.AST) -> set[str]:
    """Return the names that a statement binds or mentions."""
    nodes = [statement, *own_nodes(statement)]
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    return names | set(imported_names(statement, itself=True))


def captured_names(part: ast.ExceptHandler | ast.match_case) -> set[str]:
    """Return the names that an ``except``, or the pattern of a ``case``, binds."""
    if isinstance(part, ast.ExceptHandler):
        return {part.name} if part.name else set()
    nodes = list(ast.walk(part.pattern))
    names = {getattr(node, field, None) for node in nodes for field in ("name", "rest")}
    return {name for name in names if isinstance(name, str)}


def imported_names(root: ast.AST, itself: bool = False) -> Iterator[str]:
    """Yield the names that imports bind."""
    for node in [root, *own_nodes(root)] if itself else own_nodes(root):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                yield alias.asname or alias.name.partition(".")[0]


def defined_names(definition: ast.FunctionDef) -> Iterator[str]:
    """Yield the names that ``def`` and ``class`` bind."""
    for node in own_nodes(definition):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name


def assigned_names(definition: ast.FunctionDef) -> Iterator[str]:
    """Yield the names that are bound in other ways, by assignments above all."""
    for node in own_nodes(definition):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
