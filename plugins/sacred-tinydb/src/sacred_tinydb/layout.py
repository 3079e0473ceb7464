"""The layout of the JSON file: each document of a run in one line.

A JSON string contains no line break, so that documents are found without a parser, and copied as
they are when another one changes. TinyDB and Sacred read such a file as any other; what they write
has another layout, and is parsed as a whole.
"""

from collections.abc import Mapping

HEAD = b'{"runs": {'
_TAIL = b"}}"
_LONGEST_NUMBER = 18
#: What an escape of an ASCII character begins with, which could hide a string that is searched for.
_ESCAPE = b"\\u00"


def split_documents(data: bytes) -> dict[int, bytes] | None:
    """Return the JSON text of each document by its number; None if the layout is another one."""
    first, *lines = data.split(b"\n")
    if first != HEAD or not lines or lines.pop() != _TAIL:
        return None
    found = {}
    for position, line in enumerate(lines, 1):
        name, colon, text = line.partition(b": ")
        number = name[1:-1]
        is_name = name == b'"%s"' % number and number.isdigit() and len(number) <= _LONGEST_NUMBER
        if position < len(lines):
            if not text.endswith(b","):
                return None
            text = text[:-1]
        if not (colon and is_name and text.startswith(b"{") and text.endswith(b"}")):
            return None
        found[int(number)] = text
    return found


def join_documents(documents: Mapping[int, bytes]) -> bytes:
    """Return the content of a file with these documents."""
    lines = (b'\n"%d": %s' % (number, _one_line(text)) for number, text in documents.items())
    return HEAD + b",".join(lines) + b"\n" + _TAIL


def may_contain(text: bytes, searched: str) -> bool:
    """Return False only if the strings of a JSON text do not contain ``searched``."""
    if not searched.isascii() or not searched.isalnum():
        return True
    return searched.encode() in text or _ESCAPE in text


def _one_line(text: bytes) -> bytes:
    """Return a JSON text without line breaks, which are between its values."""
    return text.replace(b"\r", b" ").replace(b"\n", b" ") if b"\n" in text else text
