"""Text of others on a terminal: control characters are shown, not sent.

A name, a note or an error may contain sequences that set the title or the clipboard of a terminal,
clear it, or reverse the order of what is shown. Each such character is shown as Python escapes it.
"""

import re

#: C0 and C1 controls, marks that change the direction of text, separators of lines and
#: paragraphs, and halves of surrogate pairs, which no encoding has.
_UNSAFE = "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ud800-\udfff]"
_COLOUR = re.compile(r"(\x1b\[[0-9;:]*m)")
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
#: Characters that stay in messages, which may have several lines.
KEPT = "\n\t"
_RESET = "\x1b[0m"


def printable(text: object, keep: str = "") -> str:
    """Return ``text`` with control characters as escapes: ``\\x1b`` for an escape character.

    Args:
        text: Anything; `str` is called.
        keep: Characters that are not changed, such as ``"\\n"`` for text of several lines.
    """
    shown = str(text)
    if shown.isprintable():  # nearly always: the set is compiled, which is slow, where it is used
        return shown
    return re.sub(_UNSAFE, lambda found: found[0] if found[0] in keep else _escape(found[0]), shown)


def printable_output(text: str) -> list[str]:
    """Return the lines of what a run printed, with tabs and colours, which end with it."""
    parts = _COLOUR.split(text.replace("\r\n", "\n").replace("\r", "\n"))
    shown = [part if number % 2 else printable(part, KEPT) for number, part in enumerate(parts)]
    lines = "".join(shown).removesuffix("\n").split("\n") if text else []
    if len(parts) > 1:
        lines[-1] += _RESET
    return lines


def printable_lines(text: object) -> list[str]:
    """Return the lines of a text that may have several, such as a traceback."""
    whole = str(text).replace("\r\n", "\n").removesuffix("\n")
    return printable(whole, KEPT).split("\n") if whole else []


def _escape(character: str) -> str:
    code = ord(character)
    return _SHORT.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")
