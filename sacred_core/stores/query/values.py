"""From the spelling of a value to the value, as the kind of its field takes it."""

import math
import re
from datetime import UTC, datetime, timedelta

from sacred_core.stores.query.fields import Kind
from sacred_core.stores.query.nodes import Value
from sacred_core.stores.run_ids import normalize_id

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


def value_of(spelling: str, kind: Kind, quoted: bool) -> Value:
    """Return what ``spelling``, without its quotes, stands for.

    Raises:
        ValueError: it is none of the kind; the message says what was expected.
    """
    if not quoted and spelling.lower() in RESERVED:
        raise ValueError(f"expected a value; as a text, {spelling!r} needs quotes")
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
