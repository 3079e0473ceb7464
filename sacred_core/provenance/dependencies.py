"""Which installed packages an experiment uses, and in which versions."""

import functools
import importlib
import sys
from collections.abc import Iterable
from types import ModuleType
from typing import Any

from sacred_core import __version__
from sacred_core.hooks.discovery import metadata_folders, normalised


def discovered(modules: Iterable[ModuleType]) -> dict[str, str]:
    """Return the versions of the distributions that ``modules`` import, by name.

    What they import is seen in their global names: modules, and functions and classes with the
    modules that these come from.
    """
    modules = list(modules)
    own = {_top(module.__name__) for module in modules}
    names = {
        name for module in modules for value in vars(module).values() for name in _origin(value)
    }
    versions = {"sacred-core": __version__}
    for name in sorted(names - own - sys.stdlib_module_names - {"sacred_core", "builtins"}):
        found = _distribution(name)
        if found is not None:
            versions[found[0]] = found[1]
    return versions


def _origin(value: Any) -> list[str]:
    name = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
    return [_top(name)] if isinstance(name, str) and name else []


def _top(name: str) -> str:
    return name.partition(".")[0]


def _distribution(module: str) -> tuple[str, str] | None:
    """Return name and version of what a top-level module was installed with."""
    found = _installed().get(normalised(module))
    if found is not None:
        return found
    metadata = importlib.import_module("importlib.metadata")  # only where the names differ
    for name in metadata.packages_distributions().get(module, []):
        return name, metadata.version(name)
    version = getattr(sys.modules.get(module), "__version__", None)
    return (module, version) if isinstance(version, str) else None


@functools.cache
def _installed() -> dict[str, tuple[str, str]]:
    """Return name and version of all distributions, from the names of their folders."""
    found: dict[str, tuple[str, str]] = {}
    for entry in sys.path:
        for _, name, version in metadata_folders(entry or ".", (".dist-info",)):
            found.setdefault(normalised(name), (name, version))
    return found
