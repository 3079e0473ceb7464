"""From which other entries a config scope computes an entry."""

import ast
import re
from collections.abc import Iterator

from sacred_core.compare.code.normal_form import form
from sacred_core.compare.code.project import Project
from sacred_core.compare.code.used_code import experiment_decorators

_SCOPES = frozenset({"config", "named_config"})
#: What a source with a scope contains: others are not parsed.
_DECORATOR = re.compile(r"\.\s*(named_)?config\b")


class ScopeValues:
    """The config scopes of a project.

    Args:
        project: The sources.
    """

    def __init__(self, project: Project) -> None:
        self._scopes: dict[str, list[ast.stmt]] = {}
        for name, text in project.texts.items():
            has_scopes = text is not None and _DECORATOR.search(text)
            module = project.module(name) if has_scopes else None
            for unit in module.units if module else ():
                if unit.kind == "function" and experiment_decorators(unit) & _SCOPES:
                    body = getattr(unit.node, "body", [])
                    self._scopes.setdefault(unit.name.rpartition(".")[2], []).extend(body)

    def is_known(self, scope: str) -> bool:
        """Return whether the source of a scope is stored."""
        return scope in self._scopes

    def used_for(self, scope: str, entry: str) -> set[str]:
        """Return the names from which a scope computes an entry, directly or through others.

        Args:
            scope: The name of the function.
            entry: The name of the entry, without what it is in.
        """
        found: set[str] = set()
        waiting = [entry]
        while waiting:
            for node in self._assigning(scope, waiting.pop()):
                new = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)} - found
                found |= new
                waiting += new
        return found - {entry}

    def form(self, scope: str, entry: str) -> str:
        """Return what is equal where a scope computes an entry in the same way."""
        return "\n".join(form(node) for node in self._assigning(scope, entry))

    def _assigning(self, scope: str, entry: str) -> Iterator[ast.stmt]:
        """Yield the statements of a scope that bind a name."""
        for node in self._scopes.get(scope, ()):
            stored = (
                each.id
                for each in ast.walk(node)
                if isinstance(each, ast.Name) and _is_target(each, node)
            )
            if entry in stored:
                yield node


def _is_target(name: ast.Name, statement: ast.stmt) -> bool:
    """Return whether a name is bound; ``opt`` in ``opt["lr"] = 1`` is, too."""
    if not isinstance(name.ctx, ast.Load):
        return True
    targets = getattr(statement, "targets", None) or [getattr(statement, "target", None)]
    return any(
        isinstance(target, (ast.Subscript, ast.Attribute)) and name in ast.walk(target.value)
        for target in targets
        if target is not None
    )
