"""Causes: functions, classes and statements whose code changed, and sources of one run only."""

import ast
import sys
from collections.abc import Iterator

from sacred_core.compare.causes import levels
from sacred_core.compare.causes.evidence import Evidence, SourceChange
from sacred_core.compare.causes.explanation import Cause
from sacred_core.compare.code.code_changes import CodeChange
from sacred_core.compare.code.edits import Edit
from sacred_core.compare.code.names import Place
from sacred_core.compare.code.project import Module
from sacred_core.compare.code.units import Unit

#: The position of what runs when a module is imported: before all functions.
_AT_IMPORT = -1
#: Edits that are shown.
_MOST_EDITS = 3
_NOT_REACHED = "not reached from the functions that were executed"


def code_causes(evidence: Evidence) -> Iterator[Cause]:
    """Yield what changed in the code: what was executed first, first."""
    for number, each in enumerate(evidence.source_changes):
        position = _position(evidence, each)
        is_used = position is not None and not each.change.is_minor
        yield Cause(
            kind="code",
            key=f"{each.source}:{each.change.name}" if each.change.name else each.source,
            text=_text(each, is_reached=position is not None),
            details=_details(each, position),
            order=(
                levels.CODE if is_used else levels.UNUSED_CODE,
                position or 0,
                evidence.import_position(each.source) or 0,
                each.change.kind == "import",  # after the function that uses it
                number,
            ),
        )
    for name in evidence.changed_sources:
        if not evidence.is_in_both(name) or name in evidence.unread_sources:
            yield _whole_source(evidence, name)


def _text(each: SourceChange, is_reached: bool) -> str:
    change = each.change
    line = change.second_line or change.first_line
    place = f"{each.source}:{line}" if line else each.source
    what = f"{change.name} ({place})" if change.name else place
    remark = "" if is_reached else f", {_NOT_REACHED}"
    return f"{what} {_change_text(change)}{remark}"


def _change_text(change: CodeChange) -> str:
    edits = [*map(str, change.edits)]
    shown = "; ".join(edits[:_MOST_EDITS])
    if len(edits) > _MOST_EDITS:
        shown += f"; and {len(edits) - _MOST_EDITS} more"
    if change.kind == "order":
        return f"in another order: {_listed_code(change.edits)}"
    if change.change == "renamed":
        return f"renamed: {shown}"
    if change.kind in ("import", "statement"):
        return shown
    return f"{change.change}: {shown}" if shown else change.change


def _listed_code(edits: tuple[Edit, ...]) -> str:
    return "; ".join(str(edit.second) for edit in edits[:_MOST_EDITS])


def _details(each: SourceChange, position: int | None) -> dict[str, object]:
    change = each.change
    return {
        "source": each.source,
        "name": change.name,
        "part": change.kind,
        "change": change.change,
        "lines": [change.first_line, change.second_line],
        "edits": [
            {"part": edit.part, "name": edit.name, "first": edit.first, "second": edit.second}
            for edit in change.edits
        ],
        "is_reached": position is not None,
    }


def _whole_source(evidence: Evidence, name: str) -> Cause:
    sides = [name in side.run.sources for side in evidence.sides]
    if all(sides):
        text, change = f"{name} differs; its content is not stored for both runs", "changed"
    else:
        number = "first" if sides[0] else "second"
        text, change = f"{name} only in the {number} run", "removed" if sides[0] else "added"
    position = min(
        (place for used in evidence.used for each, place in used.order.items() if each[0] == name),
        default=None,
    )
    last = max((number for used in evidence.used for number in used.order.values()), default=0)
    return Cause(
        kind="code",
        key=name,
        text=text,
        details={
            "source": name, "name": "", "part": "source", "change": change,
            "lines": [None, None], "edits": [], "is_reached": position is not None,
        },
        order=(levels.CODE, last + 1 if position is None else position),
    )  # fmt: skip


def _position(evidence: Evidence, each: SourceChange) -> int | None:
    """Return when a change takes effect; None if it is not reached."""
    change = each.change
    if change.kind in ("order", "text"):
        return _AT_IMPORT
    if change.kind == "import":
        return _position_of_import(evidence, each)
    found = [evidence.position(Place(each.source, name)) for name in _names(change)]
    used = [position for position in found if position is not None]
    if used or change.kind != "statement":
        return min(used, default=None)
    has_effects = not all(unit.is_plain for unit in _units(evidence, each))
    return _AT_IMPORT if has_effects else None


def _names(change: CodeChange) -> list[str]:
    """Return the names that a change is about: several of a statement that binds several."""
    first, *others = change.name.split(", ")
    owner = first.rpartition(".")[0]
    names = [first, *(f"{owner}.{name}" if owner else name for name in others)]
    if change.change == "renamed":
        names += [str(edit.first) for edit in change.edits]
    return names


def _units(evidence: Evidence, each: SourceChange) -> Iterator[Unit]:
    """Yield the versions of a statement."""
    lines = (each.change.first_line, each.change.second_line)
    for project, line in zip(evidence.projects, lines, strict=True):
        module = project.module(each.source)
        for unit in module.units if module else ():
            if line is not None and unit.line == line and unit.kind in ("import", "statement"):
                yield unit


def _position_of_import(evidence: Evidence, each: SourceChange) -> int | None:
    """Return when code that was executed uses an imported name first."""
    names = {each.change.name.rpartition(".")[2], "*"}
    found = []
    for project in evidence.projects:
        module = project.module(each.source)
        found += [] if module is None else [*_uses(evidence, module, names)]
    if found:
        return min(found)
    return _AT_IMPORT if _may_matter(evidence, each) else None


def _uses(evidence: Evidence, module: Module, names: set[str]) -> Iterator[int]:
    for unit in module.units:
        position = evidence.position(Place(module.source, unit.name))
        if unit.kind in ("function", "class") and position is None:
            continue
        if unit.kind != "import" and any(
            reference.chain[0] in names for reference in unit.references
        ):
            yield _AT_IMPORT if position is None else position


def _may_matter(evidence: Evidence, each: SourceChange) -> bool:
    """Return whether to import a module can have effects, which those of Python do not have."""
    for unit in _units(evidence, each):
        match unit.node:
            case ast.Import(names=[ast.alias(name=name)]):
                if name.partition(".")[0] not in sys.stdlib_module_names:
                    return True
            case ast.ImportFrom(module=module, level=level):
                if level or (module or "").partition(".")[0] not in sys.stdlib_module_names:
                    return True
    return False
