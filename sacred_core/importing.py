"""Import names when they are first used, and act when a library is imported."""

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any, cast

Callback = Callable[[ModuleType], None]

_waiting: dict[str, list[Callback]] = {}


def lazy_attributes(package: str, modules: Mapping[str, str]) -> Callable[[str], Any]:
    """Return the ``__getattr__`` of a package whose names are imported when they are first used.

    Args:
        package: The ``__name__`` of the package.
        modules: For each public name the submodule that defines it.
    """

    def get_attribute(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{package}.{modules[name]}"), name)

    return get_attribute


def when_imported(name: str, callback: Callback) -> None:
    """Call ``callback`` with the module ``name``: now if it is loaded, else when it will be."""
    module = sys.modules.get(name)
    if module is not None:
        callback(module)
        return
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)
    _waiting.setdefault(name, []).append(callback)


# The base classes of both are in `importlib.abc`, which imports a dozen modules and adds nothing.
class _Finder:
    def __init__(self) -> None:
        self._busy: set[str] = set()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find the module with the other finders, and wrap its loader."""
        if fullname not in _waiting or fullname in self._busy:
            return None
        self._busy.add(fullname)
        try:
            spec = find_spec(fullname)
        finally:
            self._busy.discard(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = cast(Any, _NotifyingLoader(spec.loader))
        return spec


class _NotifyingLoader:
    """Loads with the module's own loader, which afterwards takes its place again."""

    def __init__(self, own: Any) -> None:
        self._own = own

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        module: ModuleType | None = self._own.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__ is not None:
            module.__spec__.loader = self._own
        module.__loader__ = self._own
        self._own.exec_module(module)
        for callback in _waiting.pop(module.__name__, []):
            callback(module)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._own, name)


_finder = _Finder()
