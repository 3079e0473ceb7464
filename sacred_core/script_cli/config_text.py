"""A configuration as text."""

import os
from collections.abc import Iterator, Mapping, Set
from pprint import pformat
from typing import Any, TextIO

from sacred_core.config.contributions import ConfigSummary
from sacred_core.config.required import REQUIRED
from sacred_core.dotted_path import iter_prefixes
from sacred_core.printable import printable
from sacred_core.terminal import text_width

RESET = "\x1b[0m"
MODIFIED = "\x1b[34m"  # blue
ADDED = "\x1b[32m"  # green
TYPECHANGED = "\x1b[31m"  # red
DOCUMENTATION = "\x1b[90m"  # grey

#: What marks an entry where there is no colour, by the colour.
SIGNS = {MODIFIED: "*", ADDED: "+", TYPECHANGED: "!"}

_COMMENT_COLUMN = 38


def wants_colour(stream: TextIO | None) -> bool:
    """Return whether colours may go to ``stream`` (https://no-color.org); None is closed."""
    is_terminal = stream is not None and stream.isatty()
    return is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def render_config(config: Mapping[str, Any], summary: ConfigSummary, colour: bool) -> str:
    """Return the lines that ``print_config`` shows.

    Without colours, a sign in the comment of an entry says that it is modified, added or has
    another type; the first line explains the signs if there are any.
    """
    text = _docstring(summary, "", colour, "  ")
    changed = {*summary.modified, *summary.added}
    groups = {prefix for path in changed for prefix in iter_prefixes(path)}
    lines = _lines(config, summary, groups, colour, "", "  ")
    return "\n".join([_title(bool(changed or summary.typechanged), colour), *text, *lines])


def _title(has_changes: bool, colour: bool) -> str:
    """Return the first line: what colours, or signs in their place, mean."""
    has_signs = has_changes and not colour
    words = [
        _paint(f"{SIGNS[code]} {word}" if has_signs else word, code, colour)
        for word, code in (("modified", MODIFIED), ("added", ADDED), ("typechanged", TYPECHANGED))
    ]
    return f"Configuration ({', '.join([*words, paint_doc('doc', colour)])}):"


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
        text = f"{indent}{printable(key)}"
        text += ":" if _is_group(tree[key]) else _value(tree[key], f"{text} = ")
        code = _code(full, summary, groups)
        comment = _comment(summary.docs.get(full, ""), tree[key], "" if colour else code)
        painted = _paint(text, code, colour)
        if comment:
            gap = " " * max(2, _COMMENT_COLUMN - text_width(text.rpartition("\n")[2]))
            painted += gap + _paint(f"# {comment}", DOCUMENTATION, colour)
        yield painted
        if _is_group(tree[key]):
            yield from _docstring(summary, full, colour, indent + "  ")
            yield from _lines(tree[key], summary, groups, colour, full, indent + "  ")


def _value(value: Any, before: str) -> str:
    """Return what follows a name: a value, whose further lines are below its first one."""
    indent = " " * text_width(before)
    return " = " + pformat(value, sort_dicts=False).replace("\n", f"\n{indent}")


def _comment(doc: str, value: Any, code: str) -> str:
    """Return what follows an entry: a sign, whether it is required, and its description."""
    required = "required" if value is REQUIRED else ""
    text = ": ".join(filter(None, (required, printable(doc))))
    return " ".join(filter(None, (SIGNS.get(code), text)))


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
