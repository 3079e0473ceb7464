"""Which names a piece of code uses, in the order in which it is executed."""

import ast
from collections.abc import Iterator
from typing import Any, NamedTuple

#: The first name of a reference whose object is the result of an expression.
UNKNOWN = ""


class Reference(NamedTuple):
    """The use of a name.

    Attributes:
        chain: The name and the attributes that are read of it: ``("np", "random", "seed")``.
            The first is `UNKNOWN` for attributes of other expressions.
        is_call: It is called.
    """

    chain: tuple[str, ...]
    is_call: bool = False


def all_references(node: ast.AST) -> list[Reference]:
    """Return the names that code reads; nothing for code that is nested too deeply."""
    try:
        return [*references(node)]
    except RecursionError:
        return []


def references(node: ast.AST) -> Iterator[Reference]:
    """Yield the names that code reads: first those that are read first."""
    match node:
        case ast.Name(id=name, ctx=ast.Load()):
            yield Reference((name,))
        case ast.AugAssign(target=ast.Name(id=name), value=value):
            yield from references(value)
            yield Reference((name,))
        case ast.Attribute():
            yield from _attribute(node)
        case ast.Call():
            yield from _call(node)
        case _:
            for child in _children(node):
                yield from references(child)


def dynamic_lookups(node: ast.AST) -> Iterator[tuple[str, ...]]:
    """Yield of what code reads attributes whose names are not in the code; ``()``: of its module.

    This is the first argument of ``getattr``, and ``()`` for ``globals``, ``eval`` and ``exec``.
    """
    for each in ast.walk(node):
        match each:
            case ast.Call(func=ast.Name(id="getattr"), args=[of, name, *_]) if not isinstance(
                name, ast.Constant
            ):
                yield next(iter(references(of)), Reference((UNKNOWN,))).chain
            case ast.Call(func=ast.Name(id="globals" | "eval" | "exec")):
                yield ()


def local_names(function: Any) -> set[str]:
    """Return the parameters and variables of a function, without what it imports."""
    arguments = function.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    every += [each for each in (arguments.vararg, arguments.kwarg) if each is not None]
    found, shared = {each.arg for each in every}, set()
    for part in function.body:
        for node in ast.walk(part):
            match node:
                case ast.Name(id=name, ctx=ast.Store()):
                    found.add(name)
                case ast.Global(names=names) | ast.Nonlocal(names=names):
                    shared |= {*names}
    return found - shared


def _attribute(node: ast.Attribute) -> Iterator[Reference]:
    names: list[str] = []
    inner: ast.expr = node
    while isinstance(inner, ast.Attribute):
        names.insert(0, inner.attr)
        inner = inner.value
    if isinstance(inner, ast.Name):
        yield Reference((inner.id, *names))
        return
    yield from references(inner)
    yield from (Reference((UNKNOWN, name)) for name in names)


def _call(node: ast.Call) -> Iterator[Reference]:
    """Yield the arguments of a call, which are evaluated before the function runs, and this."""
    for part in (*node.args, *node.keywords):
        yield from references(part)
    match node:
        case ast.Call(func=ast.Name(id="getattr"), args=[of, ast.Constant(value=str(name)), *_]):
            chain = [each.chain for each in references(of)][-1:] or [(UNKNOWN,)]
            yield Reference((*chain[0], name), is_call=True)
        case _:
            *before, last = [*references(node.func)] or [Reference((UNKNOWN,))]
            yield from before
            yield last._replace(is_call=True)


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what code consists of, in the order of its execution."""
    first: tuple[str, ...] = ()
    match node:
        case ast.Assign() | ast.AugAssign() | ast.AnnAssign() | ast.NamedExpr():
            first = ("value",)
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
            first = ("generators",)
        case ast.For() | ast.AsyncFor() | ast.comprehension():
            first = ("iter", "target")
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            first = ("decorator_list",)
    rest = [name for name in node._fields if name not in first]
    for name in (*first, *rest):
        value = getattr(node, name, None)
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, ast.AST):
                yield each
