"""The hooks of the plugin."""

from collections.abc import Iterable

import sacred_sweep

from sacred_core import hookimpl


@hookimpl(optionalhook=True)
def sacred_launchers() -> "Iterable[sacred_sweep.LauncherSpec]":
    """Offer ``ray``."""
    yield sacred_sweep.LauncherSpec("ray", "sacred_ray.launching:launch", "tasks of Ray")
