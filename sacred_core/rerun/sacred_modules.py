"""Lets scripts that import Sacred import sacred-core in its place."""

import sys
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from sacred_core.compare.aspects.machine import recorded_packages
from sacred_core.stores.model import StoredRun

_SACRED, _OWN = "sacred", "sacred_core"


class SacredModules(MetaPathFinder, Loader):
    """Imports `sacred_core` and its modules under the names of Sacred."""

    def __init__(self) -> None:
        self._specs: dict[str, Any] = {}

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        """Return how a module of Sacred is imported; None for any other."""
        del path, target
        is_sacred = fullname == _SACRED or fullname.startswith(f"{_SACRED}.")
        return ModuleSpec(fullname, self) if is_sacred else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module of sacred-core."""
        module = import_module(_OWN + spec.name.removeprefix(_SACRED))
        self._specs[spec.name] = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Restore what the import changed."""
        spec: Any = module.__spec__
        module.__spec__ = self._specs.pop(spec.name)


def imports_sacred(run: StoredRun) -> bool:
    """Return whether the script of a run imports Sacred: a run of Sacred, or a rerun of one.

    In a rerun the recorded version of Sacred is that of sacred-core, which takes its place.
    """
    versions = recorded_packages(run)
    return "sacred" in versions and versions.get("sacred-core") in (None, versions["sacred"])


def provide_sacred() -> None:
    """Import sacred-core where a script of this process imports Sacred."""
    sys.meta_path.insert(0, SacredModules())
