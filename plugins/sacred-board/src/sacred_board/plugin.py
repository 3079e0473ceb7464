"""The hooks of the plugin."""

from collections.abc import Iterable

import sacred_board
from sacred_core import CommandSpec, hookimpl
from sacred_core.hooks.records import HookSpecs

_TABS = (
    ("Overview", "show_overview"),
    ("Configuration", "show_configuration"),
    ("Output", "show_output"),
    ("Curves", "show_metrics"),
    ("Result", "show_result"),
    ("Artifacts", "show_artifacts"),
    ("Resources", "show_resources"),
    ("Sources", "show_sources"),
    ("Changes", "show_patch"),
    ("Packages", "show_packages"),
    ("Host", "show_host"),
    ("Info", "show_info"),
)
_VIEWERS = (
    ("Image", "image/*", "show_image"),
    ("Audio", "audio/*", "show_media"),
    ("Video", "video/*", "show_media"),
    ("Table", "text/csv", "show_table"),
    ("Table", "text/tab-separated-values", "show_table"),
    ("JSON", "application/json", "show_json"),
    ("Text", "text/*", "show_text"),
    ("File", "*/*", "show_other"),
)


@hookimpl
def sacred_commands() -> Iterable[CommandSpec]:
    """Offer ``sacred board``."""
    yield CommandSpec("board", "sacred_board.command:show_board", help="See runs in a browser.")


@hookimpl
def sacred_hookspecs() -> Iterable[HookSpecs]:
    """Offer the hook for panels."""
    yield HookSpecs("sacred_board.hookspecs")


@hookimpl
def sacred_board_panels() -> "Iterable[sacred_board.BoardPanel]":
    """Offer the tabs of the page of a run, and viewers for images, tables, JSON and text."""
    from sacred_board.records import RUN, BoardPanel  # every script imports this module

    for title, name in _TABS:
        yield BoardPanel(title, RUN, f"sacred_board.panels.tabs:{name}")
    for title, accepts, name in _VIEWERS:
        yield BoardPanel(title, accepts, f"sacred_board.panels.viewers:{name}")
