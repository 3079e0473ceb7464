"""The values of a sweep as strings: lists, ranges of integers and distributions."""

import difflib
import re
from collections.abc import Sequence
from typing import Any

from sacred_core.config.entries import Spelled
from sacred_core.exceptions import UpdateError
from sacred_core.script_cli.parsing import parse_value
from sacred_sweep.distributions import PARAMETERS, Distribution, new_distribution

_RANGE = re.compile(r"(-?\d+)\s*\.\.\s*(-?\d+)(?:\s*\.\.\s*(\d+))?")
_CALL = re.compile(r"(?P<name>[A-Za-z_]\w*)\s*\((?P<arguments>.*)\)", re.DOTALL)
_OPENING, _CLOSING = "([{", ")]}"


def split_items(text: str, token: str) -> list[str]:
    """Return what commas separate, except inside brackets and quotes; a comma may end the last.

    Args:
        text: Such as ``"1, [2, 3], 'a,b'"``.
        token: What it is a part of, for messages.

    Raises:
        UpdateError: a bracket or a quote is not closed, or nothing is between two commas.
    """
    parts, start, expected, quote = [], 0, "", ""
    for position, character in enumerate(text):
        if quote:
            quote = "" if character == quote and text[position - 1] != "\\" else quote
        elif character in "'\"":
            quote = character
        elif character in _OPENING:
            expected += _CLOSING[_OPENING.index(character)]
        elif character in _CLOSING:
            if not expected.endswith(character):
                raise UpdateError(f"{token!r}: {character!r} closes no bracket")
            expected = expected[:-1]
        elif character == "," and not expected:
            parts.append(text[start:position].strip())
            start = position + 1
    if expected or quote:
        raise UpdateError(f"{token!r}: {(expected or quote)[-1]!r} is missing")
    last = text[start:].strip()
    parts += [last] if last or not parts else []
    if len(parts) > 1 and "" in parts:
        raise UpdateError(f"{token!r} has nothing between two commas")
    return [part for part in parts if part]


def parse_axis(text: str, token: str) -> Sequence[Any] | Distribution | None:
    """Return the values that a string lists, or their distribution; None for a single value.

    Args:
        text: Like ``[1e-3,1e-2]``, ``1..8``, ``0..100..10`` or ``uniform(0, 1)``.
        token: The update that it is a part of, for messages.

    Raises:
        UpdateError: the list or the range is empty, or the distribution is wrong.
    """
    text = text.strip()
    if text.startswith("["):
        if not text.endswith("]"):
            raise UpdateError(f"{token!r}: ']' is missing: quote the whole word if it has spaces")
        values = [parse_value(item, token) for item in split_items(text[1:-1], token)]
        if not values:
            raise UpdateError(f"{token!r} has no values: write at least one, as in [1,2]")
        return values
    found = _RANGE.fullmatch(text)
    if found is not None:
        return _integers(token, *(None if part is None else int(part) for part in found.groups()))
    call = _CALL.fullmatch(text)
    if call is None:
        return None
    return _parse_distribution(call["name"], call["arguments"], text, token)


def _integers(token: str, first: Any, last: Any, step: Any) -> range:
    """Return the integers of a range; its last one is included."""
    if step == 0:
        raise UpdateError(f"{token!r}: the step of a range must be above 0")
    values = range(first, last + 1, step or 1)
    if not values:
        raise UpdateError(f"{token!r} has no values: write {last}..{first}")
    return values


def _parse_distribution(name: str, arguments: str, text: str, token: str) -> Distribution | None:
    """Return the distribution of a call, None if the string is only similar to one."""
    if name not in PARAMETERS:
        close = difflib.get_close_matches(name.lower(), PARAMETERS, 1)
        if not close:
            return None
        correct = text.replace(name, close[0], 1)
        raise UpdateError(
            f"{token!r}: unknown distribution {name!r}: did you mean {correct}? To set the entry "
            "to this string, use quotes inside the quotes"
        )
    return new_distribution(name, [_argument(item) for item in split_items(arguments, token)])


def _argument(text: str) -> Any:
    value = parse_value(text, text)
    return value.number if isinstance(value, Spelled) else value
