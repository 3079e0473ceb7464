"""Tables and headings of generated pages."""

import re
from collections.abc import Iterable, Sequence


def heading(title: str) -> str:
    """Return the heading of a page in reStructuredText."""
    return f"{title}\n{'=' * len(title)}"


def rst_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in reStructuredText."""
    lines = [".. list-table::", "   :header-rows: 1", "   :widths: auto", ""]
    for row in (columns, *rows):
        for mark, cell in zip(("   * -", *["     -"] * (len(row) - 1)), row, strict=True):
            lines.append(f"{mark} {cell}".rstrip())
    return "\n".join(lines)


def markdown_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown; the cells are Markdown."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def code(text: str) -> str:
    """Return text as code in Markdown."""
    ticks = "``" if "`" in text else "`"
    space = " " if text[:1] == "`" or text[-1:] == "`" else ""
    return f"{ticks}{space}{text}{space}{ticks}"


def to_markdown(text: str) -> str:
    """Return text of a terminal, or a docstring, in Markdown: what is not code is escaped.

    Long flags are code.
    """
    text = re.sub(r"(?<![\w`-])--[a-z][\w-]*", r"`\g<0>`", text) if "`" not in text else text
    parts = re.split(r"(`+[^`]+`+)", text)
    return "".join(
        code(part.strip("`")) if part.startswith("`") else re.sub(r"([*<>_\[\]#])", r"\\\1", part)
        for part in parts
    )


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
