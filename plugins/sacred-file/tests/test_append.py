"""Tests of files whose end is written again."""

import json
import math
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sacred_file.append import AppendFile, AppendText
from sacred_file.metrics import folded, metric_lines, write_folded


@pytest.mark.parametrize("filler", ["", "ä" * 70_000])
def test_text_is_replaced_from_a_character_on(tmp_path: Path, filler: str) -> None:
    """Offsets count characters, not bytes, near the end and far from it."""
    path = tmp_path / "cout.txt"
    text = AppendText(path)
    text.write("é" + filler, 0)
    text.write("one\n", 1 + len(filler))
    text.write("two\n", 5 + len(filler))
    text.write("2\n", 5 + len(filler))
    text.write("ü", 3 + len(filler))
    assert path.read_text(encoding="utf-8") == "é" + filler + "onü"
    text.write("all", 0)
    assert path.read_text(encoding="utf-8") == "all"


def test_what_a_failed_write_left_is_cut_off(tmp_path: Path) -> None:
    """After half a line that a full disk left, the next write starts where the last one ended."""
    path = tmp_path / "file"
    file = AppendFile(path)
    file.write(b"whole\n")
    with path.open("ab") as torn:
        torn.write(b"ha")
    file.write(b"half\n")
    assert path.read_bytes() == b"whole\nhalf\n"


def test_points_written_twice_count_once(tmp_path: Path) -> None:
    """Delivery is at least once: the index says where points belong."""
    path = tmp_path / "metrics.jsonl"
    first = {"loss": {"steps": [0, 1], "values": [3, 2], "timestamps": []}}
    second = {"loss": {"steps": [2], "values": [1], "timestamps": []}}
    lines = metric_lines(first, {"loss": 0}) * 2 + metric_lines(second, {"loss": 2})
    path.write_bytes(lines + b'{"name": "loss", "st')
    assert folded(path)["loss"]["values"] == [3, 2, 1]
    write_folded(path, tmp_path / "metrics.json")
    assert json.loads((tmp_path / "metrics.json").read_text()) == folded(path)


def test_columns_are_joined_as_they_were_written(tmp_path: Path) -> None:
    """Metrics of any name, in turns, empty parts, numbers that JSON lacks."""
    path = tmp_path / "metrics.jsonl"
    time = datetime(2026, 1, 1, 12, 0, 59, 999_999, UTC)
    names = ['a "b", [c]\n', "ü", ""]
    for start in range(3):
        points = {"steps": [start], "values": [math.nan, 0.1, 7][start : start + 1]}
        times = {"timestamps": [time + timedelta(seconds=start)]}
        with path.open("ab") as file:
            for name in names:
                file.write(metric_lines({name: {**points, **times}}, {name: start}))
    write_folded(path, tmp_path / "metrics.json")
    stored = json.loads((tmp_path / "metrics.json").read_text())
    assert stored == folded(path)
    assert list(stored) == names
    assert stored["ü"] == {
        "steps": [0, 1, 2],
        "values": ["NaN", 0.1, 7],
        "timestamps": [f"2026-01-01T12:0{t}.999999" for t in ("0:59", "1:00", "1:01")],
    }


def test_times_without_a_zone_are_utc() -> None:
    """As the format documents them; others are converted."""
    naive = datetime(2026, 1, 1, 12)
    east = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    lines = metric_lines(
        {"m": {"steps": [0, 1], "values": [0, 1], "timestamps": [naive, east]}}, {}
    )
    assert json.loads(lines.splitlines()[3]) == [
        "2026-01-01T12:00:00.000000",
        "2026-01-01T10:00:00.000000",
    ]
