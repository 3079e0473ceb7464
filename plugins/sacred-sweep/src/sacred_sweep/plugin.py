"""The hooks of the plugin."""

from collections.abc import Iterable

from sacred_core import CommandSpec, HookSpecs, hookimpl
from sacred_sweep.records import LauncherSpec


@hookimpl
def sacred_hookspecs() -> Iterable[HookSpecs]:
    """Define the hooks for launchers and samplers."""
    yield HookSpecs("sacred_sweep.hookspecs")


@hookimpl(optionalhook=True)
def sacred_launchers() -> Iterable[LauncherSpec]:
    """Offer the launchers for this machine."""
    yield LauncherSpec("local", "sacred_sweep.local:launch", "processes that outlive the driver")
    yield LauncherSpec("joblib", "sacred_sweep.joblib_workers:launch", "processes of joblib")


@hookimpl
def sacred_commands() -> Iterable[CommandSpec]:
    """Add the command that starts workers."""
    yield CommandSpec("sweep", "sacred_sweep.sweep_group:sweep", "Manage sweeps.")
    yield CommandSpec(
        "sweep launch", "sacred_sweep.launch_command:launch_command", "Start workers."
    )
