"""The stored sources of a run, and which module of them an import means."""

import ast
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from sacred_core.compare.code.normal_form import inner_statements, parse
from sacred_core.compare.code.units import Unit, units_of

Parts = tuple[str, ...]


class Import(NamedTuple):
    """A name that an import binds.

    Attributes:
        level: The number of dots before the module.
        module: The path of the module.
        name: What is imported from it; None for the module itself.
    """

    level: int
    module: Parts
    name: str | None = None


class Module:
    """A stored source.

    Args:
        source: Its name in the record.
        units: Of its code.
        has_import_calls: It may contain calls such as ``import_module("name")``.

    Attributes:
        by_name: Its functions and classes by their qualified names, and its statements by the
            names that they bind.
        imports: By the names that they bind, wherever the statements are.
        stars: Modules of which it imports all names.
        loaded: The modules that are imported, with the unit that imports them, in order.
    """

    def __init__(self, source: str, units: list[Unit], has_import_calls: bool = False) -> None:
        self.source = source
        self.units = units
        self.by_name: dict[str, list[Unit]] = {}
        for unit in units:
            names = unit.name.split(", ") if unit.kind == "statement" else [unit.name]
            for name in names if unit.kind != "import" else ():
                parent = f"{unit.parent}." if unit.kind == "statement" and unit.parent else ""
                full = name if name.startswith(parent) else f"{parent}{name}"
                self.by_name.setdefault(full, []).append(unit)
        self.imports: dict[str, list[Import]] = {}
        self.stars: list[Import] = []
        self.loaded: list[tuple[Unit, Import]] = []
        for unit in units:
            for node in inner_statements(unit.node):
                self._add_import(unit, node)
        if has_import_calls:
            for unit in units:
                for node in ast.walk(unit.node):
                    self._add_import_call(unit, node)

    @cached_property
    def packages(self) -> set[str]:
        """The first names of the modules that it imports, without relative imports."""
        return {each.module[0] for _, each in self.loaded if not each.level and each.module}

    def _add_import(self, unit: Unit, node: ast.AST) -> None:
        match node:
            case ast.Import(names=[ast.alias(name=name, asname=other)]):
                path = (*name.split("."),)
                bound = Import(0, path if other else path[:1])
                self.imports.setdefault(other or path[0], []).append(bound)
                self.loaded.append((unit, Import(0, path)))
            case ast.ImportFrom(names=[ast.alias(name=name, asname=other)]):
                path = (*(node.module or "").split("."),) if node.module else ()
                found = Import(node.level, path, name)
                self.loaded.append((unit, found))
                if name == "*":
                    self.stars.append(found._replace(name=None))
                else:
                    self.imports.setdefault(other or name, []).append(found)

    def _add_import_call(self, unit: Unit, node: ast.AST) -> None:
        match node:
            case ast.Call(args=[ast.Constant(value=str(name)), *_]) if _is_import_call(node.func):
                level = len(name) - len(name.lstrip("."))
                self.loaded.append((unit, Import(level, (*name.lstrip(".").split("."),))))


class Project:
    """The stored sources of a run.

    Args:
        names: Of the sources.
        read: Returns the text of a source, None if it is not stored.
        main: The name of the source that was started, if it is known.
        packages: Import names of installed packages: a source of such a name is not imported by it,
            unless it is beside the main file.
        has_docstrings: Docstrings are a part of the code, because some code reads them.
        parsed: Modules that another project has parsed, by name and text; new ones are added.
        base_dir: The folder that the names of the sources are relative to. It may be a package.

    Attributes:
        names: Of the sources.
    """

    def __init__(
        self,
        names: Iterable[str],
        read: Callable[[str], str | None],
        main: str | None = None,
        packages: Iterable[str] = (),
        has_docstrings: bool = False,
        parsed: "dict[tuple[str, str], Module | None] | None" = None,
        base_dir: str = "",
    ) -> None:
        self.names = [*names]
        self.main = main
        self._read = read
        self._paths = {_parts(name): name for name in self.names}
        self._root = _folder(main) if main else ()
        self._foreign = {*packages, *sys.stdlib_module_names}
        self._base = (*filter(None, base_dir.replace("\\", "/").split("/")),)
        self._has_docstrings = has_docstrings
        self._parsed = {} if parsed is None else parsed
        self._found: dict[tuple[Parts, Parts], Parts | None] = {}

    @cached_property
    def texts(self) -> Mapping[str, str | None]:
        """The texts of the sources by name."""
        return {name: self._read(name) for name in self.names}

    def module(self, source: str | None) -> Module | None:
        """Return a source as a module; None if it is not stored, or is not Python."""
        text = None if source is None else self.texts.get(source)
        if source is None or text is None:
            return None
        if (source, text) not in self._parsed:
            tree = parse(text, self._has_docstrings)
            has_calls = "import_module" in text or "__import__" in text
            self._parsed[source, text] = (
                None if tree is None else Module(source, units_of(tree), has_calls)
            )
        return self._parsed[source, text]

    def modules(self) -> Iterator[Module]:
        """Yield all modules."""
        found = (self.module(name) for name in self.names)
        return (each for each in found if each is not None)

    def at(self, parts: Parts) -> Module | None:
        """Return the module at a path."""
        return self.module(self._paths.get(parts))

    def find(self, importer: str, wanted: Import) -> Parts | None:
        """Return the path of the module that an import means; None if it is not a source.

        The path may be that of a folder without a file ``__init__.py``.
        """
        if wanted.level:
            folder = _folder(importer)
            up = wanted.level - 1
            base = folder[: len(folder) - up] if up else folder
            return (*base, *wanted.module)
        return self._find_absolute(importer, wanted.module)

    def has(self, parts: Parts) -> bool:
        """Return whether there is a module, or a folder of modules, at a path."""
        return any(each[: len(parts)] == parts for each in self._paths)

    def is_local(self, name: str, importer: str) -> bool:
        """Return whether a module imports one of the sources by this first name."""
        return self._find_absolute(importer, (name,)) is not None

    def _find_absolute(self, importer: str, path: Parts) -> Parts | None:
        """Return where a module is: beside the main file, beside its importer, or elsewhere."""
        folder = _folder(importer)
        if (folder, path) not in self._found:
            near = {folder: 1, self._root: 0}
            found = [
                (near.get(prefix, 2), len(prefix), prefix)
                for prefix in self._prefixes(path)
                if prefix == self._root or path[0] not in self._foreign
            ]
            inside = self._inside_base(path)
            self._found[folder, path] = (*min(found)[2], *path) if found and path else inside
        return self._found[folder, path]

    def _inside_base(self, path: Parts) -> Parts | None:
        """Return where a module is that is imported as part of the package of the sources."""
        for count in range(1, len(path) + 1):
            rest = path[count:]
            if self._base[-count:] == path[:count] and (rest in self._paths or self.has(rest)):
                return rest
        return None

    def _prefixes(self, path: Parts) -> Iterator[Parts]:
        """Yield the folders that contain a module, or a folder, of this path."""
        for parts in self._paths:
            for start in range(len(parts) - len(path) + 1):
                if parts[start : start + len(path)] == path:
                    yield parts[:start]


def _parts(name: str) -> Parts:
    parts = name.replace("\\", "/").removesuffix(".py").split("/")
    return (*parts[:-1],) if parts[-1] == "__init__" else (*parts,)


def _folder(name: str) -> Parts:
    """Return the folder of a source, that of a package for its ``__init__.py``."""
    return (*name.replace("\\", "/").split("/")[:-1],)


def _is_import_call(function: ast.expr) -> bool:
    match function:
        case ast.Attribute(attr="import_module") | ast.Name(id="import_module" | "__import__"):
            return True
    return False
