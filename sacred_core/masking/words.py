"""Which words a text contains, whatever their case.

Most text contains no secret, and `mask_text` is applied to all that a run prints. Therefore each
word is looked for once, in bytes, by C code, and a long text without one of the word's characters
is not searched for the word: that a character is missing is found 20 times as fast.
"""

import functools
from collections.abc import Callable

#: Shorter texts are searched at once.
_LONG = 4096
#: The letters that `str.lower` replaces with letters of ASCII, and `bytes.lower` does not.
_LOWERED_TO_ASCII = "\u0130\u212a"


class Words:
    """The words of one text.

    Attributes:
        text: The text.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._found = None if len(text) < _LONG else _Found(self.data)

    @property
    def contain(self) -> Callable[[str], bool]:
        """A function that returns whether the text contains a word, which is in lower case."""
        # Not an attribute: with the bound method in it, the text would stay in memory until the
        # cyclic garbage collector has examined all objects.
        return self.lowered.__contains__ if self._found is None else self._long_contains

    def may_contain(self, word: str) -> bool:
        """Return whether a long text has all characters of ``word``, which is in lower case."""
        return self._found is None or not word.isascii() or all(map(self._found.__getitem__, word))

    @functools.cached_property
    def lowered(self) -> str:
        """The text in lower case, with the same length."""
        return to_lower(self.text)

    @functools.cached_property
    def data(self) -> bytes:
        """The text in UTF-8, in lower case as far as it is ASCII."""
        # Of text that is not ASCII `bytes.lower` takes a fifth of the time of `str.lower`.
        is_simple = self.text.isascii() or not any(each in self.text for each in _LOWERED_TO_ASCII)
        text = self.text if is_simple else self.lowered
        return text.encode("utf-8", "replace").lower()

    def _long_contains(self, word: str) -> bool:
        if not word.isascii():
            return word in self.lowered
        assert self._found is not None
        return all(map(self._found.__getitem__, word)) and self._found[word]


class _Found(dict[str, bool]):
    """Whether some bytes contain a character or a word of ASCII; each is looked for once."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self._data = data

    def __missing__(self, word: str) -> bool:
        found = self[word] = word.encode() in self._data
        return found


def to_lower(text: str) -> str:
    """Return ``text`` in lower case, with the same length."""
    lowered = text.lower()
    # One letter has two in lower case.
    return lowered if len(lowered) == len(text) else text.replace("\u0130", "i").lower()
