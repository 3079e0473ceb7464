"""What the names in the code of a project mean: its functions, classes and statements."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sacred_core.compare.code.project import Import, Module, Parts, Project
from sacred_core.compare.code.references import all_references


class Place(NamedTuple):
    """A function, class or statement of a project.

    Attributes:
        source: The name of the source that it is in.
        name: Its qualified name; of a statement a name that it binds.
    """

    source: str
    name: str


class Folder(NamedTuple):
    """A module or package of a project, by the path of its file without the suffix."""

    path: Parts


class Foreign(NamedTuple):
    """A module that is not a source, or something in it."""


Meaning = Place | Folder | Foreign
#: An attribute of an object of which nothing is known.
UNRESOLVED = None


class Names:
    """Finds what names mean.

    Args:
        project: The sources.
    """

    def __init__(self, project: Project) -> None:
        self._project = project

    def find(self, module: Module, chain: Sequence[str]) -> list[Meaning] | None:
        """Return what a name with attributes means in a module.

        Returns:
            Several meanings where a name is bound several times; nothing for a builtin; None if an
            attribute belongs to an object whose class is unknown: the last one in ``chain``.
        """
        found = [*self._global(module, chain[0], set())]
        start = 1
        if found and all(isinstance(each, Foreign) for each in found):
            start, found = self._dotted(module, chain, found)
        for attribute in chain[start:]:
            if not found:
                return UNRESOLVED
            inner = [each for of in found for each in self._attribute(of, attribute)]
            if not inner and not all(isinstance(of, (Folder, Foreign)) for of in found):
                return UNRESOLVED
            found = inner
        return found

    def _dotted(
        self, module: Module, chain: Sequence[str], otherwise: list[Meaning]
    ) -> tuple[int, list[Meaning]]:
        """Return the length of the longest part of a chain that is a source, and the source.

        The first name may be that of a package of which only a part is among the sources.
        """
        for count in range(len(chain), 1, -1):
            path = self._project.find(module.source, Import(0, (*chain[:count],)))
            if path is not None:
                return count, [Folder(path)]
        return 1, otherwise

    def member(self, module: Module, class_name: str, name: str) -> list[Place]:
        """Return where a class, or one of its local base classes, defines ``name``."""
        return [*self._member(module, class_name, name, set())]

    def is_override(self, place: Place, class_name: str, name: str) -> bool:
        """Return whether ``place`` is ``name`` of a class that is derived from another one.

        Args:
            place: A method or attribute of a class.
            class_name: The qualified name of the other class.
            name: The name of the method.
        """
        owner, _, own = place.name.rpartition(".")
        return own == name and class_name in self._base_names(place.source, owner, set())

    def _base_names(self, source: str, class_name: str, seen: set[Place]) -> set[str]:
        """Return the names of the local classes that a class is derived from."""
        module = self._project.module(source)
        if module is None or Place(source, class_name) in seen:
            return set()
        seen.add(Place(source, class_name))
        found = set()
        for base in self.bases(module, class_name):
            if isinstance(base, Place):
                found |= {base.name, *self._base_names(base.source, base.name, seen)}
        return found

    def bases(self, module: Module, class_name: str) -> list[Meaning]:
        """Return the base classes of a class, as far as they have names."""
        found: list[Meaning] = []
        for unit in module.by_name.get(class_name, ()):
            for base in getattr(unit.node, "bases", ()):
                for each in all_references(base):
                    found += self.find(module, each.chain) or ()
        return found

    def imported(self, module: Module, wanted: Import) -> Iterator[Module]:
        """Yield the modules that an import executes, packages first."""
        path = self._project.find(module.source, wanted)
        if path is None:
            return
        start = len(path) - len(wanted.module) + 1 if not wanted.level else len(path)
        names = [path[:count] for count in range(start, len(path) + 1)]
        if wanted.name is not None:
            names.append((*path, wanted.name))
        for each in names:
            found = self._project.at(each)
            if found is not None:
                yield found

    def _global(self, module: Module, name: str, seen: set[Place]) -> Iterator[Meaning]:
        """Yield what a module binds a name to."""
        if Place(module.source, name) in seen:
            return
        seen.add(Place(module.source, name))
        if name in module.by_name:
            yield Place(module.source, name)
        for wanted in module.imports.get(name, ()):
            yield from self._imported_name(module, wanted, seen)
        if name not in module.by_name and name not in module.imports:
            for star in module.stars:
                path = self._project.find(module.source, star)
                other = None if path is None else self._project.at(path)
                if other is not None:
                    yield from self._global(other, name, seen)

    def _imported_name(self, module: Module, wanted: Import, seen: set[Place]) -> Iterator[Meaning]:
        path = self._project.find(module.source, wanted)
        if path is None:
            yield Foreign()
        elif wanted.name is None:
            yield Folder(path)
        else:
            yield from self._in_folder(Folder(path), wanted.name, seen)

    def _in_folder(self, folder: Folder, name: str, seen: set[Place]) -> Iterator[Meaning]:
        """Yield what a name in a module or package means: what it binds, or a module in it."""
        module = self._project.at(folder.path)
        found = [] if module is None else [*self._global(module, name, seen)]
        if found:
            yield from found
        elif self._project.has((*folder.path, name)):
            yield Folder((*folder.path, name))

    def _attribute(self, of: Meaning, name: str) -> Iterator[Meaning]:
        match of:
            case Folder():
                yield from self._in_folder(of, name, set())
            case Foreign():
                yield of
            case Place(source=source, name=owner):
                module = self._project.module(source)
                if module is not None:
                    yield from self._member(module, owner, name, set())

    def _member(
        self, module: Module, class_name: str, name: str, seen: set[Place]
    ) -> Iterator[Place]:
        place = Place(module.source, class_name)
        if place in seen:
            return
        seen.add(place)
        if f"{class_name}.{name}" in module.by_name:
            yield Place(module.source, f"{class_name}.{name}")
            return
        for base in self.bases(module, class_name):
            owner = self._project.module(base.source) if isinstance(base, Place) else None
            if owner is not None and isinstance(base, Place):
                yield from self._member(owner, base.name, name, seen)
