"""Folders that hold no run, or a damaged one, are named instead of shown as empty rows."""

import json
from pathlib import Path

import pytest
from sacred_file import FileStore

from sacred_core.exceptions import StoreError

RUN = {"status": "COMPLETED", "experiment": {"name": "x"}, "start_time": "2026-01-01T00:00:00"}


def write(folder: Path, content: object, name: str = "run.json") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(content if isinstance(content, str) else json.dumps(content))


def test_damaged_records_are_listed_and_foreign_ones_skipped(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A damaged one has its reason; those of other programs are counted and named."""
    write(tmp_path / "1", RUN)
    write(tmp_path / "2", {"hello": 1})
    write(tmp_path / "3", [1, 2])
    write(tmp_path / "4", "{")
    write(tmp_path / "5", "")
    write(tmp_path / "6", {**RUN, "resources": [1]})
    write(tmp_path / "7", RUN)
    write(tmp_path / "7", [], "config.json")
    (tmp_path / "8" / "run.json").mkdir(parents=True)
    write(tmp_path / "9", {}, "config.json")  # of no run
    store = FileStore(tmp_path)
    found = {run.id: run.damage for run in store.list()}
    assert list(found) == [1, 3, 4, 5, 6, 7, 8] and found.pop(1) is None
    for number, reason in (
        (3, "3/run.json' is damaged: it is not an object (list)"),
        (4, "4/run.json' is not valid JSON"),
        (5, "5/run.json' is not valid JSON"),
        (6, "resources is not a list of pairs (int)"),
        (7, "config is not an object (list)"),
        (8, "8/run.json' cannot be read: Is a directory"),
    ):
        assert reason in str(found[number])
        assert store.get(number).damage == found[number]
    (foreign,) = caplog.messages
    assert foreign.startswith("Skipping 1 record of other programs (2): ")
    assert "2/run.json' is not the record of a run" in foreign
    with pytest.raises(StoreError):
        store.get(2)


def test_an_empty_folder_has_no_hint(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """An empty folder has no hint, nor one whose only runs are damaged, which are named."""
    (tmp_path / "other").mkdir()
    assert list(FileStore(tmp_path).list()) == [] and caplog.messages == []
