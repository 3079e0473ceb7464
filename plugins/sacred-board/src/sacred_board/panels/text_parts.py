"""Text of files and outputs as lines for templates: cut, and with classes."""

import keyword
import re
from collections.abc import Sequence

import attrs
from markupsafe import Markup, escape

from sacred_core.printable import printable

#: Bytes of a file that are shown.
MOST_BYTES = 256 * 1024
#: Characters of a line that are shown.
_LONGEST_LINE = 5_000
_TOKEN = re.compile(
    r"""(?P<comment>\#.*)"""
    r"""|(?P<quotes>\"{3}|'{3})"""
    r"""|(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
    r"""|(?P<number>\b\d[\w.]*)"""
    r"""|(?P<word>[^\W\d]\w*)"""
)
_WORDS = frozenset(keyword.kwlist)
#: Classes of lines of a patch by their beginnings; the first that fits counts.
_PATCH_CLASSES = (
    ("diff --git ", "diff-file"), ("index ", "diff-hunk"), ("--- ", "diff-hunk"),
    ("+++ ", "diff-hunk"), ("@@", "diff-hunk"), ("+", "diff-add"), ("-", "diff-del"),
    ("\\ ", "diff-hunk"),
)  # fmt: skip


@attrs.frozen
class Line:
    """A line of text.

    Attributes:
        text: What is shown.
        classes: Of its element.
    """

    text: str | Markup
    classes: str = ""


def decode(content: bytes) -> str | None:
    """Return the text of a file in UTF-8, or None if it is something else.

    Args:
        content: The file, or its beginning: a character at the end may be cut.
    """
    if b"\0" in content:
        return None
    for cut in range(4):
        try:
            return content[: len(content) - cut].decode("utf-8-sig")
        except UnicodeDecodeError as error:
            if error.start < len(content) - 4:
                return None
    return None


def text_lines(text: str) -> list[Line]:
    """Return the lines of a text without control characters."""
    return [Line(shorten(line)) for line in split_lines(text)]


def patch_lines(text: str) -> list[Line]:
    """Return the lines of a patch with classes of what they do."""
    return [Line(shorten(line), _patch_class(line)) for line in split_lines(text)]


def python_lines(text: str) -> list[Line]:
    """Return the lines of Python code, with elements for keywords, strings and comments."""
    found = []
    quote = ""
    for line in split_lines(text):
        parts, quote = _python_parts(shorten(line), quote)
        found.append(Line(Markup("").join(parts)))
    return found


def split_lines(text: str) -> Sequence[str]:
    """Return the lines of a text, without an empty one after the last end of a line."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def shorten(line: str) -> str:
    """Return a line without control characters, and cut if it is very long."""
    shown = line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}…"
    return printable(shown, "\t")


def _patch_class(line: str) -> str:
    return next((name for start, name in _PATCH_CLASSES if line.startswith(start)), "diff-same")


def _python_parts(line: str, quote: str) -> tuple[list[Markup], str]:
    """Return the parts of a line, and the quotes of a string that does not end in it.

    Args:
        line: The line.
        quote: The quotes of the string in which it begins; empty if there is none.
    """
    parts: list[Markup] = []
    position = 0
    if quote:
        position = _after_quotes(line, 0, quote)
        parts.append(_element("string", line[:position]))
        if not line[:position].endswith(quote):
            return parts, quote
    while found := _TOKEN.search(line, position):
        parts.append(escape(line[position : found.start()]))
        kind, position = str(found.lastgroup), found.end()
        if kind == "quotes":
            position = _after_quotes(line, position, found[0])
            parts.append(_element("string", line[found.start() : position]))
            if not line[found.end() : position].endswith(found[0]):
                return parts, found[0]
        elif kind == "word" and found[0] not in _WORDS:
            parts.append(escape(found[0]))
        else:
            parts.append(_element("keyword" if kind == "word" else kind, found[0]))
    parts.append(escape(line[position:]))
    return parts, ""


def _after_quotes(line: str, start: int, quote: str) -> int:
    end = line.find(quote, start)
    return len(line) if end < 0 else end + len(quote)


def _element(kind: str, text: str) -> Markup:
    return Markup('<span class="code-{}">{}</span>').format(kind, text)
