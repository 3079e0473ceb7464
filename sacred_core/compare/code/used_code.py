"""Which functions of the stored sources a run can have executed, and in which order.

Nothing is executed for it: names are followed from the functions that the run executed.
"""

from collections.abc import Iterable, Iterator

from sacred_core.compare.code.names import Folder, Foreign, Names, Place
from sacred_core.compare.code.project import Import, Module, Project
from sacred_core.compare.code.references import (
    UNKNOWN,
    Reference,
    all_references,
    dynamic_lookups,
    local_names,
)
from sacred_core.compare.code.units import Unit

#: Decorators of an experiment, by the time when their functions are called.
_BEFORE = frozenset({"config", "config_hook", "option_hook", "pre_run_hook"})
_AFTER = frozenset({"post_run_hook"})
#: Those of captured functions.
CAPTURING = frozenset({"capture", "command", "main", "automain"})
_OF_EXPERIMENTS = _BEFORE | _AFTER | CAPTURING | {"named_config"}
#: Decorators that do not register a function anywhere.
_WRAPPING = frozenset({"staticmethod", "classmethod", "property", "functools", "contextlib"})


class UsedCode:
    """The order in which a run executed its code, as far as it can be read from the sources.

    Args:
        project: The sources.
        executed: The captured functions that were executed, in the order of their first calls.
        named_configs: The names of the named configurations that were used.

    Attributes:
        order: The position of each function, class and global name that is used: a statement is
            used where the name that it binds is read.
        is_known: At least one of the executed functions is in the sources.
        import_order: The position of each source whose module was imported: after those that it
            imports.
        modules: The modules with code that was used, apart from imports.
    """

    def __init__(
        self, project: Project, executed: Iterable[Place], named_configs: Iterable[str] = ()
    ) -> None:
        self._project = project
        self._names = Names(project)
        self._named_configs = {*named_configs}
        self._unknown: dict[str, list[Place]] = {}
        self.order: dict[Place, int] = {}
        self.import_order: dict[str, int] = {}
        self._started: set[str] = set()
        executed = [*executed]
        self.is_known = any(map(self._is_defined, executed))
        self._import_all()
        self._follow(self._decorated(_BEFORE))
        self._follow(executed)
        self._follow(self._decorated(_AFTER))
        self._follow(self._possible())

    @property
    def modules(self) -> set[str]:
        """The sources with code that is used."""
        return {place.source for place in self.order}

    def _is_defined(self, place: Place) -> bool:
        module = self._project.module(place.source)
        return module is not None and place.name in module.by_name

    def _import_all(self) -> None:
        for module in self._project.modules():
            self._add_unknown(module, (name for name in module.by_name if "." in name))
        main = self._project.module(self._project.main)
        if main is not None:
            self._import(main)
        for module in self._project.modules():  # imported by names that are computed
            if module.source not in self._started:
                self._add_unknown(module, (name for name in module.by_name if "." not in name))
                self._import(module)

    def _import(self, module: Module) -> None:
        """Follow what a module and those that it imports execute while they are imported."""
        waiting = [self._imported_by(module)]
        while waiting:
            other = next(waiting[-1], None)
            if other is None:
                waiting.pop()
            else:
                waiting.append(self._imported_by(other))

    def _imported_by(self, module: Module) -> Iterator[Module]:
        """Yield the modules that a module imports, and follow what it executes between."""
        if module.source in self._started:
            return
        self._started.add(module.source)
        loaded: dict[int, list[Import]] = {}
        for unit, wanted in module.loaded:
            loaded.setdefault(id(unit), []).append(wanted)
        for unit in module.units:
            if unit.kind in ("import", "statement"):
                for wanted in loaded.get(id(unit), ()):
                    yield from self._names.imported(module, wanted)
            self._follow_import(module, unit)
        self.import_order[module.source] = len(self.import_order)

    def _follow_import(self, module: Module, unit: Unit) -> None:
        """Follow the functions that are called when a statement or a decorator is executed."""
        if unit.kind == "function" and "<locals>" not in unit.name:
            nodes = [*getattr(unit.node, "decorator_list", ())]
            found = [each for node in nodes for each in all_references(node)]
        elif unit.kind == "statement":
            found = [each for each in unit.references if each.is_call]
        else:
            return
        for reference in found:
            self._follow(self._places(module, reference, set(), ""))

    def _add_unknown(self, module: Module, names: Iterable[str]) -> None:
        """Note what attributes of objects of which nothing is known may mean."""
        for name in names:
            last = name.rpartition(".")[2]
            self._unknown.setdefault(last, []).append(Place(module.source, name))

    def _follow(self, places: Iterable[Place]) -> None:
        """Visit code and all that it uses, depth first."""
        waiting = [iter(places)]
        while waiting:
            place = next(waiting[-1], None)
            if place is None:
                waiting.pop()
            elif place not in self.order:
                self.order[place] = len(self.order)
                waiting.append(self._used_by(place))

    def _used_by(self, place: Place) -> Iterator[Place]:
        module = self._project.module(place.source)
        for unit in module.by_name.get(place.name, ()) if module else ():
            assert module is not None
            yield from self._used_by_unit(module, unit)

    def _used_by_unit(self, module: Module, unit: Unit) -> Iterator[Place]:
        for owner, wanted in module.loaded:
            if owner is unit and unit.kind == "function":
                for other in self._names.imported(module, wanted):
                    self._import(other)
        hidden = self._hidden_names(module, unit)
        for reference in unit.references:
            yield from self._places(module, reference, hidden, unit.name)
        for chain in dynamic_lookups(unit.node):
            yield from self._all_of(module, chain)
        if unit.kind == "class":
            yield from self._members_at_once(module, unit)

    def _hidden_names(self, module: Module, unit: Unit) -> set[str]:
        """Return the names of variables of a function, and of those around it."""
        found: set[str] = set()
        names = unit.name.split(".<locals>.")
        for count in range(1, len(names) + 1):
            for each in module.by_name.get(".<locals>.".join(names[:count]), ()):
                if each.kind == "function":
                    found |= local_names(each.node)
        return found

    def _places(
        self, module: Module, reference: Reference, hidden: set[str], inside: str
    ) -> Iterator[Place]:
        """Yield what a reference in a function may mean."""
        first, *attributes = reference.chain
        nested = f"{inside}.<locals>.{first}"
        if nested in module.by_name:
            yield Place(module.source, nested)
        owner = inside.rpartition(".")[0]
        if first in ("self", "cls") and attributes and owner in module.by_name:
            found = self._names.member(module, owner, attributes[0])
            yield from found
            for each in self._unknown.get(attributes[0], ()):
                if self._names.is_override(each, owner, attributes[0]):
                    yield each
            attributes = attributes[1:] if found else attributes
        elif first != UNKNOWN and first not in hidden:
            meanings = self._names.find(module, reference.chain)
            if meanings is not None:
                yield from self._resolved(meanings)
                return
            yield from self._resolved(self._names.find(module, (first,)) or ())
        for name in attributes:
            yield from self._unknown.get(name, ())

    def _resolved(self, meanings: Iterable[Place | Folder | Foreign]) -> Iterator[Place]:
        return (each for each in meanings if isinstance(each, Place))

    def _members_at_once(self, module: Module, unit: Unit) -> Iterator[Place]:
        """Yield what objects of a class call by themselves, and its statements."""
        start = f"{unit.name}."
        for name, units in module.by_name.items():
            last = name.removeprefix(start)
            if name.startswith(start) and "." not in last:
                is_special = last.startswith("__") and last.endswith("__")
                if is_special or any(each.kind == "statement" for each in units):
                    yield Place(module.source, name)

    def _all_of(self, module: Module, chain: tuple[str, ...]) -> Iterator[Place]:
        """Yield everything that a module defines, of which code takes attributes by name."""
        of = [module]
        if chain:
            meanings = self._names.find(module, chain) or ()
            paths = [each.path for each in meanings if isinstance(each, Folder)]
            of = [each for each in map(self._project.at, paths) if each is not None]
        for each in of:
            yield from (Place(each.source, name) for name in each.by_name if "." not in name)

    def _decorated(self, names: frozenset[str]) -> Iterator[Place]:
        """Yield functions that an experiment or ingredient calls by itself."""
        for module in self._project.modules():
            for unit in module.units:
                found = experiment_decorators(unit)
                is_named = "named_config" in found and names is _BEFORE
                if found & names or (is_named and self._is_chosen(unit)):
                    yield Place(module.source, unit.name)

    def _is_chosen(self, unit: Unit) -> bool:
        name = unit.name.rpartition(".")[2]
        return any(each.rpartition(".")[2] == name for each in self._named_configs)

    def _possible(self) -> Iterator[Place]:
        """Yield what may be called by others: methods of used classes, and registered functions.

        A statement of a module that calls something, or changes an object, may register what it
        refers to.
        """
        for module in self._project.modules():
            for unit in module.units:
                is_method = Place(module.source, unit.parent) in self.order
                if unit.kind == "function" and (is_method or _is_registered(unit)):
                    yield Place(module.source, unit.name)
                elif unit.kind == "statement" and not unit.parent and not unit.is_plain:
                    for reference in unit.references:
                        yield from self._places(module, reference, set(), "")


def experiment_decorators(unit: Unit) -> set[str]:
    """Return the attributes of which a function is decorated, as ``capture`` in ``@ex.capture``."""
    chains = _decorators(unit)
    return {chain[-1] for chain in chains if len(chain) > 1 and chain[-1] in _OF_EXPERIMENTS}


def _is_registered(unit: Unit) -> bool:
    """Return whether a decorator may make a function known to code that calls it later."""
    return any(
        chain[0] not in _WRAPPING and chain[-1] not in _OF_EXPERIMENTS | _WRAPPING
        for chain in _decorators(unit)
    )


def _decorators(unit: Unit) -> list[tuple[str, ...]]:
    nodes = getattr(unit.node, "decorator_list", ()) if unit.kind == "function" else ()
    found = map(all_references, nodes)
    return [each[-1].chain for each in found if each]
