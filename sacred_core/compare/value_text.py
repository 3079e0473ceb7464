"""Facts that differ as lines."""

from collections.abc import Sequence
from typing import Any

from sacred_core.compare.records import MISSING, Difference
from sacred_core.readable_numbers import format_value

_NO_NOTES = ("", "")


def value_lines(difference: Difference, notes: Sequence[str] = _NO_NOTES) -> list[str]:
    """Return a line for the value of each run that has one.

    Args:
        difference: What differs.
        notes: What follows the values of the two runs.
    """
    sides = zip("-+", (difference.first, difference.second), notes, strict=True)
    return [
        f"{sign} {difference.key} = {value_text(value)}{note}"
        for sign, value, note in sides
        if value is not MISSING
    ]


def value_text(value: Any) -> str:
    """Return a value as Python writes it, with all digits: 1, 1.0, True and '1' differ."""
    return format_value(value)
