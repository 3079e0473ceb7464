"""Facts that differ as lines."""

from collections.abc import Iterator, Sequence
from typing import Any

from sacred_core import readable_numbers
from sacred_core.compare.records import MISSING, Difference
from sacred_core.compare.text_diff import split_lines, unified_diff
from sacred_core.plurals import counted
from sacred_core.readable_numbers import format_value
from sacred_core.serialization import plain

_NO_NOTES = ("", "")
#: Characters of a value that is shown in full, and characters around the first that differs.
_LONGEST, _AROUND = 200, 60
#: Items of long lists that are shown.
_MOST_ITEMS = 10


def value_lines(difference: Difference, notes: Sequence[str] = _NO_NOTES) -> list[str]:
    """Return a line for the value of each run that has one; more or less of a long value.

    Args:
        difference: What differs.
        notes: What follows the values of the two runs.
    """
    key, values = difference.key, (difference.first, difference.second)
    texts = ["" if value is MISSING else value_text(value) for value in values]
    if MISSING not in values and max(map(len, texts)) > _LONGEST:
        if all(isinstance(value, list) for value in values):
            return [*_item_lines(key, *values, notes)]
        if all(isinstance(value, str) and "\n" in value for value in values):
            lines = unified_diff(split_lines(values[0]), split_lines(values[1]))
            return [f"{key}:", *lines]
        texts = [*_around_difference(*texts)]
    sides = zip("-+", values, texts, notes, strict=True)
    return [
        f"{sign} {key} = {_shortened(text)}{note}"
        for sign, value, text, note in sides
        if value is not MISSING
    ]


def value_text(value: Any, digits: int | None = None) -> str:
    """Return a value as Python writes it: 1, 1.0, True and '1' differ.

    Args:
        value: Anything.
        digits: Significant digits of floats; None for all.
    """
    own = plain(value)
    return format_value(own) if digits is None else readable_numbers.value_text(own, digits)


def _item_lines(
    key: str, first: Sequence[Any], second: Sequence[Any], notes: Sequence[str]
) -> Iterator[str]:
    sizes = [counted(len(items), "item") for items in (first, second)]
    for sign, size, note in zip("-+", sizes, notes, strict=True):
        yield f"{sign} {key}: {size}{note}"
    items = [[value_text(item) for item in own] for own in (first, second)]
    differing = [
        position
        for position in range(max(map(len, items)))
        if items[0][position : position + 1] != items[1][position : position + 1]
    ]
    for position in differing[:_MOST_ITEMS]:
        for sign, own in zip("-+", items, strict=True):
            for text in own[position : position + 1]:
                yield f"{sign} {key}.{position} = {_shortened(text)}"
    if len(differing) > _MOST_ITEMS:
        yield f"  {counted(len(differing) - _MOST_ITEMS, 'more item')} differ"


def _around_difference(first: str, second: str) -> Iterator[str]:
    """Yield the parts of two texts around the first character that differs."""
    pairs = enumerate(zip(first, second, strict=False))
    start = next((n for n, (one, other) in pairs if one != other), min(len(first), len(second)))
    begin = max(start - _AROUND, 0)
    for text in (first, second):
        part = text[begin : start + _AROUND]
        yield f"{'…' if begin else ''}{part}{'…' if start + _AROUND < len(text) else ''}"


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
