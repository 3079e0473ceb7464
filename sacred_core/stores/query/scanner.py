"""Goes through the text of a query, word by word, and points at what is wrong."""

import re

from sacred_core.exceptions import QueryError

_SPACE = re.compile(r"\s*")
_WORD = re.compile(r"""[^\s"'()\[\],=<>!~]+""")
_PART = re.compile(r"""[^\s"'()\[\],=<>!~.]+""")
_POSITION = re.compile(r"\[\s*(-?[0-9]+)\s*\]")
_TEXT = re.compile(r""""((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'""", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}


class Scanner:
    """A text and how far it was read: `position` is where the next word starts."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self._skip()

    @property
    def at_end(self) -> bool:
        """Tell whether everything was read."""
        return self.position == len(self.text)

    def symbol(self, *symbols: str) -> str:
        """Read the first of ``symbols`` that stands here; the empty text if none does."""
        for symbol in symbols:
            if self.text.startswith(symbol, self.position):
                self.position += len(symbol)
                self._skip()
                return symbol
        return ""

    def keyword(self, *words: str) -> str:
        """Read one of ``words``, in upper or lower case; the empty text if none stands here."""
        found = self._peek(_WORD).lower()
        if found not in words:
            return ""
        self.position += len(found)
        self._skip()
        return found

    def value(self) -> tuple[str, bool]:
        """Read a word or a text in quotes; return it, and whether it was in quotes."""
        quoted = self.text[self.position : self.position + 1] in ("'", '"')
        found = self._quoted() if quoted else self._take(_WORD)
        if not quoted and not found:
            raise self.error('expected a value like 0.1, COMPLETED or "some text"')
        self._skip()
        return found, quoted

    def path(self) -> list[str]:
        """Read a dotted path; there is no space in it."""
        parts = [self._take(_PART)]
        if not parts[0]:
            raise self.error("expected a condition like config.lr < 0.1")
        while self.text[self.position : self.position + 1] in (".", "["):
            parts.append(self._next_part())
        self._skip()
        return parts

    def error(self, message: str, position: int | None = None) -> QueryError:
        """Return the error that shows the text with a mark below ``position``, by default here."""
        at = self.position if position is None else position
        start = self.text.rfind("\n", 0, at) + 1
        line = self.text[start:].partition("\n")[0].replace("\t", " ")
        return QueryError(f"{message}\n  {line}\n  {' ' * (at - start)}^")

    def _next_part(self) -> str:
        if self.text[self.position] == "[":
            position = _POSITION.match(self.text, self.position)
            if position is None:
                raise self.error("expected a position in a list, like [0]")
            self.position = position.end()
            return position[1]
        self.position += 1
        if self.text[self.position : self.position + 1] in ("'", '"'):
            return self._quoted()
        part = self._take(_PART)
        if not part:
            raise self.error("expected the name of an entry after the dot")
        return part

    def _quoted(self) -> str:
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
