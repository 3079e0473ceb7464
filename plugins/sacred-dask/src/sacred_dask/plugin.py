"""The hooks of the plugin."""

from collections.abc import Iterable

from sacred_sweep import LauncherSpec

from sacred_core import hookimpl


@hookimpl(optionalhook=True)
def sacred_launchers() -> Iterable[LauncherSpec]:
    """Offer ``dask``."""
    yield LauncherSpec("dask", "sacred_dask.launching:launch", "workers on a cluster of Dask")
