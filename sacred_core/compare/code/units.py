"""The parts of a module that change and run by themselves: functions, classes, statements."""

import ast
import functools
from collections.abc import Iterator, Mapping, Sequence

import attrs

from sacred_core.compare.code.normal_form import (
    Definition,
    Function,
    change_blocks,
    code_text,
    form,
)
from sacred_core.compare.code.references import Reference, all_references

#: What can be in the place of a definition that is a unit of its own.
_PLACEHOLDER = "__definition__"
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@attrs.frozen(eq=False, slots=False)
class Unit:
    """A part of a module.

    Attributes:
        name: Of a function or class, its qualified name, like ``Model.fit`` or
            ``main.<locals>.step``; of a statement, what it binds, or ``""``; below a class with
            the name of the class.
        kind: ``"function"``, ``"class"``, ``"import"`` or ``"statement"``.
        node: Its code without other units, which are in an ``if`` replaced by placeholders.
        parent: The qualified name of the class or function that it is in; ``""`` in a module.
        annotations: Of the parameters of a function, by name; they are not in ``node``.
    """

    name: str
    kind: str
    node: ast.stmt
    parent: str
    annotations: Mapping[str, str] = attrs.field(factory=dict)

    @functools.cached_property
    def form(self) -> str:
        """What is equal for equal code; without the annotations of a function."""
        return form(self.node)

    @functools.cached_property
    def references(self) -> list[Reference]:
        """The names that the code reads, in the order of its execution."""
        return all_references(self.node)

    @property
    def is_plain(self) -> bool:
        """It only binds names to values: nothing is called, and no object is changed."""
        match self.node:
            case ast.Assign(targets=targets):
                is_named = all(isinstance(target, (ast.Name, ast.Tuple)) for target in targets)
                calls = (ast.Call, ast.Await)
                return is_named and not any(isinstance(n, calls) for n in ast.walk(self.node))
        return False

    @property
    def line(self) -> int:
        """Where it begins in the module, from 1."""
        first = getattr(self.node, "decorator_list", ())[:1] or [self.node]
        return int(first[0].lineno)


def units_of(tree: ast.Module) -> list[Unit]:
    """Return the units of a module in the order of its lines; the tree is changed."""
    return [*_units(tree.body, "", False)]


def bound_names(node: ast.AST) -> list[str]:
    """Return the names that a statement binds, without those inside of functions and classes."""
    found: list[str] = []
    waiting = [node]
    while waiting:
        each = waiting.pop()
        match each:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                found.append(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found.append(name)
            case ast.ClassDef(name=name):
                found.append(name)
            case ast.alias(name=name, asname=other):
                found.append(other or name.partition(".")[0])
        if not isinstance(each, (*_DEFINITIONS, ast.Lambda)):
            waiting += reversed([*ast.iter_child_nodes(each)])
    return [*dict.fromkeys(found)]


def _units(body: Sequence[ast.stmt], parent: str, is_function: bool) -> Iterator[Unit]:
    """Yield the units of a module or class; of a function, only what is defined in it."""
    for node in body:
        if isinstance(node, _DEFINITIONS):
            yield from _definition(node, parent, is_function)
            continue
        definitions = _extract_definitions(node)
        if not is_function:
            yield _statement(node, parent)
        for each in definitions:
            yield from _definition(each, parent, is_function)


def _definition(node: Definition, parent: str, in_function: bool) -> Iterator[Unit]:
    name = _qualified(parent, node.name, in_function)
    inner = [*_units(node.body, name, not isinstance(node, ast.ClassDef))]
    if isinstance(node, ast.ClassDef):
        node.body = []  # each of its statements is a unit
        yield Unit(name, "class", node, parent)
    else:
        node.body = [each for each in node.body if not isinstance(each, _DEFINITIONS)]
        annotations = _take_annotations(node)
        yield Unit(name, "function", node, parent, annotations)
    yield from inner


def _qualified(parent: str, name: str, in_function: bool) -> str:
    if not parent:
        return name
    return f"{parent}.<locals>.{name}" if in_function else f"{parent}.{name}"


def _statement(node: ast.stmt, parent: str) -> Unit:
    is_import = isinstance(node, (ast.Import, ast.ImportFrom))
    name = ", ".join(bound_names(node))
    if parent and name:
        name = f"{parent}.{name}"
    return Unit(name, "import" if is_import else "statement", node, parent)


def _take_annotations(node: Function) -> dict[str, str]:
    """Return the annotations of a function by parameter, and remove them from it."""
    arguments = node.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    every += [each for each in (arguments.vararg, arguments.kwarg) if each is not None]
    found = {each.arg: code_text(each.annotation) for each in every if each.annotation}
    if node.returns is not None:
        found["the result"] = code_text(node.returns)
    for each in every:
        each.annotation = None
    node.returns = None
    return found


def _placeholder(node: Definition) -> ast.stmt:
    name = ast.Name(f"{_PLACEHOLDER}{node.name}", ast.Load())
    return ast.copy_location(ast.Expr(ast.copy_location(name, node)), node)


def _extract_definitions(node: ast.stmt) -> list[Definition]:
    """Replace the definitions in a statement, which may be an ``if``, and return them."""
    found: list[Definition] = []

    def change(block: list[ast.stmt]) -> list[ast.stmt]:
        for position, each in enumerate(block):
            if isinstance(each, _DEFINITIONS):
                found.append(each)
                block[position] = _placeholder(each)
            else:
                change_blocks(each, change)
        return block

    change_blocks(node, change)
    return found
