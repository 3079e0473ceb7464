"""Reads the text of a query word by word: words to values, and errors that point at a word."""

import math
import re
from datetime import UTC, datetime, timedelta

from sacred_core.exceptions import QueryError
from sacred_core.stores.query.fields import Kind
from sacred_core.stores.query.nodes import Value
from sacred_core.stores.run_ids import normalize_id

_SPACE = re.compile(r"\s*")
_WORD = re.compile(r"""[^\s"'()\[\],=<>!~]+""")
_PART = re.compile(r"""[^\s"'()\[\],=<>!~.]+""")
_POSITION = re.compile(r"\[\s*(-?[0-9]+)\s*\]")
_TEXT = re.compile(r""""((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'""", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}

RESERVED = frozenset("and or not in between has exists missing".split())

_WORDS: dict[str, Value] = {
    "true": True,
    "false": False,
    "none": None,
    "null": None,
    "nan": math.nan,
    **dict.fromkeys(("inf", "+inf", "infinity"), math.inf),
    **dict.fromkeys(("-inf", "-infinity"), -math.inf),
}
_WHOLE = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)(e[+-]?[0-9]+)?", re.IGNORECASE)
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


class Scanner:
    """A text and how far it was read: `position` is where the next word starts."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self._skip()

    @property
    def at_end(self) -> bool:
        """Return whether everything was read."""
        return self.position == len(self.text)

    def symbol(self, *symbols: str) -> str:
        """Read the first of ``symbols`` that is next; the empty string if none is."""
        for symbol in symbols:
            if self.text.startswith(symbol, self.position):
                self.position += len(symbol)
                self._skip()
                return symbol
        return ""

    def keyword(self, *words: str) -> str:
        """Read one of ``words``, in upper or lower case; the empty string if none is next."""
        found = self._peek(_WORD).lower()
        if found not in words:
            return ""
        self.position += len(found)
        self._skip()
        return found

    def value(self) -> tuple[str, bool]:
        """Read a word or a text in quotes; return it, and whether it was in quotes."""
        quoted = self.text[self.position : self.position + 1] in ("'", '"')
        found = self._read_quoted() if quoted else self._take(_WORD)
        if not quoted and not found:
            raise self.error('expected a value like 0.1, COMPLETED or "some string"')
        self._skip()
        return found, quoted

    def path(self, expected: str, may_be_quoted: bool = False) -> list[str]:
        """Read a dotted path without spaces; ``expected`` describes it in the error.

        Args:
            may_be_quoted: The first part may be in quotes, as others may always be.
        """
        is_quoted = may_be_quoted and self.text[self.position : self.position + 1] in ("'", '"')
        parts = [self._read_quoted() if is_quoted else self._take(_PART)]
        if not parts[0]:
            raise self.error(f"expected {expected}")
        while self.text[self.position : self.position + 1] in (".", "["):
            parts.append(self._next_part())
        self._skip()
        return parts

    def error(self, message: str, position: int | None = None) -> QueryError:
        """Return the error that shows the text with a mark below ``position``, by default here."""
        at = self.position if position is None else position
        start = self.text.rfind("\n", 0, at) + 1
        line = self.text[start:].partition("\n")[0].replace("\t", " ")
        error = QueryError(f"{message}\n  {line}\n  {' ' * (at - start)}^")
        error.position = at
        return error

    def _next_part(self) -> str:
        if self.text[self.position] == "[":
            position = _POSITION.match(self.text, self.position)
            if position is None:
                raise self.error("expected a position in a list, like [0]")
            self.position = position.end()
            return position[1]
        self.position += 1
        if self.text[self.position : self.position + 1] in ("'", '"'):
            return self._read_quoted()
        part = self._take(_PART)
        if not part:
            raise self.error("expected the name of an entry after the dot")
        return part

    def _read_quoted(self) -> str:
        found = _TEXT.match(self.text, self.position)
        if found is None:
            raise self.error("this quote is not closed")
        start = self.position + 1
        for escape in _ESCAPE.finditer(found[0]):
            if escape[1].isalnum() and escape[1] not in _ESCAPED:
                raise self.error(rf"expected \\ for a backslash: no {escape[0]}", start - 1)
        self.position = found.end()
        return _ESCAPE.sub(lambda e: _ESCAPED.get(e[1], e[1]), found[1] or found[2] or "")

    def _peek(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.position)
        return found[0] if found else ""

    def _take(self, pattern: re.Pattern[str]) -> str:
        found = self._peek(pattern)
        self.position += len(found)
        return found

    def _skip(self) -> None:
        self._take(_SPACE)


def value_of(spelling: str, kind: Kind, quoted: bool) -> Value:
    """Return what ``spelling``, without its quotes, means.

    Raises:
        ValueError: it is none of the kind; the message has what was expected.
    """
    if not quoted and spelling.lower() in RESERVED:
        raise ValueError(f"expected a value; as a string, {spelling!r} needs quotes")
    if kind == "time":
        return _time(spelling)
    if kind == "seconds":
        return _seconds(spelling)
    if kind == "id":
        return normalize_id(spelling)
    return spelling if quoted or kind in ("text", "list") else _plain(spelling)


def _plain(word: str) -> Value:
    if word.lower() in _WORDS:
        return _WORDS[word.lower()]
    return _number(word) if _NUMBER.fullmatch(word) else word


def _number(word: str) -> int | float:
    try:
        return int(word) if _WHOLE.fullmatch(word) else float(word)
    except ValueError:  # thousands of digits, which Python refuses
        raise ValueError("expected a number with fewer digits") from None


def _time(word: str) -> datetime | timedelta:
    try:
        if word.startswith("-") and _DURATION.fullmatch(word, 1):
            return timedelta(seconds=-round(_length(word[1:])))
        time = datetime.fromisoformat(word)
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ValueError(
            'expected a time like 2026-01-31, "2026-01-31 12:00" (UTC) or -2d (ago)'
        ) from None


def _seconds(word: str) -> int | float:
    if _DURATION.fullmatch(word):
        return _length(word)
    if _NUMBER.fullmatch(word):
        return _number(word)
    value = _WORDS.get(word.lower())
    if isinstance(value, float):
        return value
    raise ValueError("expected a duration like 90s, 5m, 2h or 3d")


def _length(word: str) -> int | float:
    return _number(word[:-1]) * _SECONDS[word[-1]]
