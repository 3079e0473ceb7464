"""Tests of columns of times."""

import random
from array import array
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from sacred_core.stores.folder_format import parse_time
from sacred_core.stores.times import (
    TimeColumn,
    column_of_seconds,
    time_of_seconds,
    to_microseconds,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
TIMES = [START + timedelta(seconds=n, microseconds=n) for n in range(5)]


def column(loads: list[None], stored: list[Any] | None = None) -> TimeColumn:
    texts = stored or [time.isoformat() for time in TIMES]

    def load() -> list[Any]:
        loads.append(None)
        return texts

    return TimeColumn(len(texts), load, parse_time)


def test_a_column_is_a_list_of_times() -> None:
    """Length, items, slices, order and equality are those of the list of its times."""
    times = column([])
    assert (len(times), times[0], times[-1]) == (5, TIMES[0], TIMES[-1])
    assert list(times) == TIMES
    assert times == TIMES and times == TIMES
    assert times != TIMES[:4] and times != [*TIMES[:4], START]
    assert times[1:4] == TIMES[1:4] and len(times[::2]) == 3
    assert times[1:4] == column([])[1:4]
    assert times.index(TIMES[2]) == 2 and TIMES[3] in times
    assert repr(times) == repr(TIMES)
    assert times != 3


def test_what_is_stored_is_loaded_once_and_late() -> None:
    """The length needs no load, and a second use none either."""
    loads: list[None] = []
    times = column(loads)
    assert len(times) == 5 and len(times[2:]) == 3 and not loads
    assert times[0] == TIMES[0] and list(times) == TIMES
    assert len(loads) == 1
    assert times.stored[0] == TIMES[0].isoformat()


def test_what_is_not_a_time_is_none() -> None:
    """A damaged time affects no other one."""
    assert list(column([], ["2026-01-01T00:00:00", "x", 3])) == [START, None, None]


@pytest.mark.parametrize("seconds", ["x", None, 1e300, float("nan")])
def test_times_of_seconds(seconds: Any) -> None:
    """Seconds since 1970 become a time; what is no number of seconds is None."""
    assert time_of_seconds(1_767_225_600.5) == START + timedelta(seconds=0.5)
    assert time_of_seconds(seconds) is None


def in_microseconds(times: Any) -> list[int]:
    base, offsets = to_microseconds(times)
    return [base * 1_000_000 + each for each in offsets]


def test_microseconds_are_those_of_the_times() -> None:
    """Of seconds, rounded as the standard library rounds them, ties and any order included."""
    rng = random.Random(1)
    ties = [1_767_225_600 + n / 2**22 for n in range(32_768, 2**22, 65_536)]
    day = [1_767_225_600 + rng.random() * 86_000 for _ in range(1_000)]
    offset = int(START.timestamp()) * 1_000_000
    for seconds in (ties, day, [rng.uniform(-1e9, 4e9) for _ in range(1_000)], [0.9999999, -0.5]):
        times = column_of_seconds(array("d", seconds))
        expected = [(time - START) // timedelta(microseconds=1) + offset for time in times]
        assert in_microseconds(times) == expected == in_microseconds(list(times))
    assert in_microseconds(column_of_seconds(array("d"))) == [] == in_microseconds([])


def test_microseconds_of_times_of_any_zone() -> None:
    """Without a zone it is UTC; stored strings are parsed."""
    east = START.astimezone(timezone(timedelta(hours=2)))
    start = int(START.timestamp()) * 1_000_000
    assert in_microseconds([START, START.replace(tzinfo=None), east]) == [start] * 3
    assert in_microseconds(column([]))[:2] == [start, start + 1_000_001]
