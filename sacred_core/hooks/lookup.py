"""Finds by name what plugins offer for import, and says what is missing."""

from typing import Any

from sacred_core.exceptions import PluginClashError
from sacred_core.hooks.known import distribution_of
from sacred_core.hooks.manager import plugin_manager
from sacred_core.hooks.targets import Target, resolved

_OBSERVERS = "sacred_core.observers"


def exported(module: str, name: str) -> Any:
    """Return what a plugin offers under a name in a module of ``sacred_core``.

    Args:
        module: ``"sacred_core.observers"`` or ``"sacred_core.stflow"``.
        name: Of an observer or an `Export`.

    Raises:
        ImportError: it belongs to an official plugin which is not installed, or is broken.
        AttributeError: no plugin offers it.
    """
    target = _targets(module).get(name)
    try:
        plugin_manager().check_single("name", f"{module}.{name}")
    except PluginClashError as error:
        raise ImportError(str(error)) from None
    if target is not None:
        return resolved(target)
    distribution = distribution_of(name, module)
    if distribution is None:
        raise AttributeError(f"no installed plugin offers {name!r} in {module}")
    for plugin in plugin_manager().plugins:
        if plugin.distribution.startswith(distribution + " "):
            reason = "; ".join(plugin.problems) or f"the plugin is {plugin.state}"
            raise ImportError(f"{name} of {distribution} cannot be used: {reason}")
    raise ImportError(f"{name} is in a plugin of its own: pip install {distribution}")


def _targets(module: str) -> dict[str, Target]:
    manager = plugin_manager()
    found = {export.name: export.target for export in manager.exports if export.module == module}
    if module == _OBSERVERS:
        found |= {spec.name: spec.target for spec in manager.observers}
    return found
