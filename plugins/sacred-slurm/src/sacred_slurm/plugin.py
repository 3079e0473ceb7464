"""The hooks of the plugin."""

from collections.abc import Iterable

from sacred_sweep import LauncherSpec

from sacred_core import hookimpl


@hookimpl(optionalhook=True)
def sacred_launchers() -> Iterable[LauncherSpec]:
    """Offer ``slurm``."""
    yield LauncherSpec("slurm", "sacred_slurm.launching:launch", "jobs of Slurm")
