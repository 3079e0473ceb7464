"""The public names of the API: where each is documented, and what it is."""

import ast
import functools
import importlib
import inspect
import tomllib
import types
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.documentation.navigation import ROOT

FILE = ROOT / "docs" / "api.toml"


@dataclass(frozen=True)
class Page:
    """A page of the reference of the API.

    Attributes:
        name: Of its file.
        title: Its heading.
        summary: One sentence about it.
        names: Dotted names of what it documents, in order.
    """

    name: str
    title: str
    summary: str
    names: tuple[str, ...]


def read_pages(file: Path = FILE) -> list[Page]:
    """Read which names are on which page; each object is on one page only."""
    seen: set[tuple[str, str]] = set()
    pages = []
    for entry in tomllib.loads(file.read_text(encoding="utf-8"))["page"]:
        names = []
        for name in (each for pattern in entry["names"] for each in expand(pattern)):
            origin = origin_of(name)
            if origin not in seen:
                seen.add(origin)
                names.append(name)
        pages.append(Page(entry["name"], entry["title"], entry["summary"], tuple(names)))
    return pages


def expand(pattern: str) -> list[str]:
    """Return the names that ``package.*`` means, or the name itself."""
    module, _, last = pattern.rpartition(".")
    if last != "*":
        return [pattern]
    imported = importlib.import_module(module)
    names = getattr(imported, "__all__", None) or [
        name
        for name, value in vars(imported).items()
        if inspect.isclass(value) and value.__module__ == module and not name.startswith("_")
    ]
    return [f"{module}.{name}" for name in names]


def load(name: str) -> Any:
    """Return the object of a dotted name."""
    module, _, last = name.rpartition(".")
    return getattr(importlib.import_module(module), last)


def kind_of(name: str) -> str:
    """Return what autodoc calls an object: class, exception, function or data."""
    value = load(name)
    if inspect.isclass(value):
        return "exception" if issubclass(value, BaseException) else "class"
    is_function = isinstance(value, types.FunctionType | types.BuiltinFunctionType)
    return "function" if is_function or hasattr(value, "__wrapped__") else "data"


def description_of(name: str) -> str:
    """Return the docstring of an object; for data the comment at its definition."""
    from sphinx.pycode import ModuleAnalyzer  # is not installed where only names are read

    if kind_of(name) != "data":
        return inspect.getdoc(load(name)) or ""
    module, last = origin_of(name)
    found = ModuleAnalyzer.for_module(module).find_attr_docs()
    return "\n".join(found.get(("", last), [])).strip()


def summary_of(name: str) -> str:
    """Return the first sentence of the description."""
    return " ".join(description_of(name).partition("\n\n")[0].split())


@functools.cache
def origin_of(name: str) -> tuple[str, str]:
    """Return the module that defines an object, and its name there.

    Packages import their names when they are used; `TYPE_CHECKING` has the modules.
    """
    module, _, last = name.rpartition(".")
    file = inspect.getsourcefile(importlib.import_module(module))
    found = _imports(Path(file or "")).get(last)
    return origin_of(found) if found else (module, last)


@functools.cache
def _imports(file: Path) -> dict[str, str]:
    """Return the names that a module imports, and their dotted names."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
