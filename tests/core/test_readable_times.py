"""Tests of times, ages and durations as people read them."""

from datetime import UTC, datetime, timedelta

import pytest

from sacred_core.readable_times import age_text, duration_text, relative_text, time_text

NOW = datetime(2026, 11, 29, 17, 3, 4, 500, UTC)


@pytest.mark.parametrize(
    ("seconds", "age", "relative"),
    [
        (0, "0s", "0 s ago"), (59.9, "59s", "59 s ago"), (60, "1m", "1 min ago"),
        (3_599, "59m", "59 min ago"), (3_600, "1h", "1 h ago"), (86_399, "23h", "23 h ago"),
        (86_400, "1d", "1 d ago"), (90 * 86_400, "90d", "90 d ago"), (-5, "-5s", "in 5 s"),
        (-3_601, "-1h", "in 1 h"), (-0.5, "0s", "in 0 s"),
    ],
)  # fmt: skip
def test_ages(seconds: float, age: str, relative: str) -> None:
    """An age has one unit; a time in the future is told from one in the past."""
    assert age_text(timedelta(seconds=seconds)) == age
    assert relative_text(timedelta(seconds=seconds)) == relative


def test_a_time_has_its_age_beside_it() -> None:
    """The time is in UTC, to the second; without the present there is no age."""
    time = datetime(2026, 11, 29, 14, 3, 4, 999, UTC)
    assert time_text(time, NOW) == "2026-11-29 14:03:04 UTC (2 h ago)"
    assert time_text(time) == "2026-11-29 14:03:04 UTC"
    assert time_text(datetime(1, 1, 1, tzinfo=UTC)) == "0001-01-01 00:00:00 UTC"
    assert time_text(None) == time_text(None, NOW) == ""


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.44, "0.4s"), (59.94, "59.9s"), (59.96, "0:01:00"), (3_723.4, "1:02:03"), (None, "")],
)
def test_durations(seconds: float | None, text: str) -> None:
    """Below a minute a duration has tenths of seconds, else hours, minutes and seconds."""
    assert duration_text(None if seconds is None else timedelta(seconds=seconds)) == text
