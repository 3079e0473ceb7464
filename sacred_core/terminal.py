"""Text on a terminal: its width in columns, and truncation.

A character may occupy one column, two (Chinese, Japanese, Korean, most emoji) or none (combining
marks). The library wcwidth has the tables, and is imported only for text that is not ASCII.
"""

import shutil
import sys
from collections.abc import Iterable, Sequence

#: Where text is left out.
ELLIPSIS = "…"
_ESCAPE = "\x1b"


def terminal_width() -> int | None:
    """Return the columns of the terminal; None where stdout is not one: then nothing is cut."""
    is_terminal = sys.stdout is not None and sys.stdout.isatty()
    return shutil.get_terminal_size().columns if is_terminal else None


def text_width(text: str) -> int:
    """Return how many columns ``text`` occupies; sequences that set colours occupy none."""
    if text.isascii() and _ESCAPE not in text:
        return len(text)
    from wcwidth import width

    return int(width(text))


def shorten(text: str, limit: int | None) -> str:
    """Return ``text`` if it has at most ``limit`` columns, else its beginning and ``…``.

    A character is not divided, nor separated from its combining marks. None is no limit.
    """
    if limit is None or text_width(text) <= limit:
        return text
    from wcwidth import clip

    return f"{clip(text, 0, limit - 1).rstrip()}{ELLIPSIS}" if limit > 0 else ""


def without_start(text: str, columns: int) -> str:
    """Return ``text`` without so many columns of its beginning, or one more of a wide character."""
    if text.isascii():
        return text[columns:]
    from wcwidth import clip

    return str(clip(text, columns, max(text_width(text), columns), fillchar="\0")).lstrip("\0")


def pad(text: str, columns: int) -> str:
    """Return ``text`` with spaces after it, so that it occupies at least so many columns."""
    return text + " " * (columns - text_width(text))


def align(rows: Iterable[Sequence[str]], gap: str = "  ") -> list[str]:
    """Return rows of cells as lines, in which the cells of each column begin at one place."""
    own = [*rows]
    widths = [max(map(text_width, column)) for column in zip(*own, strict=True)]
    return [gap.join(map(pad, row, widths)).rstrip() for row in own]


def wrap(parts: list[str], limit: int | None, separator: str = ", ") -> list[str]:
    """Return parts joined to lines of at most ``limit`` columns, each part in one line.

    A part that is longer has a separate line. Each line but the last ends with the separator,
    without its space.
    """
    if limit is None:
        return [separator.join(parts)] if parts else []
    lines: list[str] = []
    for number, part in enumerate(parts):
        end = separator.rstrip() if number < len(parts) - 1 else ""
        longer = f"{lines[-1]} {part}" if lines else part
        if lines and text_width(longer + end) <= limit:
            lines[-1] = longer + end
        else:
            lines.append(part + end)
    return lines
