"""The hooks of the plugin."""

from collections.abc import Iterable

import sacred_sweep

from sacred_core import hookimpl


@hookimpl(optionalhook=True)
def sacred_launchers() -> "Iterable[sacred_sweep.LauncherSpec]":
    """Offer ``dask``."""
    yield sacred_sweep.LauncherSpec(
        "dask", "sacred_dask.launching:launch", "workers on a cluster of Dask"
    )
