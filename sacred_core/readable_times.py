"""Times, ages and durations as people read them."""

from datetime import datetime, timedelta

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def time_text(time: datetime | None, now: datetime | None = None) -> str:
    """Return a time in UTC to the second; empty if it is not known.

    Args:
        time: Aware, in UTC.
        now: The present; if it is given, the age follows: ``(3 h ago)``.
    """
    if time is None:
        return ""
    # Not `strftime`, which writes years before 1000 without zeros.
    text = f"{time.replace(tzinfo=None).isoformat(' ', 'seconds')} UTC"
    return text if now is None else f"{text} ({relative_text(now - time)})"


def relative_text(age: timedelta) -> str:
    """Return how long ago something was, in its largest unit: ``3 h ago``, ``in 5 min``."""
    count, unit = _largest_unit(age)
    return f"in {count} {unit}" if age < timedelta(0) else f"{count} {unit} ago"


def age_text(age: timedelta) -> str:
    """Return an age in its largest unit, for a narrow column: ``45s``, ``3m``, ``2h``, ``12d``."""
    count, unit = _largest_unit(age)
    return f"{'-' if age < timedelta(0) and count else ''}{count}{unit[0]}"


def duration_text(duration: timedelta | None) -> str:
    """Return a duration: ``0.4s`` below a minute, else ``1:02:03``; empty if it is not known."""
    if duration is None:
        return ""
    seconds = duration.total_seconds()
    return f"{seconds:.1f}s" if abs(seconds) < 59.95 else str(timedelta(seconds=round(seconds)))


def _largest_unit(age: timedelta) -> tuple[int, str]:
    seconds = int(abs(age.total_seconds()))
    return next(
        ((seconds // size, unit) for size, unit in _UNITS if seconds >= size), (seconds, "s")
    )
