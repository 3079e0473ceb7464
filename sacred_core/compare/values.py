"""Two values in one line."""

from collections.abc import Iterator, Sequence
from typing import Any

from sacred_core.compare.records import MISSING
from sacred_core.compare.value_text import value_text

#: Characters of a value that are shown.
LONGEST = 60
#: Characters before the first difference, where this is not among them.
_BEFORE = 15
#: Items of a list, and names, that are shown.
_POSITIONS, _MOST_NAMES = 3, 4


def pair_text(first: Any, second: Any, has_quotes: bool = True) -> str:
    """Return ``0.1 → 0.2``, or which run has a value where the other one has none.

    Args:
        first, second: The values; `MISSING` where a run has none.
        has_quotes: Strings have quotation marks, so that they differ from other values.
    """
    pair = first, second
    texts = [
        each if isinstance(each, str) and not has_quotes else value_text(each) for each in pair
    ]
    if first is MISSING or second is MISSING:
        number, text = ("second", texts[1]) if first is MISSING else ("first", texts[0])
        return f"only in the {number} run: {cut(text)}"
    if max(map(len, texts)) > LONGEST and isinstance(first, list) and isinstance(second, list):
        parts = [*_items(first, second)]
        if len(first) == len(second) and 0 < len(parts) <= _POSITIONS:
            return ", ".join(parts)
    return " → ".join(cut_pair(*texts))


def cut_pair(first: str, second: str) -> tuple[str, str]:
    """Return two strings, shortened so that the first difference is seen."""
    if max(len(first), len(second)) <= LONGEST:
        return first, second
    pairs = enumerate(zip(first, second, strict=False))
    start = next((place for place, (one, other) in pairs if one != other), 0)
    begin = max(start - _BEFORE, 0) if start > LONGEST - _BEFORE else 0
    return cut(first, begin), cut(second, begin)


def cut(text: str, begin: int = 0) -> str:
    """Return the beginning of a string, or a part of it."""
    end = begin + LONGEST
    return f"{'…' if begin else ''}{text[begin:end]}{'…' if len(text) > end else ''}"


def _items(first: list[Any], second: list[Any]) -> Iterator[str]:
    for position, pair in enumerate(zip(first, second, strict=False)):
        texts = [*map(value_text, pair)]
        if texts[0] != texts[1]:
            yield f"item {position}: {' → '.join(cut_pair(*texts))}"


def listed(names: Sequence[str]) -> str:
    """Return names on a line, the first ones of many."""
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more
