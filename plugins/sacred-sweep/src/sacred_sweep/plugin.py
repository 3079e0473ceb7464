"""The hooks of the plugin."""

from collections.abc import Iterable

from sacred_core import HookSpecs, hookimpl


@hookimpl
def sacred_hookspecs() -> Iterable[HookSpecs]:
    """Define the hooks for launchers and samplers."""
    yield HookSpecs("sacred_sweep.hookspecs")
