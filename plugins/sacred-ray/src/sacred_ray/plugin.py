"""The hooks of the plugin."""

from collections.abc import Iterable

from sacred_sweep import LauncherSpec

from sacred_core import hookimpl


@hookimpl(optionalhook=True)
def sacred_launchers() -> Iterable[LauncherSpec]:
    """Offer ``ray``."""
    yield LauncherSpec("ray", "sacred_ray.launching:launch", "tasks of Ray")
