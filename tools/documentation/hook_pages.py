"""The reference of hooks: each with its docstring and the record that it returns."""

import inspect
import re
from collections.abc import Iterator

from sacred_core.hooks.discovery import Hook
from sacred_core.hooks.manager import plugin_manager
from tools.documentation.tables import heading, rst_table

NAME = "reference/hooks"


def hook_page() -> Iterator[tuple[str, str]]:
    """Yield the name and content of the page, in reStructuredText for autodoc."""
    hooks = list(plugin_manager().hooks.values())
    rows = [
        (f":py:func:`{hook.name} <{path_of(hook)}>`", _record(hook), _owner(hook), hook.summary)
        for hook in hooks
    ]
    parts = [
        heading("Reference of hooks"),
        "The hooks of sacred-core and of its plugins. :doc:`/hooks` describes how a plugin "
        "implements them, and defines hooks of its own.",
        rst_table(("hook", "record", "defined by", "summary"), rows),
        *(f".. autofunction:: {path_of(hook)}" for hook in hooks),
    ]
    yield f"{NAME}.rst", "\n\n".join(parts) + "\n"


def path_of(hook: Hook) -> str:
    """Return the dotted name of the function that defines a hook."""
    return f"{inspect.unwrap(hook.function).__module__}.{hook.name}"


def _owner(hook: Hook) -> str:
    """Return the distribution that defines a hook, without its version."""
    return hook.distribution.partition(" ")[0]


def _record(hook: Hook) -> str:
    """Return a link to what a hook yields; the annotation may be a string."""
    returned = str(inspect.signature(hook.function).return_annotation)
    found = re.search(r"Iterable\[(?:\w+\.)*(\w+)\]", returned)
    return f":py:class:`{found[1]}`" if found else ""
