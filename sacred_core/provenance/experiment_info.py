"""The recorded information about the code of an experiment."""

import functools
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, Protocol

from sacred_core.interactive import is_cell, is_interactive
from sacred_core.provenance import dependencies, repositories, sources
from sacred_core.provenance.generated import add_generated
from sacred_core.provenance.sources import changed_sources
from sacred_core.settings import SETTINGS


class Coded(Protocol):
    """An ingredient, as far as its code is concerned."""

    path: str
    base_dir: Any
    save_git_info: bool
    main_file: str | None
    module_name: str
    module_code: CodeType | None
    added_sources: list[Path]
    added_dependencies: dict[str, str]

    def code_places(self) -> set[tuple[str, str]]:
        """Return file name and name of its functions, and of other code of it."""


class Code:
    """The code of an experiment, as far as it is loaded.

    Args:
        root: The experiment.
        ingredients: All that it uses, itself included.
    """

    def __init__(self, root: Coded, ingredients: Iterable[Coded]) -> None:
        self._root = root
        self._parts = list(ingredients)
        self._base = base_dir_of(root)
        self._folders = {self._base, *map(base_dir_of, self._parts)}
        self._sources: dict[Path, sources.Source] = {}
        self._versions: dict[str, str] = {}
        self._seen_modules = 0
        self._changed: set[Path] = set()
        self._cells = self._text_of_cells()

    def info(self) -> dict[str, Any]:
        """Return name, folder, sources, dependencies and repositories.

        ``sources`` are pairs of file name and md5, ``dependencies`` strings like ``numpy==2.0``,
        ``repositories`` as `repositories.find_repositories` returns them.
        """
        self.take_new()
        root, saves_git = self._root, any(part.save_git_info for part in self._parts)
        main = root.main_file or (self._path_of_cells() if self._cells else None)
        return {
            "name": root.path,
            "base_dir": str(self._base),
            "mainfile": os.path.relpath(main, self._base) if main else None,
            "sources": _pairs(self._sources.values()),
            "dependencies": _texts(self._versions),
            "repositories": repositories.find_repositories(self._sources) if saves_git else [],
            **self._start(main),
        }

    def _start(self, main: str | Path | None) -> dict[str, str]:
        """Return what else is needed to start it again, where that is not usual.

        ``script`` is the source that was executed, if that is not ``mainfile``. ``module`` is the
        dotted name of the module of ``script`` or else ``mainfile``, if it is in a package.
        ``working_dir`` is the working directory, if it exists.
        """
        found = _working_dir()
        main_path = None if main is None else Path(_real_file(os.fspath(main)))
        started = sys.modules.get("__main__")
        path = _path_of(started)
        if path is None or path not in self._sources:
            module = sys.modules.get(self._root.module_name)
            name = _name_in_package(module) if _path_of(module) == main_path else ""
            return found | ({"module": name} if name else {})
        if path != main_path:
            found["script"] = os.path.relpath(path, self._base)
        name = _name_in_package(started)
        return found | ({"module": name} if name else {})

    def files(self) -> set[sources.SourceFile]:
        """Return the source files that are known now."""
        self.take_new()
        return {sources.SourceFile(str(s.path), s.md5) for s in self._sources.values()}

    def packages(self) -> set[dependencies.PackageDependency]:
        """Return the packages that are known now."""
        self.take_new()
        return {dependencies.PackageDependency(*package) for package in self._versions.items()}

    def source_of(self, file: str) -> str | None:
        """Return the name of the known source that has the code of ``file``; None if none has.

        Args:
            file: As in ``co_filename``: a file, or a cell of a notebook.
        """
        is_of_cells = bool(self._cells) and is_cell(file)
        path = self._path_of_cells() if is_of_cells else Path(_real_file(file))
        found = self._sources.get(path)
        return None if found is None else found.filename

    def take_new(self) -> dict[str, Any] | None:
        """Return the ``sources`` and ``dependencies`` that are new since the last call.

        While nothing is imported this costs next to nothing: then it is None.
        """
        if len(sys.modules) == self._seen_modules:
            return None
        self._seen_modules = len(sys.modules)
        modules, paths = self._modules_and_paths()
        paths -= self._sources.keys() | self._changed
        self._changed |= changed_sources(modules, paths, self._module_codes())
        new = {s.path: s for s in sources.sources_of(paths - self._changed, self._base)}
        if self._cells and self._path_of_cells() not in self._sources:
            new |= self._source_of_cells()
        self._sources |= new
        mode = SETTINGS.valid("DISCOVER_DEPENDENCIES")
        found = dependencies.find_dependencies(modules, mode, self._cells)
        for part in self._parts:
            found |= part.added_dependencies
        versions = {name: found[name] for name in found.keys() - self._versions.keys()}
        self._versions |= versions
        if not new and not versions:
            return None
        return {"sources": _pairs(new.values()), "dependencies": _texts(versions)}

    def _text_of_cells(self) -> str:
        """Return the cells of a notebook that the experiment consists of, as they ran last."""
        if not is_interactive():
            return ""
        from sacred_core.provenance import cells

        found = cells.find_cells({place for part in self._parts for place in part.code_places()})
        return cells.source_text(found, cells.notebook_name()) if found else ""

    def _path_of_cells(self) -> Path:
        """Return where a file with the cells would be."""
        from sacred_core.provenance import cells

        stem = (cells.notebook_name() or self._root.path).removesuffix(".ipynb")
        return self._base / f"{stem}.cells.py"

    def _source_of_cells(self) -> dict[Path, sources.Source]:
        path = self._path_of_cells()
        md5 = add_generated(path, self._cells)
        return {path: sources.Source(os.path.relpath(path, self._base), md5, path)}

    def _module_codes(self) -> dict[str, CodeType]:
        return {part.module_name: part.module_code for part in self._parts if part.module_code}

    def _modules_and_paths(self) -> tuple[list[ModuleType], set[Path]]:
        mode = SETTINGS.valid("DISCOVER_SOURCES")
        local = [pair for folder in self._folders for pair in sources.local_modules(folder)]
        paths: set[Path] = set()
        if mode in ("imported", "sys"):
            paths = {path for _, path in local}
        elif mode == "dir":
            paths = {path for folder in self._folders for path in sources.files_below(folder)}
        mains = (Path(_real_file(part.main_file)) for part in self._parts if part.main_file)
        added = (path.resolve() for part in self._parts for path in part.added_sources)
        # A script from standard input has no file.
        return [module for module, _ in local], {*paths, *filter(os.path.isfile, mains), *added}


def base_dir_of(part: Coded) -> Path:
    """Return the folder that the sources are searched in."""
    if part.base_dir is not None:
        return Path(os.path.realpath(os.fsdecode(part.base_dir)))
    return Path(_real_file(part.main_file)).parent if part.main_file else Path.cwd()


def _working_dir() -> dict[str, str]:
    try:
        return {"working_dir": str(Path.cwd())}
    except OSError:  # it was deleted
        return {}


def _path_of(module: ModuleType | None) -> Path | None:
    file = getattr(module, "__file__", None)
    return Path(_real_file(file)) if isinstance(file, str) else None


def _name_in_package(module: ModuleType | None) -> str:
    """Return the dotted name of a module in a package; an empty string for any other."""
    spec = getattr(module, "__spec__", None)
    name = str(getattr(spec, "name", ""))
    if getattr(spec, "submodule_search_locations", None) is not None:  # the package itself
        name = f"{name}.__init__"
    return name if "." in name else ""


@functools.cache
def _real_file(file: str) -> str:
    return sources.containing_file(os.path.realpath(file))


def _pairs(found: Iterable[sources.Source]) -> list[list[str]]:
    return [[source.filename, source.md5] for source in sorted(found)]


def _texts(versions: dict[str, str]) -> list[str]:
    return [f"{name}=={versions[name]}" for name in sorted(versions, key=str.lower)]
