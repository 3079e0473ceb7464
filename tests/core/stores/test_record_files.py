"""Tests of files in which a run is recorded."""

import json
import os
from pathlib import Path

import pytest

from sacred_core.exceptions import StoreError
from sacred_core.stores.record_files import (
    AppendFile,
    AppendText,
    append_bytes,
    merge_metric_lines,
    read_columns,
    read_json,
    replace_output,
)


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
    assert file.size == AppendFile(path).size == 11


def test_a_lone_surrogate_in_the_output_is_escaped(tmp_path: Path) -> None:
    """It has no form in UTF-8."""
    replace_output(tmp_path / "cout.txt", "a much longer string")
    replace_output(tmp_path / "cout.txt", "\ud800 ä")
    assert (tmp_path / "cout.txt").read_bytes() == b"\\ud800 \xc3\xa4"


def test_json_is_read_as_sacred_writes_it(tmp_path: Path) -> None:
    """Tags of jsonpickle are plain data; a file of points is read without a look at them."""
    path = tmp_path / "run.json"
    path.write_text('{"a": {"py/tuple": [1, 2]}}')
    assert read_json(path) == {"a": [1, 2]}
    assert read_columns(path) == {"a": {"py/tuple": [1, 2]}}
    assert read_json(path, parse=len) == 27


def test_a_missing_file_has_the_default(tmp_path: Path) -> None:
    """A missing file has the default, also where the folder above it is missing, or is a file."""
    (tmp_path / "file").touch()
    for path in ("missing", "missing/below", "file/below"):
        assert read_json(tmp_path / path, "default") == "default"
        assert read_columns(tmp_path / path) is None


def test_invalid_json_is_an_error_with_the_path(tmp_path: Path) -> None:
    """A file that was cut off, and one that is larger than any record."""
    path = tmp_path / "run.json"
    path.write_text('{"status": "COMP')
    for read in (read_json, read_columns):
        with pytest.raises(ValueError, match=r"run\.json' is not valid JSON"):
            read(path)
    os.truncate(path, 2**30 + 1)
    with pytest.raises(ValueError, match="is too large for a record: 1073741825 bytes"):
        read_json(path)


def test_lines_are_appended_once_and_not_through_a_link(tmp_path: Path) -> None:
    """A hard link, as backups make it, does not change; a symbolic one is refused."""
    path, backup, link = tmp_path / "lines", tmp_path / "backup", tmp_path / "link"
    append_bytes(path, b"one\n")
    append_bytes(path, b"two\n")
    backup.hardlink_to(path)
    append_bytes(path, b"three\n")
    assert (path.read_bytes(), backup.read_bytes()) == (b"one\ntwo\nthree\n", b"one\ntwo\n")
    link.symlink_to(path)
    with pytest.raises(StoreError, match="link': it is a link"):
        append_bytes(link, b"four\n")


def test_metrics_are_merged_in_one_step(tmp_path: Path) -> None:
    """Without lines there are none; where merging fails an earlier file stays."""
    lines, target = tmp_path / "metrics.jsonl", tmp_path / "metrics.json"
    merge_metric_lines(lines, target)
    assert target.read_text() == "{}\n"
    assert json.loads((tmp_path / "metrics.index.json").read_text()) == {"size": 3, "metrics": {}}
    lines.write_text('{"name": "loss", "start": 0, "count": 1}\n[0]\n[0.5]\n["t"]\n')
    merge_metric_lines(lines, target)
    expected = {"loss": {"steps": [0], "values": [0.5], "timestamps": ["t"]}}
    assert json.loads(target.read_text()) == expected
    lines.write_text("damaged\n\n\n\n")
    with pytest.raises(ValueError, match="Expecting value"):
        merge_metric_lines(lines, target)
    assert json.loads(target.read_text()) == expected
    names = ["metrics.index.json", "metrics.json", "metrics.jsonl"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names


def test_a_file_that_was_removed_begins_anew(tmp_path: Path) -> None:
    """There is no hole where the content was that another process removed."""
    path = tmp_path / "file"
    file = AppendFile(path)
    file.write(b"first\n")
    path.unlink()
    file.write(b"second\n")
    assert path.read_bytes() == b"second\n"
    assert file.size == 7
