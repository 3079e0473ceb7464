"""Tests of the segments of a run as plain data."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sacred_core.exceptions import DamagedRecordError
from sacred_core.serialization import from_json, to_json
from sacred_core.stores import Segment, StoredRun
from sacred_core.stores.segments import decode_segments, encode_segment

START = datetime(2026, 11, 30, 12, 0, 0, 123456, tzinfo=UTC)
FULL = Segment(
    start_time=START, stop_time=START + timedelta(seconds=90), status="DEAD",
    host={"hostname": "n1", "cpus": 4}, code="0" * 32, dependencies=["numpy==2.0"],
    repositories=[{"url": "u", "commit": "c", "dirty": True}], output=12,
    points={"loss": 3, "accuracy": 1}, group="job",
)  # fmt: skip


def test_segments_come_back() -> None:
    """All attributes pass through JSON without loss; what is empty is not stored."""
    stored = from_json(to_json([encode_segment(each) for each in (FULL, Segment())]))
    assert decode_segments(stored) == [FULL, Segment()]
    assert stored[1] == {}
    assert FULL.duration == timedelta(seconds=90)
    assert Segment(start_time=START).duration is None
    assert decode_segments(None) == []


@pytest.mark.parametrize(
    "stored",
    [
        7, [7], ["x"], [{"status": 1}], [{"output": True}], [{"output": -1}],
        [{"points": {"loss": "3"}}], [{"points": {"loss": -3}}], [{"start_time": "yesterday"}],
        [{"start_time": 3}], {"a": 1},
    ],
)  # fmt: skip
def test_damaged_segments_are_an_error(stored: Any) -> None:
    """What has another form is reported as damage of the run."""
    with pytest.raises(DamagedRecordError, match="a segment of the run is damaged"):
        decode_segments(stored)


def test_a_run_without_recorded_segments_has_one() -> None:
    """Records of earlier releases, and of Sacred, have a single segment."""
    run = StoredRun(
        id=1, status="COMPLETED", start_time=START, stop_time=FULL.stop_time,
        host={"hostname": "n1"}, experiment={"dependencies": ["numpy==2.0"]}, meta={"group": "job"},
    )  # fmt: skip
    (only,) = run.segments
    assert (only.start_time, only.stop_time, only.status) == (START, FULL.stop_time, "COMPLETED")
    assert (only.host, only.dependencies, only.group) == (run.host, ["numpy==2.0"], "job")
    assert (only.output, only.points) == (0, {})
    run.recorded_segments = [FULL, Segment(status="RUNNING")]
    assert run.segments == [FULL, Segment(status="RUNNING")]
