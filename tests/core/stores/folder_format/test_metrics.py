"""Tests of the form of points."""

import io
import json
import math
import random
from array import array
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from sacred_core.stores.folder_format import (
    format_time,
    metric_lines,
    parse_metrics,
    read_merged,
    write_merged,
)
from sacred_core.stores.times import column_of_seconds


def merged(lines: bytes) -> Any:
    """Return what ``metrics.json`` contains."""
    out = io.BytesIO()
    write_merged(io.BytesIO(lines), out)
    return json.loads(out.getvalue())


def test_points_written_twice_count_once() -> None:
    """Points that are delivered twice are placed by their index."""
    first = {"loss": {"steps": [0, 1], "values": [3, 2], "timestamps": []}}
    second = {"loss": {"steps": [2], "values": [1], "timestamps": []}}
    lines = metric_lines(first, {"loss": 0}) * 2 + metric_lines(second, {"loss": 2})
    lines += b'{"name": "loss", "st'
    assert read_merged(io.BytesIO(lines))["loss"]["values"] == [3, 2, 1]
    assert merged(lines) == read_merged(io.BytesIO(lines))


def test_columns_are_joined_as_they_were_written() -> None:
    """Metrics of any name, in turns, empty parts, numbers that JSON lacks."""
    time = datetime(2026, 1, 1, 12, 0, 59, 999_999, UTC)
    names = ['a "b", [c]\n', "ü", ""]
    lines = b""
    for start in range(3):
        points = {"steps": [start], "values": [math.nan, 0.1, 7][start : start + 1]}
        times = {"timestamps": [time + timedelta(seconds=start)]}
        for name in names:
            lines += metric_lines({name: {**points, **times}}, {name: start})
    stored = merged(lines)
    assert stored == read_merged(io.BytesIO(lines))
    assert list(stored) == names
    assert stored["ü"] == {
        "steps": [0, 1, 2],
        "values": ["NaN", 0.1, 7],
        "timestamps": [f"2026-01-01T12:0{t}.999999" for t in ("0:59", "1:00", "1:01")],
    }


def test_times_without_a_zone_are_utc() -> None:
    """Times without a zone are UTC, as the format documents them; others are converted."""
    naive = datetime(2026, 1, 1, 12)
    east = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    lines = metric_lines(
        {"m": {"steps": [0, 1], "values": [0, 1], "timestamps": [naive, east]}}, {}
    )
    assert json.loads(lines.splitlines()[3]) == [
        "2026-01-01T12:00:00.000000",
        "2026-01-01T10:00:00.000000",
    ]


def test_stored_metrics_have_numbers_and_aware_times() -> None:
    """Numbers that JSON lacks, and times in UTC; what is not a time is None."""
    columns = {"steps": [0, 1], "values": ["NaN", 1.5], "timestamps": ["2026-01-01T12:00:00", "?"]}
    metric = parse_metrics({"loss": columns})["loss"]
    assert math.isnan(metric["values"][0]) and metric["values"][1:] == [1.5]
    assert metric["steps"] == [0, 1]
    assert metric["timestamps"] == [datetime(2026, 1, 1, 12, tzinfo=UTC), None]


def test_without_lines_there_are_no_metrics() -> None:
    """The file is an empty object, as Sacred writes it."""
    assert merged(b"") == {} == read_merged(io.BytesIO())


@pytest.mark.parametrize("damage", [{"loss": 1}, {"loss": {"steps": []}}, {"loss": {"steps": 1}}])
def test_metrics_of_another_form_are_refused(damage: Any) -> None:
    """A store reports the run as damaged."""
    with pytest.raises((KeyError, TypeError, AttributeError)):
        parse_metrics(damage)


@pytest.mark.parametrize("is_near", [True, False])
@pytest.mark.parametrize("is_sorted", [True, False])
def test_times_are_written_one_as_the_other(is_sorted: bool, is_near: bool) -> None:
    """Of many points in a second or one, in order or not, at the turn of a second and before 1970:
    each as `format_time` has it.
    """
    rng = random.Random(1)
    seconds = [1_767_225_600 + rng.random() * 3 for _ in range(500)]
    seconds += [1_767_225_609.9999999, 1_767_225_610.0, 1_767_225_700.25]
    seconds += [] if is_near else [-1.5, 4e9]
    times = column_of_seconds(array("d", sorted(seconds) if is_sorted else seconds))
    points = {"steps": [0] * len(times), "values": [0] * len(times)}
    expected = [format_time(time) for time in times]
    for column in (times, list(times)):
        lines = metric_lines({"m": {**points, "timestamps": column}}, {}).splitlines()
        assert json.loads(lines[3]) == expected
