"""Time limits, as Slurm writes them."""

import re

_UNLIMITED = ("UNLIMITED", "INFINITE")
_LIMIT = re.compile(r"(?:(\d+)-)?(\d+)(?::(\d+))?(?::(\d+))?")


def read_time(text: str) -> str:
    """Return a time limit as it is given.

    Raises:
        ValueError: Slurm does not read it.
    """
    if text.upper() not in _UNLIMITED and not (to_minutes(text) or 0) > 0:
        raise ValueError("minutes, HOURS:MINUTES:SECONDS or DAYS-HOURS[:MINUTES[:SECONDS]]")
    return text


def to_minutes(limit: str) -> int | None:
    """Return the minutes of a time limit, rounded up; None if there is no limit, or it is wrong."""
    found = _LIMIT.fullmatch(limit)
    if found is None:
        return None
    days, first, second, third = (int(each) if each else None for each in found.groups())
    if days is not None or third is not None:
        hours, minutes, seconds = first, second, third
    else:
        hours, minutes, seconds = 0, first, second
    total = ((days or 0) * 24 + (hours or 0)) * 3600 + (minutes or 0) * 60 + (seconds or 0)
    return -(-total // 60)
