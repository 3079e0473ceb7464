"""Targets of the records of hooks, which are imported when they are used.

A target is written ``"package.module:name"``; a plugin of one file may give the callable itself.
"""

import contextlib
import importlib
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from sacred_core.exceptions import PluginLoadError, Terminated

Target = str | Callable[..., Any]

#: Plugin and distribution by target.
_owners: dict[Any, tuple[str, str]] = {}


def note_owner(target: Target, plugin: str, distribution: str) -> None:
    """Register ``plugin`` of ``distribution`` (name and version) as the owner of ``target``."""
    _owners.setdefault(target, (plugin, distribution))


def owner_of(target: Target) -> tuple[str, str] | None:
    """Return the plugin that offers ``target`` and its distribution, None if none does."""
    return _owners.get(target)


def resolve_target(target: Target) -> Any:
    """Return what ``target`` names, importing its module if need be.

    Raises:
        PluginLoadError: a plugin offers it, and the import fails, in whatever way.
        ImportError: the import of anything else fails, or the module has no such name.
    """
    if not isinstance(target, str):
        return target
    module_name, _, names = target.partition(":")
    with _blaming(target, BaseException):
        found: Any = _module(module_name)
        for name in names.split("."):
            try:
                found = getattr(found, name)
            except AttributeError:
                raise ImportError(f"the module {module_name!r} has no {names!r}") from None
    return found


def _module(name: str) -> ModuleType:
    module = sys.modules.get(name)
    # What is being imported by another thread has to be waited for.
    is_ready = module is not None and not getattr(module.__spec__, "_initializing", False)
    return module if module is not None and is_ready else importlib.import_module(name)


def call_target(target: Target, *arguments: Any, method: str = "") -> Any:
    """Call what ``target`` names, or its ``method`` if it has one.

    Raises:
        PluginLoadError: a library that it imports is missing or broken.
        Exception: what it raises.
    """
    function = resolve_target(target)
    with _blaming(target, ImportError):
        return (getattr(function, method, function) if method else function)(*arguments)


def target_name(target: Target) -> str:
    """Return the last part of what ``target`` names."""
    if isinstance(target, str):
        return target.rpartition(":")[2].rpartition(".")[2]
    return target.__name__


def ends_process(error: BaseException) -> bool:
    """Return whether ``error`` comes from the user or the system, not from the code that ran."""
    return isinstance(error, (KeyboardInterrupt, Terminated))


def load_problem(error: BaseException, module: str, distribution: str) -> str:
    """Return why a module of a plugin cannot be loaded, and what to do, in a line.

    Args:
        error: What the import raised.
        module: The module, or a target in it.
        distribution: What the plugin was installed as, name and version.
    """
    package = distribution.partition(" ")[0]
    if not isinstance(error, ModuleNotFoundError):
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        return f"it cannot be loaded: {reason}; reinstall or remove it"
    name, own = str(error.name), module.partition(":")[0].partition(".")[0]
    if name.partition(".")[0] == own:
        return f"its module {name!r} is missing: reinstall it"
    return (
        f"the library {name!r} that it needs is missing: install it, or reinstall the plugin "
        f"(pip install {package})"
    )


@contextlib.contextmanager
def _blaming(target: Target, kind: type[BaseException]) -> Iterator[None]:
    """Turn an error of ``kind`` into one that names the plugin that offers ``target``."""
    try:
        yield
    except kind as error:
        owner = _owners.get(target)
        if owner is None or isinstance(error, PluginLoadError) or ends_process(error):
            raise
        plugin, distribution = owner
        module = target if isinstance(target, str) else target.__module__
        problem = load_problem(error, module, distribution)
        raise PluginLoadError(f"The plugin {plugin!r} ({distribution}): {problem}") from error
