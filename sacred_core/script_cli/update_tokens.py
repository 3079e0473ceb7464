"""What stands after ``with``: values of entries, and names of configurations."""

import ast
import math
from collections.abc import Iterable
from typing import Any

from sacred_core.config.values import Spelled
from sacred_core.exceptions import UpdateError
from sacred_core.settings import SETTINGS

#: Numbers for which Python has no literal, as it prints them.
_NOT_FINITE = {"nan", "inf", "+inf", "-inf"}


def parsed_updates(tokens: Iterable[str]) -> tuple[dict[str, Any], list[str]]:
    """Return the values of ``key=value`` tokens by dotted path, and the other tokens, in order.

    A number that is not written as Python prints it is a `Spelled`.

    Raises:
        UpdateError: a token has no key, or holds a value that is no literal although
            ``SETTINGS.COMMAND_LINE.STRICT_PARSING`` asks for one.
    """
    updates: dict[str, Any] = {}
    named: list[str] = []
    for token in tokens:
        path, equals, text = (part.strip() for part in token.partition("="))
        if not equals:
            named.append(token)
            continue
        if not all(path.split(".")):
            raise UpdateError(f"{token!r} names no entry: write entry=value or group.entry=value")
        updates[path] = _value(text, token)
    return updates, named


def _value(text: str, token: str) -> Any:
    if text.lower() in _NOT_FINITE:
        return Spelled(float(text), text)
    try:
        value = ast.literal_eval(text)
        if type(value) not in (int, float) or repr(value) == text:
            return value
        # A number too large for a float would be infinity: then it is only a string.
        return Spelled(value, text) if math.isfinite(value) else text
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        if SETTINGS.COMMAND_LINE.STRICT_PARSING:
            raise UpdateError(
                f"{token!r}: {text!r} is no Python literal; texts need quotes of their own: "
                f"'{token.partition('=')[0]}=\"{text}\"'"
            ) from None
        return text
