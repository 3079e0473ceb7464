"""A configuration as text."""

import os
from collections.abc import Iterator, Mapping, Set
from pprint import pformat
from typing import Any, TextIO

from sacred_core.config.contributions import ConfigSummary
from sacred_core.dotted_path import iter_prefixes
from sacred_core.printable import printable

RESET = "\x1b[0m"
MODIFIED = "\x1b[34m"  # blue
ADDED = "\x1b[32m"  # green
TYPECHANGED = "\x1b[31m"  # red
DOCUMENTATION = "\x1b[90m"  # grey

_COMMENT_COLUMN = 38


def wants_colour(stream: TextIO | None) -> bool:
    """Return whether colours may go to ``stream`` (https://no-color.org); None is closed."""
    return stream is not None and stream.isatty() and not os.environ.get("NO_COLOR")


def render_config(config: Mapping[str, Any], summary: ConfigSummary, colour: bool) -> str:
    """Return the lines that ``print_config`` shows."""
    title = "Configuration (" + ", ".join(
        _paint(word, code, colour)
        for word, code in (
            ("modified", MODIFIED),
            ("added", ADDED),
            ("typechanged", TYPECHANGED),
            ("doc", DOCUMENTATION),
        )
    )
    text = _docstring(summary, "", colour, "  ")
    changed = {*summary.modified, *summary.added}
    groups = {prefix for path in changed for prefix in iter_prefixes(path)}
    lines = _lines(config, summary, groups, colour, "", "  ")
    return "\n".join([title + "):", *text, *lines])


def paint_doc(text: str, colour: bool) -> str:
    """Return ``text`` as documentation is shown."""
    return _paint(text, DOCUMENTATION, colour)


def _lines(
    tree: Mapping[str, Any],
    summary: ConfigSummary,
    groups: Set[str],
    colour: bool,
    path: str,
    indent: str,
) -> Iterator[str]:
    """Yield plain entries first, then the groups, each by name.

    Args:
        tree: The entries at ``path``.
        summary: What differs from the defaults.
        groups: Paths of all entries that are or contain a change.
        colour: Whether to use colours.
        path: A dotted path, empty for the whole configuration.
        indent: What is in front of each line.
    """
    for key in sorted(tree, key=lambda key: (_is_group(tree[key]), str(key))):
        full = f"{path}.{key}" if path else str(key)
        name = printable(key)
        text = indent + (f"{name}:" if _is_group(tree[key]) else f"{name} = {pformat(tree[key])}")
        comment = printable(summary.docs.get(full, ""))
        painted = _paint(text, _code(full, summary, groups), colour)
        if comment:
            gap = " " * max(2, _COMMENT_COLUMN - len(text))
            painted += gap + _paint(f"# {comment}", DOCUMENTATION, colour)
        yield painted
        if _is_group(tree[key]):
            yield from _docstring(summary, full, colour, indent + "  ")
            yield from _lines(tree[key], summary, groups, colour, full, indent + "  ")


def _docstring(summary: ConfigSummary, path: str, colour: bool, indent: str) -> list[str]:
    """Return the lines of the descriptions of scopes; a group's comment is on its line."""
    text = summary.scope_docs.get(path, "")
    lines = f'"""{text}"""'.splitlines() if text else []
    return [_paint(indent + printable(line, "\t"), DOCUMENTATION, colour) for line in lines]


def _is_group(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(value)


def _code(path: str, summary: ConfigSummary, groups: Set[str]) -> str:
    if path in summary.typechanged:
        return TYPECHANGED
    if path in summary.added:
        return ADDED
    return MODIFIED if path in groups else ""


def _paint(text: str, code: str, colour: bool) -> str:
    return f"{code}{text}{RESET}" if colour and code else text
