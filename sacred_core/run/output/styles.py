"""Colours and attributes of characters: the SGR sequences of ECMA-48, section 8.3.117.

A style is the one sequence that sets it on a terminal with default attributes; "" is the default.
"""

import functools
import re

SGR = re.compile(r"\x1b\[[\d;:]*m")
RESET = "\x1b[0m"
#: The attributes that these codes end; 22 ends bold and faint.
_ENDS = {22: (1, 2), 39: ("text",), 49: ("background",), 59: ("line",)}
_COLOURS = {3: "text", 4: "background", 5: "line", 9: "text", 10: "background"}
_Attributes = dict[int | str, str]


def style_after(style: str, text: str) -> str:
    """Return the style after ``text`` was written in ``style``."""
    if "\x1b" not in text:
        return style
    last = text.rfind("\x1b")
    if text.startswith(RESET, last):
        return ""
    for sequence in SGR.findall(text):
        style = _next(style, sequence)
    return style


def change(before: str, after: str) -> str:
    """Return what makes a terminal change from one style to another."""
    if before == after:
        return ""
    return after if not before else RESET + after


@functools.lru_cache(maxsize=1024)
def _next(style: str, sequence: str) -> str:
    attributes: _Attributes = {}
    for each in (style, sequence):
        _apply(attributes, each[2:-1].split(";") if each else [])
    return f"\x1b[{';'.join(attributes.values())}m" if attributes else ""


def _apply(attributes: _Attributes, codes: list[str]) -> None:
    while codes:
        first = codes.pop(0)
        code = int(first.partition(":")[0][:9] or 0)
        if code == 0:
            attributes.clear()
        elif code in (38, 48, 58):  # 38;5;n and 38;2;r;g;b, or one piece with colons
            rest = 0 if ":" in first else {"5": 2, "2": 4}.get(codes[0] if codes else "", 0)
            attributes[_COLOURS[code // 10]] = ";".join([first, *codes[:rest]])
            del codes[:rest]
        elif code in _ENDS or 23 <= code <= 29:
            for ended in _ENDS.get(code, (code - 20,)):
                attributes.pop(ended, None)
        else:
            is_colour = 30 <= code <= 47 or 90 <= code <= 107
            attributes[_COLOURS[code // 10] if is_colour else code] = first
