"""Finds by name what plugins offer, and says what is missing."""

from typing import Any

from sacred_core.exceptions import PluginClashError
from sacred_core.hooks.known import distribution_of
from sacred_core.hooks.manager import plugin_manager
from sacred_core.hooks.targets import Target, resolved, target_name


def exported(name: str) -> Any:
    """Return the observer, or what else a plugin offers beside it, of this name.

    Raises:
        ImportError: it belongs to an official plugin which is not installed, or is broken.
        AttributeError: nobody offers it.
    """
    target = _targets().get(name)
    try:
        plugin_manager().check_single("observer", name)
    except PluginClashError as error:
        raise ImportError(str(error)) from None
    if target is not None:
        return resolved(target)
    distribution = distribution_of(name)
    if distribution is None:
        raise AttributeError(f"no installed plugin offers {name!r} in sacred_core.observers")
    for plugin in plugin_manager().plugins:
        if plugin.distribution.startswith(distribution + " "):
            reason = "; ".join(plugin.problems) or f"the plugin is {plugin.state}"
            raise ImportError(f"{name} of {distribution} cannot be used: {reason}")
    raise ImportError(f"{name} is in a plugin of its own: pip install {distribution}")


def _targets() -> dict[str, Target]:
    return {
        target_name(target): target
        for spec in plugin_manager().observers
        for target in (spec.target, *spec.exports)
    }
