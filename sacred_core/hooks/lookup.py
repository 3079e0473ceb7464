"""Finds by name what plugins offer, and says what is missing."""

from typing import Any

from sacred_core.hooks.known import distribution_of
from sacred_core.hooks.manager import plugin_manager
from sacred_core.hooks.records import Target, resolved, target_name


def exported(name: str) -> Any:
    """Return the observer, or what else a plugin offers beside it, of this name.

    Raises:
        ImportError: it belongs to an official plugin which is not installed, or is broken.
        AttributeError: nobody offers it.
    """
    target = _targets().get(name)
    if target is not None:
        return resolved(target)
    distribution = distribution_of(name)
    if distribution is None:
        raise AttributeError(f"no installed plugin offers {name!r} in sacred_core.observers")
    broken = [p for p in plugin_manager().plugins if p.distribution.startswith(distribution + " ")]
    if broken:
        reason = broken[0].error or f"the plugin is {broken[0].state}"
        raise ImportError(f"{name} of {distribution} cannot be used: {reason}")
    raise ImportError(f"{name} is in a plugin of its own: pip install {distribution}")


def _targets() -> dict[str, Target]:
    return {
        target_name(target): target
        for spec in plugin_manager().observers
        for target in (spec.target, *spec.exports)
    }
