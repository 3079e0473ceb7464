"""What a run printed, as HTML: colours as classes, and no control character.

`static/terminal.js` appends new output to it by the same rules; `tests/terminal_cases.json` has
examples for both.
"""

import html
import re
from collections.abc import Iterable, Iterator

import attrs
from markupsafe import Markup

from sacred_core.printable import printable

#: A sequence with parameters, one with a string such as the title of a window, or a short one.
_ESCAPE = r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]"
_CONTROL = re.compile(f"({_ESCAPE}|[\r\b])")
_COLOUR = re.compile(r"\x1b\[([0-9;:]{0,60})m")
_FLAGS = {1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "inverse", 9: "strike"}
#: What a number of a sequence ends.
_ENDS = {
    22: ("bold", "dim"), 23: ("italic",), 24: ("underline",), 27: ("inverse",), 29: ("strike",),
    39: ("fg",), 49: ("bg",),
}  # fmt: skip
#: The sixteen colours of terminals, to which others are rounded.
_PALETTE = (
    (0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0), (0, 0, 238), (205, 0, 205), (0, 205, 205),
    (229, 229, 229), (127, 127, 127), (255, 0, 0), (0, 255, 0), (255, 255, 0), (92, 92, 255),
    (255, 0, 255), (0, 255, 255), (255, 255, 255),
)  # fmt: skip
_LEVELS = (0, 95, 135, 175, 215, 255)


@attrs.frozen
class TextStyle:
    """Colours and other attributes of text.

    Attributes:
        parts: Classes by what they are about, such as ``("fg", "fg-1")``, sorted.
    """

    parts: tuple[tuple[str, str], ...] = ()

    @property
    def classes(self) -> str:
        """The classes of an element, empty for plain text."""
        return " ".join(f"ansi-{name}" for _, name in self.parts)

    def after(self, numbers: str) -> "TextStyle":
        """Return the style after a sequence with these numbers, as in ``"1;31"``."""
        found = dict(self.parts)
        codes = iter([int(each or 0) for each in numbers.replace(":", ";").split(";")])
        for code in codes:
            if code == 0:
                found.clear()
            elif code in _FLAGS:
                found[_FLAGS[code]] = _FLAGS[code]
            elif code in _ENDS:
                for name in _ENDS[code]:
                    found.pop(name, None)
            else:
                found |= _colour(code, codes)
        return TextStyle(tuple(sorted(found.items())))


def render_output(text: str, style: TextStyle | None = None) -> tuple[Markup, TextStyle]:
    """Return output as HTML for an element ``pre``, and the style that what follows has.

    A carriage return moves to the start of the line, so that what follows overwrites it; other
    movements of the cursor are skipped.

    Args:
        text: The output, from the start of a line.
        style: The style at this place.
    """
    style = style or TextStyle()
    lines = []
    for line in text.replace("\r\n", "\n").split("\n"):
        pieces, style = _pieces(line, style)
        lines.append("".join(_element(piece, classes) for piece, classes in pieces))
    return Markup("\n".join(lines)), style  # `_element` escapes


def last_part(text: str, size: int) -> str:
    """Return about ``size`` characters of the end of output, from the start of a line."""
    if len(text) <= size:
        return text
    start = text.find("\n", len(text) - size) + 1
    return text[start or len(text) - size :]


def _pieces(line: str, style: TextStyle) -> tuple[Iterable[tuple[str, str]], TextStyle]:
    """Return the text of a line with the classes of each piece, and the style after it."""
    parts = _CONTROL.split(line)
    if "\r" in parts or "\b" in parts:
        return _overwritten(parts, style)
    found = []
    for number, part in enumerate(parts):
        if number % 2:
            style = _after(style, part)
        elif part:
            found.append((part, style.classes))
    return found, style


def _overwritten(
    parts: Iterable[str], style: TextStyle
) -> tuple[Iterable[tuple[str, str]], TextStyle]:
    cells: list[tuple[str, str]] = []
    column = 0
    for part in parts:
        if part == "\r":
            column = 0
        elif part == "\b":
            column = max(column - 1, 0)
        elif part in ("\x1b[K", "\x1b[0K"):
            del cells[column:]
        elif part == "\x1b[2K":
            cells[:] = [(" ", "")] * column
        elif part.startswith("\x1b"):
            style = _after(style, part)
        elif part:
            cells[column : column + len(part)] = [(each, style.classes) for each in part]
            column += len(part)
    return _joined(cells), style


def _joined(cells: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    texts: list[str] = []
    current = ""
    for text, classes in cells:
        if classes != current and texts:
            yield "".join(texts), current
            texts = []
        current = classes
        texts.append(text)
    if texts:
        yield "".join(texts), current


def _after(style: TextStyle, escape: str) -> TextStyle:
    colour = _COLOUR.fullmatch(escape)
    return style if colour is None else style.after(colour[1])


def _element(text: str, classes: str) -> str:
    shown = html.escape(printable(text, "\t"))
    return f'<span class="{classes}">{shown}</span>' if classes else shown


def _colour(code: int, codes: Iterator[int]) -> dict[str, str]:
    """Return the class of a colour; further numbers of it are taken from ``codes``."""
    for first, kind in ((30, "fg"), (40, "bg")):
        if first <= code < first + 8:
            return {kind: f"{kind}-{code - first}"}
        if first + 60 <= code < first + 68:
            return {kind: f"{kind}-{code - first - 52}"}
        if code == first + 8:
            number = _extended(codes)
            return {} if number is None else {kind: f"{kind}-{number}"}
    return {}


def _extended(codes: Iterator[int]) -> int | None:
    """Return the number of the nearest of the sixteen colours."""
    kind = next(codes, None)
    if kind == 5:
        number = next(codes, 0)
        if number < 16:
            return number
        if number > 231:
            return _nearest((8 + 10 * (number - 232),) * 3)
        rest = number - 16
        return _nearest(tuple(_LEVELS[each % 6] for each in (rest // 36, rest // 6, rest)))
    if kind == 2:
        return _nearest(tuple(next(codes, 0) for _ in range(3)))
    return None


def _nearest(colour: tuple[int, ...]) -> int:
    def distance(number: int) -> int:
        return sum((one - other) ** 2 for one, other in zip(_PALETTE[number], colour, strict=True))

    return min(range(len(_PALETTE)), key=distance)
