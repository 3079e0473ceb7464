"""How much of an output a page has, so that it gets only the rest, also if the end was rewritten.

A *position* is a string: the number of characters, and a checksum of the last of them. It begins
with those of an earlier place, some lines before: progress bars rewrite the last lines of an
output, and only these are sent again then.
"""

import re
import zlib

import attrs

#: Characters that a checksum is made of, and lines that are sent again if the last one changed.
_CHECKED, _LINES = 4096, 20
_PART = re.compile(r"([0-9]{1,15})-([0-9a-f]{1,8})")


@attrs.frozen
class OutputPart:
    """A part of an output.

    Attributes:
        start: Its first character, counted from 0 over the whole output: what a page has from
            there on is replaced.
        text: The part, to the end of the output.
    """

    start: int
    text: str


def output_position(text: str, start: int = 0) -> str:
    """Return the position of the end of an output.

    Args:
        text: The end of the output, at least `_CHECKED` characters or all of it.
        start: Where it begins in the output.
    """
    earlier = len(text)
    for _ in range(_LINES + 1):
        earlier = text.rfind("\n", 0, max(0, earlier))
        if earlier < 0:
            break
    places = {earlier + 1, len(text)}
    return ".".join(f"{start + place}-{_checksum(text, place)}" for place in sorted(places))


def output_since(position: str, text: str, start: int = 0) -> OutputPart | None:
    """Return what a page lacks that has the output up to a position; None if it has everything.

    Args:
        position: From `output_position`; an empty or damaged one is that of no output.
        text: The end of the output.
        start: Where it begins in the output.
    """
    for number, checksum in reversed(_PART.findall(position[:200])):
        place = int(number) - start
        has_checked = place <= len(text) and (place >= _CHECKED or (start == 0 and place >= 0))
        if has_checked and _checksum(text, place) == checksum:
            return OutputPart(start + place, text[place:]) if place < len(text) else None
    return OutputPart(start, text) if text or position else None


def _checksum(text: str, end: int) -> str:
    checked = text[max(0, end - _CHECKED) : end].encode("utf-8", "surrogatepass")
    return f"{zlib.crc32(checked):08x}"
