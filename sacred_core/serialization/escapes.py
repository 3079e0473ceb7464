"""Reversible escapes for characters that a store or UTF-8 cannot have in strings."""

import re

#: Halves of surrogate pairs, in a regular expression: no encoding has them.
SURROGATES = "[\\ud800-\\udfff]"


def escape(text: str, unsafe: re.Pattern[str], only_unicode: bool = False) -> str:
    """Return ``text`` with ``%00`` or ``%uD800`` in place of each unsafe character.

    Args:
        text: A string.
        unsafe: Matches these characters, and each ``%`` that would look like an escape.
        only_unicode: Write ASCII characters as ``%u0025`` too.
    """

    def replacement(found: re.Match[str]) -> str:
        code = ord(found[0])
        return f"%u{code:04X}" if only_unicode or code >= 0x80 else f"%{code:02X}"

    return unsafe.sub(replacement, text)


def unescape(text: str, escapes: re.Pattern[str]) -> str:
    """Return the string that `escape` was given.

    Args:
        text: What it returned.
        escapes: Matches an escape; the first group is the part after ``%``, as in ``u0025``.
    """
    if "%" not in text:
        return text
    return escapes.sub(lambda found: chr(int(found[1].lstrip("u"), 16)), text)
