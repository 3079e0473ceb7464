"""Two runs, and what is found out about their code: each thing once, when it is needed."""

from functools import cached_property

import attrs

from sacred_core.compare.aspects.machine import recorded_packages
from sacred_core.compare.code.code_changes import CodeChange, compare_versions
from sacred_core.compare.code.names import Place
from sacred_core.compare.code.normal_form import reads_docstrings
from sacred_core.compare.code.project import Module, Project
from sacred_core.compare.code.used_code import CAPTURING, UsedCode, experiment_decorators
from sacred_core.compare.compared_run import ComparedRun
from sacred_core.compare.diffing import collect_all_facts, compare_facts, diff, find_aspects
from sacred_core.compare.records import Difference
from sacred_core.hooks.discovery import normalize_project


@attrs.frozen
class SourceChange:
    """A change of a part of a source.

    Attributes:
        source: The name of the source.
        change: What changed.
    """

    source: str
    change: CodeChange


class Evidence:
    """Two runs.

    Args:
        first, second: The runs.

    Attributes:
        sides: Both runs.
        problems: What could not be compared and why, a line each.
    """

    def __init__(self, first: ComparedRun, second: ComparedRun) -> None:
        self.sides = (first, second)
        self.problems: list[str] = []
        self._facts: dict[str, list[Difference]] = {}

    def differences(self, aspect: str) -> list[Difference]:
        """Return which facts differ under an aspect."""
        if aspect not in self._facts:
            found = find_aspects([aspect])[0]
            facts = collect_all_facts(found, self.sides, self.problems)
            differences = [] if facts is None else [*compare_facts(aspect, *facts)]
            self._facts[aspect] = [each for each in differences if not _is_group(each, differences)]
        return self._facts[aspect]

    def shown(self, aspect: str) -> list[Difference]:
        """Return what ``sacred runs diff`` reports of an aspect."""
        found = diff(*self.sides, only=[aspect])
        self.problems += [each for each in found.problems if each not in self.problems]
        return [*found]

    @cached_property
    def projects(self) -> tuple[Project, Project]:
        """The sources of both runs."""
        texts = (side.source(name) or "" for side in self.sides for name in side.run.sources)
        has_docstrings = reads_docstrings(texts)
        parsed: dict[tuple[str, str], Module | None] = {}
        first, second = (_project(side, has_docstrings, parsed) for side in self.sides)
        return first, second

    @cached_property
    def used(self) -> tuple[UsedCode, UsedCode]:
        """The order in which both runs executed their code."""
        pairs = zip(self.projects, self.sides, strict=True)
        first, second = (_used_code(project, side) for project, side in pairs)
        return first, second

    @cached_property
    def moved(self) -> dict[str, str]:
        """The names of sources in the first run that have another name in the second one."""
        mine, its = (side.run.sources for side in self.sides)
        new = {md5: name for name, md5 in its.items() if name not in mine and md5}
        return {
            name: new[md5] for name, md5 in mine.items() if name not in its and md5 and md5 in new
        }

    @cached_property
    def changed_sources(self) -> list[str]:
        """The sources whose content differs, also those that only one run has."""
        moved = {*self.moved, *self.moved.values()}
        return [each.key for each in self.differences("code") if each.key not in moved]

    @cached_property
    def unread_sources(self) -> list[str]:
        """The sources that differ and whose text is not stored for both runs."""
        return [name for name in self.changed_sources if None in self._texts(name)]

    @cached_property
    def source_changes(self) -> list[SourceChange]:
        """What changed in the code of sources that both runs have."""
        return [
            SourceChange(name, change)
            for name in self.changed_sources
            for change in self._changes_in(name)
        ]

    @cached_property
    def unchanged_code(self) -> list[str]:
        """The sources that differ in comments and formatting only."""
        changed = {each.source for each in self.source_changes}
        both = [name for name in self.changed_sources if self.is_in_both(name)]
        return [name for name in both if name not in changed and name not in self.unread_sources]

    def is_in_both(self, source: str) -> bool:
        """Return whether both runs have a source of this name."""
        return all(source in side.run.sources for side in self.sides)

    def position(self, place: Place) -> int | None:
        """Return when a part of the code was executed, before others with a higher number.

        None if it is not reached from the functions that were executed. If these are not known,
        everything may have been executed.
        """
        found = [used.order[place] for used in self.used if place in used.order]
        if not found and not all(used.is_known for used in self.used):
            return max(len(used.order) for used in self.used)
        return min(found, default=None)

    def import_position(self, source: str) -> int | None:
        """Return when a source was imported."""
        found = [used.import_order[source] for used in self.used if source in used.import_order]
        return min(found, default=None)

    def _changes_in(self, name: str) -> list[CodeChange]:
        if not self.is_in_both(name) or name in self.unread_sources:
            return []
        modules = (project.module(name) for project in self.projects)
        first, second = (None if module is None else module.units for module in modules)
        texts = [text or "" for text in self._texts(name)]
        return compare_versions((texts[0], texts[1]), (first, second))

    def _texts(self, name: str) -> list[str | None]:
        return [project.texts.get(name, "") for project in self.projects]


def _is_group(difference: Difference, others: list[Difference]) -> bool:
    """Return whether only one run has a dictionary, which is empty, and the other has its entries.

    The entries are differences.
    """
    is_empty = {} in (difference.first, difference.second)
    start = f"{difference.key}."
    return is_empty and any(each.key.startswith(start) for each in others)


def _project(
    side: ComparedRun, has_docstrings: bool, parsed: dict[tuple[str, str], Module | None]
) -> Project:
    main = side.run.experiment.get("mainfile")
    packages = [normalize_project(name) for name in recorded_packages(side.run)]
    return Project(
        side.run.sources,
        side.source,
        main if isinstance(main, str) else None,
        [name for each in packages for name in (each, each.replace("-", "_"))],
        has_docstrings,
        parsed,
        str(side.run.experiment.get("base_dir") or ""),
    )


def _used_code(project: Project, side: ComparedRun) -> UsedCode:
    named = side.run.meta.get("named_configs")
    executed = [
        Place(source, call.name)
        for call in side.run.captured
        for source in _sources_of(project, call.source, call.name)
    ]
    return UsedCode(
        project,
        executed or _by_command(project, side.run.command),
        map(str, named if isinstance(named, list) else ()),
    )


def _sources_of(project: Project, source: str | None, name: str) -> list[str]:
    """Return the source of a captured function; those that define its name if it is unknown."""
    if source is not None:
        return [source]
    return [module.source for module in project.modules() if name in module.by_name]


def _by_command(project: Project, command: str) -> list[Place]:
    """Return the function of a command; all captured functions if it is not found.

    For runs that were recorded before captured functions were.
    """
    captured = [
        Place(module.source, unit.name)
        for module in project.modules()
        for unit in module.units
        if experiment_decorators(unit) & CAPTURING
    ]
    return [place for place in captured if place.name == command] or captured
