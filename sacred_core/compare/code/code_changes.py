"""Which functions, classes and statements differ between two versions of a module.

Two versions are compared by their syntax trees: comments, formatting, docstrings and line numbers
do not count.
"""

import ast
import difflib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import attrs

from sacred_core.compare.code.edits import (
    Edit,
    annotation_edits,
    assignment_edits,
    class_edits,
    function_edits,
    shortened,
)
from sacred_core.compare.code.units import Unit, bound_names
from sacred_core.compare.values import cut_pair


@attrs.frozen(kw_only=True)
class CodeChange:
    """A part of a module that differs between two versions.

    Attributes:
        name: What changed: the qualified name of a function or class, the names that a statement
            binds; ``""`` for the whole text, and for a statement that binds nothing.
        kind: ``"function"``, ``"class"``, ``"import"``, ``"statement"``; ``"order"`` of statements
            that are in another order; ``"text"`` of a module that is not Python.
        change: ``"changed"``, ``"added"``, ``"removed"``, or ``"renamed"`` of a function with
            another name and the same code.
        edits: What differs, where both versions have it.
        first_line, second_line: Where it begins in each version, from 1; None where it is missing.
        is_minor: It can hardly change what the module does: annotations, the order of imports.
    """

    name: str
    kind: str
    change: str = "changed"
    edits: tuple[Edit, ...] = ()
    first_line: int | None = None
    second_line: int | None = None
    is_minor: bool = False


def compare_versions(
    texts: tuple[str, str], units: tuple[Sequence[Unit] | None, Sequence[Unit] | None]
) -> list[CodeChange]:
    """Return what differs between two versions of a module, in the order of its lines.

    Args:
        texts: The sources.
        units: Their units; None for a text that is not Python.
    """
    first, second = units
    if first is None or second is None:
        return _text_changes(*texts)
    try:
        found = [*_definition_changes(first, second), *_statement_changes(first, second)]
    except RecursionError:
        return _text_changes(*texts)
    return sorted(found, key=lambda each: each.second_line or each.first_line or 0)


def _text_changes(first: str, second: str) -> list[CodeChange]:
    lines = first.splitlines(), second.splitlines()
    matcher = difflib.SequenceMatcher(None, *lines, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind != "equal":
            one, other = ("".join(part[:1]).strip() for part in (lines[0][a:b], lines[1][c:d]))
            shown = (text or None for text in cut_pair(one, other))
            edits = (Edit("statement", "", *shown),)
            return [
                CodeChange(name="", kind="text", edits=edits, first_line=a + 1, second_line=c + 1)
            ]
    return []


def _definition_changes(first: Sequence[Unit], second: Sequence[Unit]) -> Iterator[CodeChange]:
    mine, its = _by_name(first), _by_name(second)
    removed, added = [], []
    for name in dict.fromkeys((*mine, *its)):
        pairs = [*zip(mine.get(name, ()), its.get(name, ()), strict=False)]
        for one, other in pairs:
            if (one.form, one.annotations) != (other.form, other.annotations):
                yield _changed(one, other)
        removed += mine.get(name, [])[len(pairs) :]
        added += its.get(name, [])[len(pairs) :]
    yield from _added_and_removed(removed, added)


def _by_name(units: Iterable[Unit]) -> dict[str, list[Unit]]:
    """Return functions and classes; several of one name, as of a property, in their order."""
    found: dict[str, list[Unit]] = {}
    for unit in units:
        if unit.kind in ("function", "class"):
            found.setdefault(unit.name, []).append(unit)
    return found


def _changed(first: Unit, second: Unit) -> CodeChange:
    edits = [*annotation_edits(first.annotations, second.annotations)]
    is_minor = first.form == second.form
    one: Any = first.node
    other: Any = second.node
    if first.kind != second.kind:
        edits.append(Edit("statement", "", first.kind, second.kind))
    elif not is_minor:
        edits = [*(class_edits if first.kind == "class" else function_edits)(one, other)]
    return CodeChange(
        name=second.name,
        kind=second.kind,
        edits=tuple(edits),
        first_line=first.line,
        second_line=second.line,
        is_minor=is_minor,
    )


def _added_and_removed(removed: list[Unit], added: list[Unit]) -> Iterator[CodeChange]:
    """Yield what only one version has; what a missing class or function contains is skipped."""
    names = {unit.name for unit in (*removed, *added)}
    for unit in removed:
        if unit.parent in names:
            continue
        other = next((each for each in added if _is_renamed(unit, each)), None)
        if other is None:
            yield CodeChange(name=unit.name, kind=unit.kind, change="removed", first_line=unit.line)
        else:
            added.remove(other)
            yield CodeChange(
                name=other.name,
                kind=other.kind,
                change="renamed",
                edits=(Edit("name", "", unit.name, other.name),),
                first_line=unit.line,
                second_line=other.line,
            )
    for unit in added:
        if unit.parent not in names:
            yield CodeChange(name=unit.name, kind=unit.kind, change="added", second_line=unit.line)


def _is_renamed(first: Unit, second: Unit) -> bool:
    if (first.kind, first.parent) != (second.kind, second.parent) or first.kind != "function":
        return False
    names = [repr(unit.name.rpartition(".")[2]) for unit in (first, second)]
    return first.form.replace(f"name={names[0]}", f"name={names[1]}", 1) == second.form


def _statement_changes(first: Sequence[Unit], second: Sequence[Unit]) -> Iterator[CodeChange]:
    """Yield changes of statements, of the module and of each class that both versions have."""
    mine, its = _by_parent(first), _by_parent(second)
    for parent in mine.keys() & its.keys():
        one, other = mine[parent], its[parent]
        common = Counter(unit.form for unit in one) & Counter(unit.form for unit in other)
        removed, added = _without(one, common.copy()), _without(other, common.copy())
        yield from _paired(removed, added)
        yield from _reordered(one, other, common)


def _by_parent(units: Iterable[Unit]) -> dict[str, list[Unit]]:
    units = [*units]
    classes = [unit.name for unit in units if unit.kind == "class"]
    found: dict[str, list[Unit]] = {"": [], **{name: [] for name in classes}}
    for unit in units:
        if unit.kind in ("import", "statement"):
            found[unit.parent].append(unit)
    return found


def _without(units: Iterable[Unit], common: Counter[str]) -> list[Unit]:
    found = []
    for unit in units:
        if common[unit.form]:
            common[unit.form] -= 1
        else:
            found.append(unit)
    return found


def _paired(removed: list[Unit], added: list[Unit]) -> Iterator[CodeChange]:
    """Yield the changes of statements; two that bind the same names are versions of each other."""
    for unit in removed:
        other = next((each for each in added if _is_version(unit, each)), None)
        if other is None:
            edits: tuple[Edit, ...] = (Edit("statement", "", shortened(unit.node), None),)
            yield CodeChange(
                name=unit.name,
                kind=unit.kind,
                change="removed",
                edits=edits,
                first_line=unit.line,
            )
            continue
        added.remove(other)
        yield CodeChange(
            name=other.name,
            kind=other.kind,
            edits=tuple(assignment_edits(unit.node, other.node)),
            first_line=unit.line,
            second_line=other.line,
        )
    for unit in added:
        edits = (Edit("statement", "", None, shortened(unit.node)),)
        yield CodeChange(
            name=unit.name, kind=unit.kind, change="added", edits=edits, second_line=unit.line
        )


def _is_version(first: Unit, second: Unit) -> bool:
    if first.name or second.name:
        return first.name == second.name
    return type(first.node) is type(second.node)


def _reordered(
    first: Sequence[Unit], second: Sequence[Unit], common: Counter[str]
) -> Iterator[CodeChange]:
    """Yield the statements that both versions have in another order."""
    one, other = (_only(units, common.copy()) for units in (first, second))
    matcher = difflib.SequenceMatcher(
        None, [unit.form for unit in one], [unit.form for unit in other], autojunk=False
    )
    moved = [
        unit
        for kind, _, _, start, end in matcher.get_opcodes()
        if kind in ("insert", "replace")
        for unit in other[start:end]
    ]
    if moved:
        edits = [Edit("statement", "", None, shortened(unit.node)) for unit in moved]
        yield CodeChange(
            name=moved[0].name,
            kind="order",
            edits=tuple(edits),
            second_line=moved[0].line,
            is_minor=all(map(_is_independent, moved)),
        )


def _only(units: Iterable[Unit], common: Counter[str]) -> list[Unit]:
    found = []
    for unit in units:
        if common[unit.form]:
            common[unit.form] -= 1
            found.append(unit)
    return found


def _is_independent(unit: Unit) -> bool:
    """Return whether the order in which a statement is executed hardly matters."""
    if unit.kind == "import":
        return True
    uses = (ast.Call, ast.Await, ast.Attribute, ast.Subscript, ast.NamedExpr)
    is_plain = isinstance(unit.node, ast.Assign) and not any(
        isinstance(node, uses) or (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load))
        for node in ast.walk(unit.node)
    )
    return is_plain and len(bound_names(unit.node)) == 1
