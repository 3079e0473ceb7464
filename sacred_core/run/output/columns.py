"""How many columns of a terminal a string takes."""

import functools
import re
import unicodedata

from sacred_core.run.output.styles import SGR

TAB = 8
#: Frequent ranges of characters that take one column each; progress bars consist of them.
_NARROW = re.compile(
    r"[ -~\xa0-\xac\xae-\u02ff\u2010-\u2027\u2190-\u22ff\u2500-\u25fc\u2800-\u28ff]*"
)


def width(text: str) -> int:
    """Return the columns of ``text``, which may contain SGR sequences but no tab."""
    if "\x1b" in text:
        text = SGR.sub("", text)
    if is_narrow(text):
        return len(text)
    return sum(map(character_width, text))


def width_from(column: int, text: str) -> int:
    """Return the columns of ``text``, which may contain tabs, when it begins at ``column``."""
    if text.isascii() and text.isprintable():
        return len(text)
    if "\t" not in text:
        return width(text)
    first, *others = text.split("\t")
    end = column + width(first)
    for other in others:
        end += TAB - end % TAB + width(other)
    return end - column


def is_narrow(text: str) -> bool:
    """Tell whether each character of ``text`` surely takes one column. It may be wrong with no."""
    if text.isascii():
        return text.isprintable()
    return _NARROW.fullmatch(text) is not None


@functools.lru_cache(maxsize=4096)
def character_width(character: str) -> int:
    """Return 0 for controls and combining characters, 2 for East Asian wide ones, else 1."""
    if unicodedata.category(character) in ("Mn", "Me", "Cc", "Cf") and character != "\xad":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
