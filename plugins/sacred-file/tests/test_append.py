"""Tests of files whose end is written again."""

from pathlib import Path

import pytest
from sacred_file.append import AppendFile, AppendText
from sacred_file.metrics import folded, metric_lines


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
