"""What exactly differs between two versions of a piece of code."""

import ast
import difflib
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

import attrs

from sacred_core.compare.code.normal_form import BLOCKS, Function, code_text, form
from sacred_core.compare.values import LONGEST, cut, cut_pair

#: What is shown before the code.
_LABELS = {
    "annotation": "annotation of {} ",
    "base": "base class ",
    "decorator": "decorator ",
    "default": "default of {} ",
    "parameter": "parameter ",
}


@attrs.frozen
class Edit:
    """One difference between two versions of a piece of code.

    Attributes:
        part: ``"annotation"``, ``"base"``, ``"decorator"``, ``"default"``, ``"parameter"``,
            ``"statement"`` or ``"value"``.
        name: Of the parameter with this default or annotation; ``""`` for other parts.
        first, second: The code, shortened; None where one version does not have it.
    """

    part: str
    name: str
    first: str | None
    second: str | None

    def __str__(self) -> str:
        label = _LABELS.get(self.part, "").format(self.name)
        if self.first is None:
            return f"{label}added: {self.second}"
        if self.second is None:
            return f"{label}removed: {self.first}"
        return f"{label}{self.first} → {self.second}"


def function_edits(first: Function, second: Function) -> list[Edit]:
    """Return what differs between two versions of a function without annotations."""
    found = [*_decorator_edits(first, second), *_parameter_edits(first.args, second.args)]
    kinds = [
        "async def" if isinstance(node, ast.AsyncFunctionDef) else "def" for node in (first, second)
    ]
    if kinds[0] != kinds[1]:
        found.append(Edit("statement", "", *kinds))
    return [*found, *statement_edits(first.body, second.body)]


def annotation_edits(first: Mapping[str, str], second: Mapping[str, str]) -> list[Edit]:
    """Return which annotations differ, by the names of parameters."""
    return [
        Edit("annotation", name, first.get(name), second.get(name))
        for name in dict.fromkeys((*first, *second))
        if first.get(name) != second.get(name)
    ]


def class_edits(first: ast.ClassDef, second: ast.ClassDef) -> list[Edit]:
    """Return what differs between the heads of two versions of a class."""
    bases = (
        [code_text(each) for each in (*node.bases, *node.keywords)] for node in (first, second)
    )
    return [*_decorator_edits(first, second), *_list_edits("base", *bases)]


def assignment_edits(first: Any, second: Any) -> list[Edit]:
    """Return what differs between two versions of a statement of a module or a class."""
    match first, second:
        case ast.Assign(targets=[ast.Name() as one]), ast.Assign(targets=[ast.Name() as other]):
            if form(one) == form(other):
                return [Edit("value", "", *shown_pair(first.value, second.value))]
    return [*_pair_edits(first, second)]


def statement_edits(first: Sequence[ast.AST], second: Sequence[ast.AST]) -> list[Edit]:
    """Return which statements differ between two versions of a block, at every depth."""
    forms = [[form(node) for node in nodes] for nodes in (first, second)]
    return [
        edit
        for one, other in _replaced(forms[0], forms[1], first, second)
        for edit in _pair_edits(one, other)
    ]


def shown_pair(first: ast.AST, second: ast.AST) -> tuple[str, str]:
    """Return two versions of code as short strings in which the difference can be seen."""
    texts = code_text(first), code_text(second)
    inner = _only_difference(first, second) if max(map(len, texts)) > LONGEST else None
    if inner is not None:
        return shown_pair(*inner)
    return cut_pair(*texts)


def shortened(node: ast.AST) -> str:
    """Return the beginning of code, on one line."""
    return cut(code_text(node))


def _only_difference(first: ast.AST, second: ast.AST) -> tuple[ast.AST, ast.AST] | None:
    """Return the two expressions inside of two versions that are all that differs, if so."""
    if type(first) is not type(second):
        return None
    pairs: list[tuple[Any, Any]] = []
    for name in first._fields:
        one, other = getattr(first, name, None), getattr(second, name, None)
        if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
            pairs += zip(one, other, strict=True)
        else:
            pairs.append((one, other))
    different = [pair for pair in pairs if _form_of(pair[0]) != _form_of(pair[1])]
    if len(different) != 1:
        return None
    one, other = different[0]
    for kind in (ast.expr, ast.keyword):
        if isinstance(one, kind) and isinstance(other, kind):
            return one, other
    return None


def _form_of(value: Any) -> str:
    return form(value) if isinstance(value, ast.AST) else repr(value)


def _replaced(
    first: Sequence[str], second: Sequence[str], one: Sequence[Any], other: Sequence[Any]
) -> Iterator[tuple[Any, Any]]:
    """Yield the items of two lists that differ, side by side, by strings that are compared."""
    matcher = difflib.SequenceMatcher(None, first, second, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind != "equal":
            yield from zip_longest(one[a:b], other[c:d])


def _pair_edits(first: ast.AST | None, second: ast.AST | None) -> Iterator[Edit]:
    if first is None or second is None:
        texts = (None if node is None else shortened(node) for node in (first, second))
        yield Edit("statement", "", *texts)
    elif type(first) is not type(second) or not _is_compound(first):
        yield Edit("statement", "", *shown_pair(first, second))
    else:
        heads = _head(first), _head(second)
        if form(heads[0]) != form(heads[1]):
            yield Edit("statement", "", *shown_pair(*heads))
        for name in BLOCKS:
            yield from statement_edits(getattr(first, name, ()), getattr(second, name, ()))


def _is_compound(node: ast.AST) -> bool:
    return isinstance(getattr(node, "body", None), list) or hasattr(node, "cases")


def _head(node: ast.AST) -> ast.AST:
    """Return a compound statement without its blocks."""
    fields = {name: [] if name in BLOCKS else value for name, value in ast.iter_fields(node)}
    return ast.copy_location(type(node)(**fields), node)


def _decorator_edits(first: Any, second: Any) -> list[Edit]:
    texts = ([f"@{code_text(each)}" for each in node.decorator_list] for node in (first, second))
    return _list_edits("decorator", *texts)


def _list_edits(part: str, first: Sequence[str], second: Sequence[str]) -> list[Edit]:
    return [Edit(part, "", *pair) for pair in _replaced(first, second, first, second)]


def _parameter_edits(first: ast.arguments, second: ast.arguments) -> list[Edit]:
    mine, its = _defaults(first), _defaults(second)
    found = []
    for name in dict.fromkeys((*mine, *its)):
        if name not in its:
            found.append(Edit("parameter", "", name, None))
        elif name not in mine:
            found.append(Edit("parameter", "", None, name))
        elif form(mine[name]) != form(its[name]):
            found.append(Edit("default", name, *_optional_pair(mine[name], its[name])))
    if not found and form(first) != form(second):  # the order, or the kind of a parameter
        found.append(Edit("parameter", "", *shown_pair(first, second)))
    return found


def _defaults(arguments: ast.arguments) -> dict[str, ast.expr | None]:
    """Return the default of each parameter, in order."""
    plain = [*arguments.posonlyargs, *arguments.args]
    missing = [None] * (len(plain) - len(arguments.defaults))
    pairs = [
        *zip(plain, [*missing, *arguments.defaults], strict=True),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    named = {each.arg: default for each, default in pairs}
    named |= {f"*{each.arg}": None for each in (arguments.vararg,) if each}
    return named | {f"**{each.arg}": None for each in (arguments.kwarg,) if each}


def _optional_pair(first: ast.expr | None, second: ast.expr | None) -> tuple[Any, Any]:
    if first is None or second is None:
        return tuple(None if node is None else shortened(node) for node in (first, second))  # type: ignore[return-value]
    return shown_pair(first, second)
