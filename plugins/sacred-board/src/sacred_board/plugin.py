"""The hooks of the plugin."""

from collections.abc import Iterable

from sacred_core import CommandSpec, hookimpl
from sacred_core.hooks.records import HookSpecs


@hookimpl
def sacred_commands() -> Iterable[CommandSpec]:
    """Offer ``sacred board``."""
    yield CommandSpec("board", "sacred_board.command:show_board", help="See runs in a browser.")


@hookimpl
def sacred_hookspecs() -> Iterable[HookSpecs]:
    """Offer the hook for panels."""
    yield HookSpecs("sacred_board.hookspecs")
